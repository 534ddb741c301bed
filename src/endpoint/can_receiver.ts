/**
 * The manners of everything that receives.
 *
 * @module
 */

import type { Endpoint } from "./endpoint.ts";
import type { Source } from "./source.ts";
import { promised } from "./turn.ts";
import type { WaitOptions } from "./wait_queue.ts";

type Receiving<In> = Omit<Endpoint<Source<In>, In>, "writer" | "writable">;

const FOR_EVER: WaitOptions = {};

/**
 * Something that receives from a CAN interface: blocking, asynchronously, by iteration, as a stream.
 *
 * Every `timeout` is in seconds: absent or null waits for ever, 0 does not wait. A negative one is a RangeError.
 */
export abstract class CanReceiver<In> implements Iterable<In>, AsyncIterable<In>, Disposable, AsyncDisposable {
  /** The interface's name; `""` is every CAN interface. */
  readonly channel: string;
  readonly #endpoint: Receiving<In>;

  /** @ignore */
  protected constructor(endpoint: Receiving<In>) {
    this.channel = endpoint.owner.channel;
    this.#endpoint = endpoint;
  }

  /**
   * The next message, or null when the time is over.
   *
   * The whole thread waits: nothing else of the script runs meanwhile, signal handlers neither. `recvAsync` and
   * `for await` let it go on.
   *
   * @param timeout Seconds; absent or null: for ever; 0: do not wait.
   * @throws {CanOperationError} The interface is down (`ENETDOWN`, once; it works again when it is up) or gone (`ENODEV`,
   * after what had come, and then each time; a new one has to be opened), or this was closed (`EBADF`). On a virtual bus,
   * waiting for ever is `EDEADLK`.
   */
  recv(timeout?: number | null): In | null {
    this.#endpoint.assertOpen("receive from");
    return this.#endpoint.reader.recv(timeout);
  }

  /**
   * Up to `max` messages: waits as `recv` does for the first, then takes what is there.
   *
   * @param max 1 or more.
   * @param timeout Seconds; absent or null: for ever; 0: do not wait.
   * @returns Empty when the time is over.
   * @throws {CanOperationError} As `recv`. Messages that came before the error are returned first, and it is thrown by
   * the next call.
   */
  recvMany(max: number, timeout?: number | null): In[] {
    this.#endpoint.assertOpen("receive from");
    return this.#endpoint.reader.recvMany(max, timeout);
  }

  /**
   * The next message, while the event loop goes on; null when the time is over. Several may be pending: they are served
   * in order, though a blocking `recv` meanwhile comes first. A pending one keeps the process alive, unless `unref` was
   * called or the bus is virtual, where only this process could end the wait.
   *
   * @throws {CanOperationError} As `recv`; `close` rejects all that are pending, with code `EBADF`.
   * @throws The signal's reason when it is aborted; no message is lost then.
   */
  recvAsync(options: WaitOptions = {}): Promise<In | null> {
    return promised(() => {
      this.#endpoint.assertOpen("receive from");
      return this.#endpoint.reader.next(options);
    });
  }

  /** Messages without end, blocking; ends when this is closed. Errors are thrown as by `recv`. */
  [Symbol.iterator](): IterableIterator<In, undefined> {
    const iterator: IterableIterator<In, undefined> = {
      next: () => step(this.closed ? null : this.recv()),
      [Symbol.iterator]: () => iterator,
    };
    return iterator;
  }

  /** Messages without end, while the event loop goes on; ends when this is closed. Errors are thrown as by `recv`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<In, undefined> {
    const endpoint = this.#endpoint;
    const iterator: AsyncIterableIterator<In, undefined> = {
      next: () =>
        promised(() => {
          if (endpoint.closed) return step<In>(null);
          const next = endpoint.reader.next(FOR_EVER);
          if (!(next instanceof Promise)) return step(next);
          return next.then(step<In>, (error) => {
            if (endpoint.closed) return step<In>(null);
            throw error;
          });
        }),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /**
   * The messages as a Web Stream. It takes from the socket what somebody reads from it and nothing ahead, so that what is
   * left unread at a cancellation stays there. (What reads from it may read ahead: `tee` and `pipeThrough` by one
   * message.)
   *
   * It ends when this is closed, and fails with the error that `recv` would throw. The same object each time, until it
   * has ended, failed or been cancelled: then a new one. A message that comes after `releaseLock` during a read waits in
   * the stream for its next reader.
   *
   * @example
   * ```ts
   * import { Bus, Message } from "@socketcan/bus";
   *
   * using from = new Bus({ channel: "one side", interface: "virtual" });
   * using to = new Bus({ channel: "other side", interface: "virtual" });
   * using sender = new Bus({ channel: "one side", interface: "virtual" });
   * using listener = new Bus({ channel: "other side", interface: "virtual" });
   * const bridge = from.readable.pipeTo(to.writable);
   * sender.send(new Message({ arbitrationId: 0x123, isExtendedId: false }));
   * console.log(`${await listener.recvAsync()}`);
   * from.close(); // ends the bridge
   * await bridge;
   * ```
   */
  get readable(): ReadableStream<In> {
    return this.#endpoint.readable.current.stream;
  }

  /** How many frames were lost because the receive buffer was full, as the kernel counts them. */
  get droppedFrames(): number {
    this.#endpoint.assertOpen("read droppedFrames of");
    return this.#endpoint.socket.droppedFrames;
  }

  /** Bytes of the receive buffer, as granted: the kernel doubles what is asked for, to allow for its own needs. */
  get receiveBuffer(): number {
    this.#endpoint.assertOpen("read receiveBuffer of");
    return this.#endpoint.socket.receiveBuffer;
  }

  /**
   * The socket's descriptor, for `poll` or options that this library does not know. Frames that were read ahead (up to
   * 64) are not seen there.
   *
   * @throws {CanOperationError} This was closed, or is virtual.
   */
  get fd(): number {
    this.#endpoint.assertOpen("take the descriptor of");
    return this.#endpoint.socket.fd;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#endpoint.closed;
  }

  /** A pending asynchronous wait keeps the process alive: the default. */
  ref(): this {
    this.#endpoint.keepAlive = true;
    return this;
  }

  /** A pending asynchronous wait does not keep the process alive. In Deno it may then end up to 10 ms late. */
  unref(): this {
    this.#endpoint.keepAlive = false;
    return this;
  }

  /** Closes the socket and rejects every pending wait. A second call does nothing. */
  close(): void {
    this.#endpoint.close();
  }

  /** Closes at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return promised(() => this.close());
  }
}

function step<In>(message: In | null): IteratorResult<In, undefined> {
  return message === null ? { value: undefined, done: true } : { value: message, done: false };
}
