/**
 * A socket, and those who wait for it.
 *
 * @module
 */

import { CanOperationError } from "../errors.ts";
import { EBADF, errnoName } from "../kernel/errno.ts";
import type { Logger } from "./options.ts";
import { Reader } from "./reader.ts";
import type { OnReady, Source } from "./source.ts";
import { ReadableSide, StreamOf, WritableSide } from "./streams.ts";
import type { Writer } from "./writer.ts";

/** Whose socket it is, for people. */
export interface Owner {
  /** The interface's name. */
  readonly channel: string;
  /** What errors call it: "bus". */
  readonly noun: string;
  /** Is told of what is received. */
  readonly logger?: Logger;
}

/** Joins a socket to the queues of those who wait for it, until it is closed. */
export class Endpoint<S extends Source<In>, In, Out = never> {
  readonly socket: S;
  /** The receiving half. */
  readonly reader: Reader<In>;
  /** The sending half; null if the socket only receives. */
  readonly writer: Writer<Out> | null;
  /** The halves as streams. */
  readonly readable: StreamOf<ReadableSide<In>>;
  readonly writable: StreamOf<WritableSide<Out>>;
  readonly owner: Owner;
  #closed = false;
  #keepAlive = true;

  /**
   * Opens a socket.
   *
   * @param makeWriter Gives the half that sends; `rearm` is for its queue.
   */
  constructor(
    owner: Owner,
    open: (onReady: OnReady) => S,
    makeWriter?: (socket: S, rearm: () => void) => Writer<Out>,
  ) {
    this.owner = owner;
    this.socket = open((failure) => this.#ready(failure));
    const rearm = () => this.arm();
    this.reader = new Reader(this.socket, rearm, owner.logger);
    this.writer = makeWriter?.(this.socket, rearm) ?? null;
    this.readable = new StreamOf(() => new ReadableSide(this.reader));
    this.writable = new StreamOf(() => new WritableSide(this.writer!));
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a pending wait keeps the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    this.reader.queue.keepAlive = value;
    if (this.writer) this.writer.queue.keepAlive = value;
    this.arm();
  }

  /** Asks the socket for what the queues now wait for. */
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
      this.readable.close(receiving); // before its wait is rejected: it ends, and does not fail
      this.writable.close(sending);
      this.reader.queue.rejectAll(receiving);
      this.writer?.queue.rejectAll(sending);
    }
  }

  /** Refuses to do something to what is closed. */
  assertOpen(action: string): void {
    if (this.#closed) throw this.closedError(action);
  }

  /** The error of doing something to what is closed. */
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
