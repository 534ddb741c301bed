/**
 * The bus: what most users touch.
 *
 * @module
 */

import { openLibc } from "../ffi/open.ts";
import { type ErrorFeed, type ErrorFeedOptions, ErrorFeeds } from "./error_feed.ts";
import { CanOperationError } from "./errors.ts";
import { type CanFilter, toRawFilters } from "./filter.ts";
import { EBADF, errnoName } from "./kernel/errno.ts";
import type { Message } from "./message.ts";
import { type BusOptions, type FullBusOptions, fullOptions, type Logger } from "./options.ts";
import { Reader } from "./reader.ts";
import type { FrameSocket } from "./socket/frame_socket.ts";
import { RawSocket } from "./socket/raw.ts";
import { ReconnectingSocket } from "./socket/reconnecting.ts";
import { Streams } from "./streams.ts";
import { VirtualSocket } from "./virtual.ts";
import type { WaitOptions } from "./wait_queue.ts";
import { Writer } from "./writer.ts";

const FOR_EVER: WaitOptions = {};

/** The kinds of frames that a bus is open for, in python-can's words. */
export type CanProtocol = "CAN_20" | "CAN_FD" | "CAN_XL";

/**
 * A CAN bus: python-can's `can.Bus`, over the kernel's raw sockets or inside the process.
 *
 * Every `timeout` is in seconds: absent or null waits for ever, 0 does not wait. A negative one is a RangeError.
 *
 * @example
 * ```ts
 * import { Bus, Message } from "@socketcan/bus";
 *
 * using bus = new Bus({ channel: "demo", interface: "virtual", receiveOwnMessages: true });
 * bus.send(new Message({ arbitrationId: 0xc0ffee, data: [0, 25, 0, 1, 3, 1, 4, 1] }));
 * console.log(`${bus.recv(1.0)}`);
 * ```
 */
export class Bus implements Iterable<Message>, AsyncIterable<Message>, Disposable, AsyncDisposable {
  /** The interface's name; `""` is every CAN interface. */
  readonly channel: string;
  /** What the bus is, for people: `socketcan channel "vcan0"`. */
  readonly channelInfo: string;
  /** The kinds of frames that the bus is open for. */
  readonly protocol: CanProtocol;
  readonly #socket: FrameSocket;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #errors: ErrorFeeds;
  readonly #streams: Streams;
  readonly #logger: Logger | undefined;
  #filters: readonly CanFilter[] | null;
  #closed = false;
  #keepAlive = true;

