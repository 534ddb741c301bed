/**
 * The sending half of a socket.
 *
 * @module
 */

import { CanError, CanOperationError, CanTimeoutError } from "./errors.ts";
import { errnoName, ETIMEDOUT } from "./kernel/errno.ts";
import type { Logger } from "./options.ts";
import type { Sink } from "./socket/socket.ts";
import { checkTimeout, deadlineOf, restOf } from "./timeout.ts";
import { checkWaitOptions, type WaitOptions, WaitQueue } from "./wait_queue.ts";

/** What a socket sends. */
export interface Sending<Out> {
  /** The interface's name. */
  readonly channel: string;
  /** Is told of what is sent. */
  readonly logger: Logger | undefined;
  /** Refuses what can't be sent. */
  check(message: Out): void;
  /** What waits for room must not change meanwhile: a copy of what could. */
  hold?(message: Out): Out;
  /** Why there may be no room, for an error's text. */
  readonly noRoom: string;
}

/** Hands messages to a socket: blocking, at once, or in order for those who wait. */
export class Writer<Out> {
  /** Messages that wait for room. */
  readonly queue: WaitQueue<Out, true>;
  readonly #socket: Sink<Out>;
  readonly #rearm: () => void;
  readonly #sending: Sending<Out>;
  /** A list of one, made once. */
  readonly #single: Out[] = [];

  /** @param rearm Asks the socket for what the queues now wait for. */
  constructor(socket: Sink<Out>, rearm: () => void, sending: Sending<Out>) {
    this.#socket = socket;
    this.#rearm = rearm;
    this.#sending = sending;
    this.queue = new WaitQueue((message) => this.#try(message) ? true : undefined, rearm);
  }

  /** See `Bus.send`. */
  send(message: Out, timeout?: number | null): void {
    this.#sending.check(message);
    this.#single[0] = message;
    if (this.#sendAll(this.#single, timeout) === 0) {
      throw this.#timedOut(timeout);
    }
  }

  /** See `Bus.sendMany`. */
  sendMany(messages: readonly Out[], timeout?: number | null): number {
    if (!Array.isArray(messages)) throw new TypeError(`sendMany takes an array of messages: ${messages}`);
    for (const message of messages) this.#sending.check(message);
    return this.#sendAll(messages, timeout);
  }

  /** Hands a message over if there is room and none waits before it; returns whether it went. */
  sendNow(message: Out): boolean {
    this.#sending.check(message);
    return this.queue.size === 0 && this.#try(message);
  }

  /** See `Bus.sendAsync`. */
  sendAsync(message: Out, options: WaitOptions): Promise<void> {
    this.#sending.check(message);
    const { timeout, signal } = checkWaitOptions(options);
    signal?.throwIfAborted();
    if (this.queue.size === 0 && this.#try(message)) return Promise.resolve();
    if (timeout === 0) throw this.#timedOut(timeout);
    return this.sendLater(message, options);
  }

  /** Hands a message over when there is room: what `sendAsync` does after `sendNow` has failed. */
  sendLater(message: Out, options: WaitOptions): Promise<void> {
    const { timeout } = options;
    this.#sending.logger?.debug("waiting for room to send, while the event loop goes on");
    const held = this.#sending.hold ? this.#sending.hold(message) : message;
    const promise = this.queue.wait(held, options, () => {
      throw this.#timedOut(timeout);
    });
    this.#rearm();
    return promise.then(() => {});
  }

  /** Hands messages over until the time is over; returns how many went. */
  #sendAll(messages: readonly Out[], timeout: number | null | undefined): number {
    checkTimeout(timeout);
    let deadline: number | undefined;
    let sent = 0;
    while (sent < messages.length) {
      const count = this.#send(messages, sent);
      sent += count;
      if (count > 0) continue;
      if (timeout === 0) break;
      const rest = restOf(deadline ??= deadlineOf(timeout));
      if (rest <= 0) break;
      this.#sending.logger?.debug("waiting for room to send");
      try {
        this.#socket.waitWritable(rest);
      } catch (error) {
        throw this.#withCount(error, messages, sent);
      }
    }
    return sent;
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

  /** The error of a list of which `sent` messages had gone tells that. */
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

  #timedOut(timeout: number | null | undefined): CanTimeoutError {
    const { channel, noRoom } = this.#sending;
    return new CanTimeoutError(
      `Cannot send to "${channel}": no room within ${timeout} s (${noRoom})`,
      { code: errnoName(ETIMEDOUT), errno: ETIMEDOUT, syscall: "send", channel },
    );
  }
}
