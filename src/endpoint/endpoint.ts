/**
 * A socket with its queues of pending waits.
 *
 * @module
 */

import { CanOperationError } from "../errors.ts";
import { EBADF, errnoName } from "../kernel/errno.ts";
import type { Owner } from "./options.ts";
import { Reader } from "./reader.ts";
import type { OnReady, Source } from "./source.ts";
import { ReadableSide, StreamOf, WritableSide } from "./streams.ts";
import type { Writer } from "./writer.ts";

/** Connects a socket to its queues of pending waits, until it is closed. */
export class Endpoint<S extends Source<In>, In, Out = never> {
  readonly socket: S;
  /** The receiving half. */
  readonly reader: Reader<In>;
  /** The sending half; null for a socket that only receives. */
  readonly writer: Writer<Out> | null;
  /** The receiving half as a Web Stream. */
  readonly readable: StreamOf<ReadableSide<In>>;
  /** The sending half as a Web Stream. */
  readonly writable: StreamOf<WritableSide<Out>>;
  readonly owner: Owner;
  #closed = false;
  #keepAlive = true;

  /**
   * Opens a socket.
   *
   * @param makeWriter Creates the sending half; its queue calls `rearm` when its waits have changed.
   */
  constructor(
    owner: Owner,
    open: (onReady: OnReady) => S,
    makeWriter?: (socket: S, rearm: () => void) => Writer<Out>,
  ) {
    this.owner = owner;
    this.socket = open((failure) => this.#ready(failure));
    const rearm = () => this.arm();
    this.reader = new Reader(this.socket, rearm, owner);
    this.writer = makeWriter?.(this.socket, rearm) ?? null;
    this.readable = new StreamOf(() => new ReadableSide(this.reader));
    this.writable = new StreamOf(() => new WritableSide(this.writer!));
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether pending waits keep the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    this.reader.queue.keepAlive = value;
    if (this.writer) this.writer.queue.keepAlive = value;
    this.arm();
  }

  /** Asks the socket to report what the queues now wait for. */
  arm(): void {
    if (this.#closed) return;
    try {
      const writing = this.writer !== null && this.writer.queue.size > 0;
      this.socket.arm(this.reader.queue.size > 0, writing, this.#keepAlive);
    } catch (error) {
      this.#rejectAll(error);
    }
  }

  /** Closes the socket and rejects every pending wait. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.socket.close();
    } finally {
      const receiving = () => this.closedError("receive from");
      const sending = () => this.closedError("send to");
      this.readable.close(receiving); // before its pending read is rejected, so that the stream ends instead of failing
      this.writable.close(sending);
      this.reader.queue.rejectAll(receiving);
      this.writer?.queue.rejectAll(sending);
    }
  }

  /**
   * Refuses an action on a closed socket.
   *
   * @param action The action, for the error's text: "receive from".
   * @throws {CanOperationError} The socket is closed (`EBADF`).
   */
  assertOpen(action: string): void {
    if (this.#closed) throw this.closedError(action);
  }

  /**
   * Refuses to receive from a socket that is closed or was opened without receiving.
   *
   * @throws {CanOperationError} The socket is closed (`EBADF`).
   * @throws {TypeError} The socket was opened with `receive: false`.
   */
  assertReceives(action = "receive from"): void {
    this.assertOpen(action);
    const { channel, noun, receives } = this.owner;
    if (receives === false) {
      throw new TypeError(`Cannot ${action} "${channel}": the ${noun} was opened with receive: false`);
    }
  }

  /** The error of an action on a closed socket. */
  closedError(action: string): CanOperationError {
    const { channel, noun } = this.owner;
    return new CanOperationError(`Cannot ${action} "${channel}": ${errnoName(EBADF)} (the ${noun} is closed)`, {
      code: errnoName(EBADF),
      errno: EBADF,
      channel,
    });
  }

  #ready(failure?: Error): void {
    if (failure) return this.#rejectAll(failure);
    this.reader.queue.pump();
    this.writer?.queue.pump();
    this.arm();
  }

  #rejectAll(error: unknown): void {
    this.reader.queue.rejectAll(() => error);
    this.writer?.queue.rejectAll(() => error);
  }
}
