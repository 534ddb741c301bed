/**
 * The sending half of a bus.
 *
 * @module
 */

import { CanError, CanOperationError, CanTimeoutError } from "./errors.ts";
import { errnoName, ETIMEDOUT } from "./kernel/errno.ts";
import { Message } from "./message.ts";
import type { FullBusOptions } from "./options.ts";
import type { FrameSocket } from "./socket/frame_socket.ts";
import { checkTimeout, deadlineOf, restOf } from "./timeout.ts";
import { checkWaitOptions, type WaitOptions, WaitQueue } from "./wait_queue.ts";

/** Hands messages to a socket: blocking, at once, or in order for those who wait. */
export class Writer {
  /** Messages that wait for room. */
  readonly queue: WaitQueue<Message, true>;
  readonly #socket: FrameSocket;
  readonly #rearm: () => void;
  readonly #options: FullBusOptions;
  /** A list of one, made once. */
  readonly #single: Message[] = [];

  /** @param rearm Asks the socket for what the queues now wait for. */
  constructor(socket: FrameSocket, rearm: () => void, options: FullBusOptions) {
    this.#socket = socket;
    this.#rearm = rearm;
    this.#options = options;
    this.queue = new WaitQueue((message) => this.#try(message) ? true : undefined, rearm);
  }

  /** See `Bus.send`. */
  send(message: Message, timeout?: number | null): void {
    this.#check(message);
    this.#single[0] = message;
    if (this.#sendAll(this.#single, timeout) === 0) {
      throw this.#timedOut(timeout);
    }
  }

  /** See `Bus.sendMany`. */
  sendMany(messages: readonly Message[], timeout?: number | null): number {
    if (!Array.isArray(messages)) throw new TypeError(`sendMany takes an array of messages: ${messages}`);
    for (const message of messages) this.#check(message);
    return this.#sendAll(messages, timeout);
  }

  /** Hands a message over if there is room and none waits before it; returns whether it went. */
  sendNow(message: Message): boolean {
    this.#check(message);
    return this.queue.size === 0 && this.#try(message);
  }

  /** See `Bus.sendAsync`. */
  sendAsync(message: Message, options: WaitOptions): Promise<void> {
    this.#check(message);
    const { timeout, signal } = checkWaitOptions(options);
    signal?.throwIfAborted();
    if (this.queue.size === 0 && this.#try(message)) return Promise.resolve();
    if (timeout === 0) throw this.#timedOut(timeout);
    return this.sendLater(message, options);
  }

  /** Hands a message over when there is room: what `sendAsync` does after `sendNow` has failed. */
  sendLater(message: Message, options: WaitOptions): Promise<void> {
    const { timeout } = options;
    this.#options.logger?.debug("waiting for room to send, while the event loop goes on");
    const promise = this.queue.wait(message, options, () => {
      throw this.#timedOut(timeout);
    });
    this.#rearm();
    return promise.then(() => {});
  }

  /** Hands messages over until the time is over; returns how many went. */
  #sendAll(messages: readonly Message[], timeout: number | null | undefined): number {
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
      this.#options.logger?.debug("waiting for room to send");
      try {
        this.#socket.waitWritable(rest);
      } catch (error) {
        throw this.#withCount(error, messages, sent);
      }
    }
    return sent;
  }

  #try(message: Message): boolean {
    this.#single[0] = message;
    return this.#send(this.#single, 0) > 0;
  }

  #send(messages: readonly Message[], from: number): number {
    let count: number;
    try {
      count = this.#socket.send(messages, from);
    } catch (error) {
      throw this.#withCount(error, messages, from);
    }
    const { logger } = this.#options;
    if (logger) {
      for (const message of messages.slice(from, from + count)) {
        logger.debug(`sent ${message}`);
      }
    }
    return count;
  }

  /** The error of a list of which `sent` messages had gone tells that. */
  #withCount(error: unknown, messages: readonly Message[], sent: number): unknown {
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

  #check(message: Message): void {
    const { fd, xl, channel } = this.#options;
    if (!(message instanceof Message)) {
      throw new TypeError(`Cannot send ${message}: it is not a Message`);
    }
    if (message.isFd && !fd) {
      throw new TypeError(`Cannot send a CAN FD message on a bus opened without fd: true: ${message}`);
    }
    if (message.isXl && !xl) {
      throw new TypeError(`Cannot send a CAN XL message on a bus opened without xl: true: ${message}`);
    }
    if (channel === "" && !message.channel) {
      throw new TypeError(`Cannot send on every channel at once: name one as the message's channel: ${message}`);
    }
  }

  #timedOut(timeout: number | null | undefined): CanTimeoutError {
    const { channel, reconnect } = this.#options;
    return new CanTimeoutError(
      `Cannot send to "${channel}": no room within ${timeout} s (the send buffer or the interface's queue is full; ` +
        `a bus without another node acknowledges nothing${reconnect ? "; or the interface is down or gone" : ""})`,
      { code: errnoName(ETIMEDOUT), errno: ETIMEDOUT, syscall: "send", channel },
    );
  }
}
