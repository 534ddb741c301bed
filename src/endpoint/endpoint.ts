/**
 * A socket with its queues of pending waits.
 *
 * @module
 */

import { CanOperationError } from "../errors.ts";
import { EBADF, errnoName } from "../kernel/errno.ts";
import { type Abandonable, unwatchObject, warnOfAbandoned } from "./abandoned.ts";
import type { Owner } from "./options.ts";
import { Reader } from "./reader.ts";
import type { OnReady, Source } from "./source.ts";
import type { Writer } from "./writer.ts";

/** Connects a socket to its queues of pending waits, until it is closed. */
export class Endpoint<S extends Source<In>, In, Out = never> implements Abandonable {
  readonly socket: S;
  /** The receiving half. */
  readonly reader: Reader<In>;
  /** The sending half; null for a socket that only receives. */
  readonly writer: Writer<Out> | null;
  readonly owner: Owner;
  /** Other resources of the owner, which are closed as well if it is garbage-collected. */
  readonly resources: Set<{ close(): void }> = new Set();
  #closed = false;
  /** Whether the owner was garbage-collected: nobody can start another wait. */
  #abandoned = false;
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
    if (this.#abandoned) this.#closeIfIdle();
  }

  /** Closes the socket and rejects every pending wait. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    unwatchObject(this);
    try {
      this.socket.close();
    } finally {
      this.reader.queue.rejectAll(() => this.closedError("receive from"));
      this.writer?.queue.rejectAll(() => this.closedError("send to"));
    }
  }

  /** Closes the socket, whose owner was garbage-collected, as soon as no wait is pending. */
  abandon(): void {
    this.#abandoned = true;
    this.#closeIfIdle();
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

  #closeIfIdle(): void {
    if (this.#closed || this.reader.queue.size > 0 || (this.writer !== null && this.writer.queue.size > 0)) return;
    try {
      warnOfAbandoned(this.owner);
    } finally {
      for (const resource of [...this.resources, this]) {
        try {
          resource.close();
        } catch (error) {
          this.owner.logger?.warn(`${error}`); // there is nobody left to throw it to
        }
      }
    }
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
