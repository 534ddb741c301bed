/**
 * The sending half of a socket.
 *
 * @module
 */

import { show } from "../check.ts";
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

/** The number of messages that one attempt of a pending `sendManyAsync` sends, so as not to starve the event loop. */
const MAX_PER_ATTEMPT = 1024;

/** Messages that are sent together, in order. */
interface Batch<Out> {
  readonly messages: readonly Out[];
  /** How many of them have been sent. */
  sent: number;
  /** Whether the caller passed an array, so that errors say how many of it were sent. */
  readonly many: boolean;
}

/** Hands messages to a socket: by blocking, without waiting, or for the pending waits in order. */
export class Writer<Out> {
  /** The batches that wait for room. Each resolves to the number of messages sent. */
  readonly queue: WaitQueue<Batch<Out>, number>;
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
    this.queue = new WaitQueue((batch) => this.#advance(batch) ? batch.sent : undefined, rearm);
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
    const held = this.#heldMany("sendMany", messages);
    try {
      return this.#sendAll(held, timeout);
    } finally {
      this.#leave(held);
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
    this.#sending.logger?.debug?.("waiting asynchronously for room to send");
    const promise = this.queue.wait({ messages: [held], sent: 0, many: false }, options, () => {
      throw this.#timedOut(held, timeout);
    });
    this.#rearm();
    return promise.then(() => {}, (error) => {
      this.#sending.leave?.(held);
      throw error;
    });
  }

  /** See `Bus.sendManyAsync`. */
  async sendManyAsync(messages: readonly Out[], options: WaitOptions): Promise<number> {
    const held = this.#heldMany("sendManyAsync", messages);
    try {
      const { timeout, signal } = checkWaitOptions(options);
      signal?.throwIfAborted();
      const first = this.queue.size === 0;
      if (timeout === 0) return first ? this.#sendAll(held, 0) : 0;
      const batch: Batch<Out> = { messages: [...held], sent: 0, many: true };
      if (held.length === 0 || (first && this.#advance(batch))) return held.length;
      this.#sending.logger?.debug?.("waiting asynchronously for room to send");
      const promise = this.queue.wait(batch, options, () => batch.sent);
      this.#rearm();
      return await promise.catch((error) => {
        const count = error instanceof CanError && error.sent === undefined;
        throw count ? this.#withCount(error, held.length, batch.sent) : error;
      });
    } finally {
      this.#leave(held);
    }
  }

  /** Hands messages over until the timeout expires; returns how many. */
  #sendAll(messages: readonly Out[], timeout: number | null | undefined): number {
    checkTimeout(timeout);
    let deadline: number | undefined;
    let sent = 0;
    while (sent < messages.length) {
      const count = this.#send(messages, sent, messages !== this.#single);
      sent += count;
      if (count > 0) continue;
      if (timeout === 0) break;
      const left = secondsUntil(deadline ??= deadlineOf(timeout));
      if (left <= 0) break;
      this.#sending.logger?.debug?.("waiting for room to send");
      try {
        this.#socket.waitWritable(left);
      } catch (error) {
        throw messages === this.#single ? error : this.#withCount(error, messages.length, sent);
      }
    }
    return sent;
  }

  /** Checks a message, and returns it or the copy that is sent in its place. */
  #held(message: Out): Out {
    this.#sending.check(message);
    return this.#sending.hold ? this.#sending.hold(message) : message;
  }

  /** Checks an array of messages, and returns those that are sent in their place. */
  #heldMany(method: string, messages: readonly Out[]): readonly Out[] {
    if (!Array.isArray(messages)) throw new TypeError(`${method} takes an array of messages: ${show(messages)}`);
    for (const message of messages) this.#sending.check(message);
    return this.#sending.hold ? messages.map((each) => this.#sending.hold!(each)) : messages;
  }

  #leave(messages: readonly Out[]): void {
    if (this.#sending.leave) { for (const message of messages) this.#sending.leave(message); }
  }

  #try(message: Out): boolean {
    this.#single[0] = message;
    return this.#send(this.#single, 0, false) > 0;
  }

  /** Sends what there is room for now, up to a limit; returns whether the whole batch has been sent. */
  #advance(batch: Batch<Out>): boolean {
    const { messages, many } = batch;
    const end = Math.min(batch.sent + MAX_PER_ATTEMPT, messages.length);
    while (batch.sent < end) {
      const count = this.#send(messages, batch.sent, many);
      if (count === 0) return false;
      batch.sent += count;
    }
    return batch.sent === messages.length;
  }

  #send(messages: readonly Out[], from: number, many: boolean): number {
    let count: number;
    try {
      count = this.#socket.send(messages, from);
    } catch (error) {
      throw many ? this.#withCount(error, messages.length, from) : error;
    }
    const { logger } = this.#sending;
    if (logger) {
      for (const message of messages.slice(from, from + count)) {
        logger.debug?.(`sent ${message}`);
      }
    }
    return count;
  }

  /** Adds to the error of a list how many of its messages were sent before it. */
  #withCount(error: unknown, total: number, sent: number): unknown {
    if (!(error instanceof CanError)) return error;
    const { message, code, errno, syscall, channel } = error;
    return new CanOperationError(`${message}; ${sent} of ${total} messages were sent before`, {
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