  /**
   * Opens a bus.
   *
   * @param options The name of the interface, or options.
   * @throws {CanInitializationError} The interface does not exist, is not CAN or is down, or a system call failed.
   * @throws {CanInterfaceNotImplementedError} There is no SocketCAN here.
   * @throws {TypeError | RangeError} An option is wrong.
   * @throws {Deno.errors.NotCapable} In Deno without `--allow-ffi`.
   */
  constructor(options: string | BusOptions) {
    const full = fullOptions(options);
    const { channel, logger } = full;
    this.channel = channel;
    this.protocol = full.xl ? "CAN_XL" : full.fd ? "CAN_FD" : "CAN_20";
    this.#filters = copyFilters(full.filters);
    this.#logger = logger;
    logger?.debug(`opening ${full.interface} channel "${channel}", ${this.protocol}`);
    this.#socket = openSocket(full, (failure) => this.#ready(failure));
    try {
      const rearm = () => this.#arm();
      this.#reader = new Reader(this.#socket, rearm, logger);
      this.#writer = new Writer(this.#socket, rearm, full);
      this.#errors = new ErrorFeeds(this.#socket, full, openSocket);
      this.#streams = new Streams(this.#reader, this.#writer);
      this.channelInfo = this.#socket.channelInfo;
      logger?.debug(`opened ${this.channelInfo}`);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /**
   * The next message, or null when the time is over.
   *
   * The whole thread waits: nothing else of the script runs meanwhile, signal handlers neither. `recvAsync` and
   * `for await` let it go on.
   *
   * @param timeout Seconds; absent or null: for ever; 0: do not wait.
   * @throws {CanOperationError} The interface is down (`ENETDOWN`, once; the bus works again when it is up) or gone
   * (`ENODEV`, after the frames that had come, and then each time; a new bus is needed), or the bus is closed (`EBADF`).
   * On a virtual bus, waiting for ever is `EDEADLK`.
   */
  recv(timeout?: number | null): Message | null {
    this.#assertOpen("receive from");
    return this.#reader.recv(timeout);
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
  recvMany(max: number, timeout?: number | null): Message[] {
    this.#assertOpen("receive from");
    return this.#reader.recvMany(max, timeout);
  }

  /**
   * The next message, while the event loop goes on; null when the time is over. Several may be pending: they are served
   * in order, though a blocking `recv` meanwhile comes first. A pending one keeps the process alive, unless `unref` was
   * called or the bus is virtual, where only this process could end the wait.
   *
   * @throws {CanOperationError} As `recv`; `close` rejects all that are pending, with code `EBADF`.
   * @throws The signal's reason when it is aborted; no message is lost then.
   */
  recvAsync(options: WaitOptions = {}): Promise<Message | null> {
    return promised(() => {
      this.#assertOpen("receive from");
      return this.#reader.next(options);
    });
  }

  /** Messages without end, blocking; ends when the bus is closed. Errors are thrown as by `recv`. */
  [Symbol.iterator](): IterableIterator<Message, undefined> {
    const iterator: IterableIterator<Message, undefined> = {
      next: () => step(this.#closed ? null : this.recv()),
      [Symbol.iterator]: () => iterator,
    };
    return iterator;
  }

  /** Messages without end, while the event loop goes on; ends when the bus is closed. Errors are thrown as by `recv`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined> {
    const iterator: AsyncIterableIterator<Message, undefined> = {
      next: () =>
        promised(() => {
          if (this.#closed) return step(null);
          const next = this.#reader.next(FOR_EVER);
          if (!(next instanceof Promise)) return step(next);
          return next.then(step, (error) => {
            if (this.#closed) return step(null);
            throw error;
          });
        }),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /**
   * Error frames without end, apart from data, while the event loop goes on: a storm of them delays no data. They are
   * those of the bus's `errorMask`, of all classes if that is 0. While one such iteration is open, no error frames come
   * among the bus's messages, but for those that were there before.
   *
   * It is open from the call on: no error frame after it is missed. Leaving the loop, the signal and `close` end it. An
   * error that is thrown, as by `recv`, does not: after `ENETDOWN` another loop over the same iteration goes on. Hold it
   * with `using` to be rid of it then.
   *
   * @example
   * ```ts
   * import { Bus, Message } from "@socketcan/bus";
   *
   * using bus = new Bus({ channel: "demo", interface: "virtual" });
   * using errors = bus.errors();
   * using device = new Bus({ channel: "demo", interface: "virtual" });
   * device.send(new Message({ isErrorFrame: true, arbitrationId: 0x40 }));
   * for await (const message of errors) {
   *   console.log(`${message.error}`); // bus-off
   *   if (message.error?.classes.includes("bus-off")) break;
   * }
   * ```
   *
   * @throws {CanInitializationError} The interface is down or gone, or a system call failed.
   * @throws {CanOperationError} The bus is closed.
   */
  errors(options: ErrorFeedOptions = {}): ErrorFeed {
    this.#assertOpen("follow the errors of");
    return this.#errors.open(options);
  }

  /**
   * Hands a message to the kernel. Frames leave in the order in which they were handed over.
   *
   * @param timeout Seconds to wait for room when the send buffer or the interface's queue is full; absent or null: for
   * ever; 0: one try.
   * @throws {CanTimeoutError} There was no room in time; the message was not sent.
   * @throws {CanOperationError} The interface is down or gone, or cannot carry the frame; or the bus is closed.
   * @throws {TypeError} The bus was not opened for such a frame.
   */
  send(message: Message, timeout?: number | null): void {
    this.#assertOpen("send to");
    this.#writer.send(message, timeout);
  }

  /**
   * Hands messages to the kernel, in order, with as few system calls as possible.
   *
   * @param timeout As for `send`, for all of them together.
   * @returns How many were handed over: all, or fewer when the time was over.
   * @throws {CanOperationError} As `send`; the error's `sent` tells how many had been handed over.
   * @throws {TypeError} The bus was not opened for one of them; none was sent.
   */
  sendMany(messages: readonly Message[], timeout?: number | null): number {
    this.#assertOpen("send to");
    return this.#writer.sendMany(messages, timeout);
  }

  /**
   * Hands a message to the kernel, while the event loop goes on. Several may be pending: they are sent in order, though a
   * blocking `send` meanwhile goes first.
   *
   * @throws As `send`, or the signal's reason when it is aborted; the message was not sent then.
   */
  sendAsync(message: Message, options: WaitOptions = {}): Promise<void> {
    return promised(() => {
      this.#assertOpen("send to");
      return this.#writer.sendAsync(message, options);
    });
  }

  /**
   * The messages as a Web Stream. It takes from the bus what somebody reads from it and nothing ahead, so that what is
   * left unread at a cancellation stays in the bus. (What reads from it may read ahead: `tee` and `pipeThrough` by one
   * message.)
   *
   * It ends when the bus is closed, and fails with the error that `recv` would throw. The same object each time, until it
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
  get readable(): ReadableStream<Message> {
    return this.#streams.readable;
  }

  /**
   * A Web Stream that sends what is written to it, in order. While the send buffer or the interface's queue is full, the
   * producer is held back. Aborting it ends the wait for room; the message that waited is not sent.
   *
   * It fails with the error that `send` would throw, and with `EBADF` when the bus is closed. Closing it, as `pipeTo` does
   * at the end of its source, does not close the bus. The same object each time, until it has been closed or aborted or
   * has failed: then a new one.
   */
  get writable(): WritableStream<Message> {
    return this.#streams.writable;
  }

  /** The filters in force; null receives everything. */
  get filters(): readonly CanFilter[] | null {
    return this.#filters;
  }

  /**
   * Replaces the filters. What was received under the older ones and not yet read is dropped, so that every message
   * read from now on has passed the new ones.
   *
   * @param filters At most 512; null or an empty list receives everything.
   * @throws {RangeError | TypeError} A filter is wrong; the older ones stay in force.
   * @throws {CanOperationError} The kernel refuses, and the older ones stay in force; or the bus is closed.
   */
  setFilters(filters: readonly CanFilter[] | null): void {
    this.#assertOpen("set filters of");
    this.#socket.setFilters(toRawFilters(filters));
    this.#reader.clear();
    this.#filters = copyFilters(filters);
    this.#arm(); // an error that was found among the dropped frames is for those who wait
    this.#logger?.debug(`filters set: ${JSON.stringify(this.#filters)}`);
  }

  /** How many frames were lost because this bus's receive buffer was full, as the kernel counts them. */
  get droppedFrames(): number {
    this.#assertOpen("read droppedFrames of");
    return this.#socket.droppedFrames;
  }

  /** Bytes of the receive buffer, as granted: the kernel doubles what is asked for, to allow for its own needs. */
  get receiveBuffer(): number {
    this.#assertOpen("read receiveBuffer of");
    return this.#socket.receiveBuffer;
  }

  /** Bytes of the send buffer, as granted. */
  get sendBuffer(): number {
    this.#assertOpen("read sendBuffer of");
    return this.#socket.sendBuffer;
  }

  /**
   * The socket's descriptor, for `poll` or options that this library does not know. Frames that were read ahead (up to
   * 64) are not seen there.
   *
   * @throws {CanOperationError} The bus is closed, or virtual.
   */
  get fd(): number {
    this.#assertOpen("take the descriptor of");
    return this.#socket.fd;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** A pending asynchronous wait keeps the process alive: the default. */
  ref(): this {
    return this.#setKeepAlive(true);
  }

  /** A pending asynchronous wait does not keep the process alive. In Deno it may then end up to 10 ms late. */
  unref(): this {
    return this.#setKeepAlive(false);
  }

  /** Closes the bus and rejects every pending wait. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      try {
        this.#errors.close();
      } finally {
        this.#socket.close();
      }
    } finally {
      this.#streams.close(() => this.#closedError("send to"));
      this.#reader.queue.rejectAll(() => this.#closedError("receive from"));
      this.#writer.queue.rejectAll(() => this.#closedError("send to"));
      this.#logger?.debug(`closed ${this.channelInfo}`);
    }
  }

  /** Closes the bus at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the bus at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return promised(() => this.close());
  }

  #ready(failure?: Error): void {
    if (failure) return this.#rejectAll(failure);
    this.#reader.queue.pump();
    this.#writer.queue.pump();
    this.#arm();
  }

  #arm(): void {
    if (this.#closed) return;
    try {
      this.#socket.arm(this.#reader.queue.size > 0, this.#writer.queue.size > 0, this.#keepAlive);
    } catch (error) {
      this.#rejectAll(error);
    }
  }

  #rejectAll(error: unknown): void {
    this.#reader.queue.rejectAll(() => error);
    this.#writer.queue.rejectAll(() => error);
  }

  #setKeepAlive(value: boolean): this {
    this.#keepAlive = value;
    this.#reader.queue.keepAlive = value;
    this.#writer.queue.keepAlive = value;
    this.#errors.keepAlive = value;
    this.#arm();
    return this;
  }

  #assertOpen(action: string): void {
    if (this.#closed) throw this.#closedError(action);
  }

  #closedError(action: string): CanOperationError {
    return new CanOperationError(`Cannot ${action} "${this.channel}": ${errnoName(EBADF)} (the bus is closed)`, {
      code: errnoName(EBADF),
      errno: EBADF,
      channel: this.channel,
    });
  }
}

function openSocket(options: FullBusOptions, onReady: (failure?: Error) => void): FrameSocket {
  if (options.interface === "virtual") return new VirtualSocket(options, onReady);
  const Socket = options.reconnect ? ReconnectingSocket : RawSocket;
  return new Socket(openLibc(options.libc), options, onReady);
}

function copyFilters(filters: readonly CanFilter[] | null): readonly CanFilter[] | null {
  return filters && filters.map((filter) => ({ ...filter }));
}

function step(message: Message | null): IteratorResult<Message, undefined> {
  return message === null ? { value: undefined, done: true } : { value: message, done: false };
}

/** What a function gives or throws, as a promise. */
function promised<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return Promise.resolve(run());
  } catch (error) {
    return Promise.reject(error);
  }
}
