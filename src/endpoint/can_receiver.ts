/**
 * The receiving interface that every socket class shares.
 *
 * @module
 */

import { checkNames, checkSignal } from "../check.ts";
import { watchObject } from "./abandoned.ts";
import type { Endpoint } from "./endpoint.ts";
import { registerSocket } from "./open_sockets.ts";
import type { SignalOptions } from "./options.ts";
import type { Source } from "./source.ts";
import { ReadableSide, StreamOf } from "./streams.ts";
import { promised } from "./turn.ts";
import type { WaitOptions } from "./wait_queue.ts";

type Receiving<In> = Omit<Endpoint<Source<In>, In>, "writer" | "writable">;

const FOREVER: WaitOptions = {};

/**
 * The base class of every socket: receives from a CAN interface by blocking calls, promises, iteration or a stream.
 *
 * A `timeout` is in seconds. Absent or null waits forever, 0 does not wait, a negative number or NaN is a RangeError.
 *
 * Close a socket with `close`, or declare it with `using`. A socket that is garbage-collected unclosed is closed then, some
 * time later, and its logger is warned, or the console if it has none. That never happens while a wait, an iteration, a
 * stream, a feed or a periodic task uses it.
 *
 * @category Bus
 */
export abstract class CanReceiver<In> implements Iterable<In>, AsyncIterable<In>, Disposable, AsyncDisposable {
  /** The name of the interface, such as `"can0"`; `""` for a socket that is bound to every CAN interface. */
  readonly channel: string;
  readonly #endpoint: Receiving<In>;
  readonly #readable: StreamOf<ReadableSide<In>>;
  readonly #unregister: () => void;

  /** @ignore */
  protected constructor(endpoint: Receiving<In>) {
    this.channel = endpoint.owner.channel;
    this.#endpoint = endpoint;
    this.#readable = new StreamOf(() => new ReadableSide(this, endpoint.reader));
    watchObject(this, endpoint);
    this.#unregister = registerSocket(this);
  }

  /**
   * Returns the next message, or null if the timeout expires first.
   *
   * Blocks the whole thread: until it returns, no other code of the script runs, signal handlers included. Use
   * `recvAsync` or `for await` to keep the event loop running.
   *
   * Ctrl-C ends the script during this call, as any signal without a handler does. If the script has a handler for it
   * (`process.on("SIGINT", …)`), which could not run, the call throws `EINTR` instead, as it does for SIGTERM, SIGHUP and
   * SIGQUIT: comparable to Python's KeyboardInterrupt. The script then ends with that error, or the handler runs once the
   * script has returned to the event loop. A script that handles signals had better use `for await`. Other signals do not
   * interrupt the call, and a virtual bus does not notice any.
   *
   * @param timeout Seconds to wait; absent or null: forever; 0: do not wait.
   * @throws {CanOperationError} `ENETDOWN`: the interface is down. This is thrown once, and receiving works again when
   * the interface is up. `ENODEV`: the interface was removed. This is thrown after all queued messages have been
   * returned, and by every call from then on; open a new socket. `EBADF`: the socket is closed. `EDEADLK`: a virtual bus
   * was asked to wait forever. `EINTR`: a signal with a handler asks the process to end, see above.
   */
  recv(timeout?: number | null): In | null {
    this.#endpoint.assertReceives();
    return this.#endpoint.reader.recv(timeout);
  }

  /**
   * Returns up to `max` messages: waits for the first as `recv` does, then takes those already queued.
   *
   * @param max 1 or more.
   * @param timeout Seconds to wait for the first message; absent or null: forever; 0: do not wait.
   * @returns The messages, in the order of arrival; an empty array if the timeout expires first.
   * @throws {CanOperationError} As `recv`. Messages that arrived before the error are returned first; the next call
   * throws it.
   */
  recvMany(max: number, timeout?: number | null): In[] {
    this.#endpoint.assertReceives();
    return this.#endpoint.reader.recvMany(max, timeout);
  }

  /**
   * Resolves to the next message, or to null if the timeout expires first. The event loop keeps running.
   *
   * Several waits may be pending; they are served in the order in which they were started. A blocking `recv` in the
   * meantime takes precedence over them. A pending wait keeps the process alive, unless `unref` was called or the bus is
   * virtual, where nothing outside the process could end the wait.
   *
   * @throws {CanOperationError} As `recv`. `close` rejects every pending wait with `EBADF`.
   * Do not drop a pending wait, as `Promise.race([bus.recvAsync(), sleep])` in a loop does: the wait stays pending, takes
   * the next message, and that message is lost. End the wait with `timeout` or `signal` instead. The logger is warned
   * when more than 16 waits are pending.
   *
   * @example
   * ```ts
   * import { Bus } from "@socketcan/bus";
   *
   * using bus = new Bus({ channel: "demo", interface: "virtual" });
   * console.log(await bus.recvAsync({ timeout: 0.1 })); // null
   * ```
   *
   * @throws The signal's reason, if the signal is aborted. No message is lost.
   */
  recvAsync(options: WaitOptions = {}): Promise<In | null> {
    return promised(() => {
      this.#endpoint.assertReceives();
      return this.#endpoint.reader.next(options);
    });
  }

