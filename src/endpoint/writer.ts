/**
 * The sending half of a socket.
 *
 * @module
 */

import { CanError, CanOperationError, CanTimeoutError } from "../errors.ts";
import { errnoName, ETIMEDOUT } from "../kernel/errno.ts";
import type { Logger } from "./options.ts";
import type { Sink } from "./source.ts";
import { checkTimeout, deadlineOf, secondsUntil } from "./timeout.ts";
import { checkWaitOptions, type WaitOptions, WaitQueue } from "./wait_queue.ts";

/** What a socket sends, and how. */
export interface Sending<Out> {
  /** The name of the interface. */
  readonly channel: string;
  /** Logs sent messages and waits. */
  readonly logger: Logger | undefined;
  /** Throws if a message cannot be sent. */
  check(message: Out): void;
  /** Returns a copy of a message that the caller could change while it waits. The copy identifies this one sending. */
  hold?(message: Out): Out;
  /** Why there may be no room, for an error's text. */
  readonly noRoom: string;
  /** Why a message has not been sent after so many seconds, if it is not for lack of room; for an error's text. */
  late?(message: Out, seconds: number): string | undefined;
  /** Called when the sender no longer waits for a message, whatever the outcome. */
  leave?(message: Out): void;
}

/** Hands messages to a socket: by blocking, without waiting, or for the pending waits in order. */
export class Writer<Out> {
  /** The messages that wait for room. */
  readonly queue: WaitQueue<Out, true>;
  readonly #socket: Sink<Out>;
  readonly #rearm: () => void;
  readonly #sending: Sending<Out>;
  /** An array of one message, reused. */
  readonly #single: Out[] = [];

  /** @param rearm Asks the socket to report what the queues now wait for. */
  constructor(socket: Sink<Out>, rearm: () => void, sending: Sending<Out>) {
    this.#socket = socket;
    this.#rearm = rearm;
    this.#sending = sending;
    this.queue = new WaitQueue((message) => this.#try(message) ? true : undefined, rearm);
  }

  /** See `Bus.send`. */
  send(message: Out, timeout?: number | null): void {
    const held = this.#held(message);
    this.#single[0] = held;
    try {
      if (this.#sendAll(this.#single, timeout) === 0) throw this.#timedOut(held, timeout);
    } finally {
      this.#sending.leave?.(held);
    }
  }

  /** See `Bus.sendMany`. */
  sendMany(messages: readonly Out[], timeout?: number | null): number {
    if (!Array.isArray(messages)) throw new TypeError(`sendMany takes an array of messages: ${messages}`);
    for (const message of messages) this.#sending.check(message);
    const held = this.#sending.hold ? messages.map((each) => this.#sending.hold!(each)) : messages;
    try {
      return this.#sendAll(held, timeout);
    } finally {
      if (this.#sending.leave) { for (const message of held) this.#sending.leave(message); }
    }
  }

  /** See `Bus.sendAsync`. Returns undefined if the message was sent without a wait, which saves a promise. */
  sendAsync(message: Out, options: WaitOptions): Promise<void> | undefined {
    const held = this.#held(message);
    const { timeout, signal } = checkWaitOptions(options);
    signal?.throwIfAborted();
    try {
      if (this.queue.size === 0 && this.#try(held)) return undefined;
      if (timeout === 0) throw this.#timedOut(held, timeout);
    } catch (error) {
      this.#sending.leave?.(held);
      throw error;
    }
    this.#sending.logger?.debug("waiting asynchronously for room to send");
    const promise = this.queue.wait(held, options, () => {
      throw this.#timedOut(held, timeout);
    });
    this.#rearm();
    return promise.then(() => {}, (error) => {
      this.#sending.leave?.(held);
      throw error;
    });
  }

  /** Hands messages over until the timeout expires; returns how many. */
  #sendAll(messages: readonly Out[], timeout: number | null | undefined): number {
    checkTimeout(timeout);
    let deadline: number | undefined;
    let sent = 0;
    while (sent < messages.length) {
      const count = this.#send(messages, sent);
      sent += count;
      if (count > 0) continue;
      if (timeout === 0) break;
      const left = secondsUntil(deadline ??= deadlineOf(timeout));
      if (left <= 0) break;
      this.#sending.logger?.debug("waiting for room to send");
      try {
        this.#socket.waitWritable(left);
      } catch (error) {
        throw this.#withCount(error, messages, sent);
      }
    }
    return sent;
  }

  /** Checks a message, and returns it or the copy that is sent in its place. */
  #held(message: Out): Out {
    this.#sending.check(message);
    return this.#sending.hold ? this.#sending.hold(message) : message;
  }

  #try(message: Out): boolean {
    this.#single[0] = message;
    return this.#send(this.#single, 0) > 0;
  }

  #send(messages: readonly Out[], from: number): number {
    let count: number;
    try {
      count = this.#socket.send(messages, from);
    } catch (error) {
      throw this.#withCount(error, messages, from);
    }
    const { logger } = this.#sending;
    if (logger) {
      for (const message of messages.slice(from, from + count)) {
        logger.debug(`sent ${message}`);
      }
    }
    return count;
  }

  /** Adds to the error of a list how many of its messages were sent before it. */
  #withCount(error: unknown, messages: readonly Out[], sent: number): unknown {
    if (!(error instanceof CanError) || messages === this.#single) return error;
    const { message, code, errno, syscall, channel } = error;
    return new CanOperationError(`${message}; ${sent} of ${messages.length} messages were sent before`, {
      code,
      errno,
      syscall,
      channel,
      sent,
      cause: error,
    });
  }

  #timedOut(message: Out, timeout: number | null | undefined): CanTimeoutError {
    const { channel, noRoom } = this.#sending;
    const why = this.#sending.late?.(message, timeout!) ?? `no room within ${timeout} s (${noRoom})`;
    const details = { code: errnoName(ETIMEDOUT), errno: ETIMEDOUT, syscall: "send", channel };
    return new CanTimeoutError(`Cannot send to "${channel}": ${why}`, details);
  }
}