  /**
   * Resolves to up to `max` messages: waits for the first as `recvAsync` does, then takes those already queued.
   *
   * @param max 1 or more.
   * @returns The messages, in the order of arrival; an empty array if the timeout expires first.
   * @throws {CanOperationError} As `recv`. Messages that arrived before the error are returned first; the next call
   * rejects with it. `close` rejects every pending wait with `EBADF`.
   * @throws The signal's reason, if the signal is aborted. No message is lost.
   */
  recvManyAsync(max: number, options: WaitOptions = {}): Promise<In[]> {
    return promised(() => {
      this.#endpoint.assertReceives();
      return this.#endpoint.reader.nextMany(max, options);
    });
  }

  /**
   * Iterates over the messages while the event loop keeps running. The iteration ends when the signal is aborted, and when
   * the socket is closed; leaving the loop leaves the remaining messages in the socket. Throws as `recv` does.
   *
   * Two iterations over one socket share its messages: each message goes to only one of them, and likewise to only one
   * of the pending calls of `recvAsync`. Open a second socket to receive every message twice.
   *
   * @example
   * ```ts
   * import { Bus } from "@socketcan/bus";
   *
   * using bus = new Bus({ channel: "demo", interface: "virtual" });
   * for await (const message of bus.messages({ signal: AbortSignal.timeout(100) })) console.log(`${message}`);
   * ```
   */
  messages(options: SignalOptions = {}): AsyncIterableIterator<In, undefined> {
    checkNames("messages()", options, ["signal"]);
    checkSignal(options.signal);
    return this.#iterate(options.signal);
  }

  /**
   * Iterates over the messages, blocking the thread; ends when the socket is closed. Throws as `recv` does, also `EINTR`
   * on Ctrl-C if the script handles that signal: handlers cannot run during this loop. Two iterations over one socket
   * share its messages, as with `messages`.
   */
  [Symbol.iterator](): IterableIterator<In, undefined> {
    const iterator: IterableIterator<In, undefined> = {
      next: () => step(this.closed ? null : this.recv()),
      [Symbol.iterator]: () => iterator,
    };
    return iterator;
  }

  /** Iterates over the messages while the event loop keeps running, as `messages` does. */
  [Symbol.asyncIterator](): AsyncIterableIterator<In, undefined> {
    return this.#iterate(undefined);
  }

  /**
   * The messages as a Web Stream. The stream takes a message from the socket only when one is read from it, so cancelling
   * it leaves unread messages in the socket. (`tee` and `pipeThrough` read one message ahead themselves.)
   *
   * The stream ends when the socket is closed, and fails with the error that `recv` would throw. The property returns the
   * same stream until that stream has ended, failed or been cancelled, and a new one after that. If `releaseLock` is
   * called during a read, the message that the read was waiting for goes to the stream's next reader.
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
    if (!this.closed) this.#endpoint.assertReceives();
    return this.#readable.current.stream;
  }

  /**
   * The number of frames that the kernel dropped because the receive buffer was full (`SO_RXQ_OVFL` in
   * [socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html)).
   *
   * @throws {CanOperationError} The socket is closed.
   */
  get droppedFrames(): number {
    this.#endpoint.assertOpen("read droppedFrames of");
    return this.#endpoint.socket.droppedFrames;
  }

  /**
   * The size of the receive buffer in bytes, as the kernel granted it. The kernel doubles the requested size to allow for
   * its own overhead (`SO_RCVBUF`).
   *
   * @throws {CanOperationError} The socket is closed.
   */
  get receiveBuffer(): number {
    this.#endpoint.assertOpen("read receiveBuffer of");
    return this.#endpoint.socket.receiveBuffer;
  }

  /**
   * The socket's descriptor, for `poll` or for socket options that this library does not cover. Up to 64 frames may have
   * been read ahead; `poll` does not see those.
   *
   * @throws {CanOperationError} The socket is closed, or the bus is virtual.
   */
  get fd(): number {
    this.#endpoint.assertOpen("take the descriptor of");
    return this.#endpoint.socket.fd;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#endpoint.closed;
  }

  /** Makes pending asynchronous waits keep the process alive, which is the default. */
  ref(): this {
    this.#endpoint.keepAlive = true;
    return this;
  }

  /** Lets the process exit while asynchronous waits are pending. In Deno such waits may then end up to 10 ms late. */
  unref(): this {
    this.#endpoint.keepAlive = false;
    return this;
  }

  /** Closes the socket and rejects every pending wait. A second call does nothing. */
  close(): void {
    if (this.closed) return;
    // Before the pending read is rejected, so that the stream ends instead of failing.
    this.#readable.close(() => this.#endpoint.closedError("receive from"));
    this.#unregister();
    this.#endpoint.close();
  }

  #iterate(signal: AbortSignal | undefined): AsyncIterableIterator<In, undefined> {
    const { reader } = this.#endpoint;
    const options = signal ? { signal } : FOREVER;
    let left = false;
    const iterator: AsyncIterableIterator<In, undefined> = {
      next: () =>
        promised(() => {
          if (left || this.closed || signal?.aborted) return step<In>(null);
          this.#endpoint.assertReceives();
          const next = reader.next(options);
          if (!(next instanceof Promise)) return step(next);
          return next.then(step<In>, (error) => {
            if (this.closed || (signal?.aborted && error === signal.reason)) return step<In>(null);
            throw error;
          });
        }),
      return: () => {
        left = true;
        return Promise.resolve(step<In>(null));
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the socket at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return promised(() => this.close());
  }
}

function step<In>(message: In | null): IteratorResult<In, undefined> {
  return message === null ? { value: undefined, done: true } : { value: message, done: false };
}
