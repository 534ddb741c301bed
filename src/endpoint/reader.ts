/**
 * The receiving half of a socket.
 *
 * @module
 */

import { checkWhole } from "../check.ts";
import type { Logger, Owner } from "./options.ts";
import type { Source } from "./source.ts";
import { checkTimeout, deadlineOf, secondsUntil } from "./timeout.ts";
import { nextTurn } from "./turn.ts";
import { checkWaitOptions, type WaitOptions, WaitQueue } from "./wait_queue.ts";

/** The number of items that one read takes from the socket, for this call and the following ones. */
const READ_AHEAD = 64;

/** The number of items that asynchronous reads return before the event loop gets a turn, so as not to starve it. */
const MAX_PER_TURN = 512;

/** The number of pending waits beyond which the logger is warned: they are rarely intended. */
const MAX_INTENDED_WAITS = 16;

/** The input of a wait for a single item. Any other input is the maximum number of items. */
const SINGLE = 0;

/** Returns what a socket receives: by blocking, without waiting, or to the pending waits in order. */
export class Reader<In> {
  /** The pending waits, each for a single item or for an array of up to `input` items. */
  readonly queue: WaitQueue<number, In | In[] | null>;
  readonly #socket: Source<In>;
  readonly #owner: Owner;
  readonly #rearm: () => void;
  readonly #logger: Logger | undefined;
  /** Items that were read ahead: the first #count, of which those before #next have been returned. The array is reused. */
  readonly #ahead: In[] = [];
  #count = 0;
  #next = 0;
  /** Items returned asynchronously since the event loop last had a turn. */
  #sinceTurn = 0;
  #lossReported = false;
  #waitsReported = false;

  /** @param rearm Asks the socket to report what the queues now wait for. */
  constructor(socket: Source<In>, rearm: () => void, owner: Owner) {
    this.#socket = socket;
    this.#rearm = rearm;
    this.#owner = owner;
    this.#logger = owner.logger;
    this.queue = new WaitQueue<number, In | In[] | null>(
      (max) => max === SINGLE ? this.#take() : this.#takeMany(max),
      rearm,
    );
  }

  /** See `Bus.recv`. */
  recv(timeout?: number | null): In | null {
    checkTimeout(timeout);
    let message = this.#take();
    if (message === undefined && timeout !== 0) message = this.#wait(timeout, () => this.#take());
    this.#serve();
    return message ?? null;
  }

  /** See `Bus.recvMany`. */
  recvMany(max: number, timeout?: number | null): In[] {
    checkMax(max);
    checkTimeout(timeout);
    let messages = this.#takeMany(max);
    if (messages === undefined && timeout !== 0) messages = this.#wait(timeout, () => this.#takeMany(max));
    this.#serve();
    return messages ?? [];
  }

  /** See `Bus.recvAsync`. Returns the message itself where no wait is needed, which saves a promise. */
  next(options: WaitOptions): In | null | Promise<In | null> {
    const { timeout, signal } = checkWaitOptions(options);
    signal?.throwIfAborted();
    const message = this.#takeInTurn(timeout);
    if (message !== undefined) return message;
    if (timeout === 0) return null;
    return this.#enqueue(SINGLE, options, null) as Promise<In | null>;
  }

  /** See `Bus.recvManyAsync`. */
  nextMany(max: number, options: WaitOptions): In[] | Promise<In[]> {
    checkMax(max);
    const { timeout, signal } = checkWaitOptions(options);
    signal?.throwIfAborted();
    const messages = this.#mayTake(timeout) ? this.#takeMany(max) : undefined;
    if (messages !== undefined) {
      this.#sinceTurn += messages.length - 1;
      return messages;
    }
    if (timeout === 0) return [];
    return this.#enqueue(max, options, []) as Promise<In[]>;
  }

  /** Returns the next message without waiting, unless earlier waits are pending. */
  nextNow(): In | undefined {
    return this.#takeInTurn(null);
  }

  /** Passes the next message to a callback: see `WaitQueue.enter`. */
  nextLater(resolve: (message: In | null) => void, reject: (reason: unknown) => void): () => void {
    this.#logger?.debug?.(`waiting asynchronously for a frame, ${describeWait(Infinity)}`);
    const leave = this.queue.enter(SINGLE, (message) => resolve(message as In | null), reject);
    this.#await();
    return leave;
  }

  /** Discards what was read ahead. */
  clear(): void {
    this.#count = this.#next = 0;
  }

  /** Adds a wait to the queue. */
  #enqueue(max: number, options: WaitOptions, expired: In[] | null): Promise<In | In[] | null> {
    this.#logger?.debug?.(`waiting asynchronously for a frame, ${describeWait(options.timeout ?? Infinity)}`);
    const promise = this.queue.wait(max, options, () => expired);
    this.#await();
    this.#warnOfWaits();
    return promise;
  }

  /** Makes taken messages the next ones again. Nothing else may have been read ahead. */
  #putBack(messages: readonly In[]): void {
    this.#next = 0;
    this.#count = messages.length;
    for (let i = 0; i < messages.length; i++) this.#ahead[i] = messages[i];
  }

  /** Blocks until an attempt returns something or the timeout expires. */
  #wait<T>(timeout: number | null | undefined, attempt: () => T | undefined): T | undefined {
    const deadline = deadlineOf(timeout);
    for (let left = secondsUntil(deadline); left > 0; left = secondsUntil(deadline)) {
      this.#logger?.debug?.(`waiting for a frame, ${describeWait(left)}`);
      this.#socket.waitReadable(left);
      const result = attempt();
      if (result !== undefined) return result;
    }
    return undefined;
  }

  /**
   * Returns the next message without waiting, unless earlier waits are pending or the event loop is due for a turn.
   *
   * @param timeout 0 takes the message even if the event loop is due for a turn: there will be no wait.
   */
  #takeInTurn(timeout: number | null | undefined): In | undefined {
    return this.#mayTake(timeout) ? this.#take() : undefined;
  }

  /** Whether to try to take messages without waiting. */
  #mayTake(timeout: number | null | undefined): boolean {
    if (this.queue.size > 0) return false;
    if (this.#sinceTurn >= MAX_PER_TURN && timeout !== 0 && !this.#hasMore()) return false;
    this.#sinceTurn++;
    if (this.#hasMore()) return true;
    // Trying costs a system call. It is worth that with a timeout, which might expire before the wait begins.
    return timeout != null || !this.#socket.idle;
  }

  /** Whether items are left that were read ahead. They must not wait until the socket is readable. */
  #hasMore(): boolean {
    return this.#next < this.#count;
  }

  /** Arranges for a new pending wait to be served: when the socket is readable, or after a turn of the event loop. */
  #await(): void {
    if (this.#sinceTurn < MAX_PER_TURN) this.#rearm();
    else nextTurn(() => this.#turn());
  }

  /** Continues after the event loop has had a turn. */
  #turn(): void {
    this.#sinceTurn = 0;
    this.queue.pump();
    this.#rearm();
  }

  /** Serves the pending waits with what a blocking read has read ahead. */
  #serve(): void {
    if (this.queue.size === 0 || !this.#hasMore()) return;
    this.queue.pump();
    this.#rearm();
  }

  #take(): In | undefined {
    if (this.#next === this.#count) {
      this.#count = this.#next = 0;
      this.#count = this.#socket.receive(this.#ahead, 0, READ_AHEAD);
      if (this.#logger) this.#log(this.#logger, this.#ahead, 0, this.#count);
      if (this.#count === 0) return undefined;
    }
    return this.#ahead[this.#next++];
  }

  /** Returns up to `max` messages without waiting; undefined if there are none. */
  #takeMany(max: number): In[] | undefined {
    const messages = this.#ahead.slice(this.#next, Math.min(this.#next + max, this.#count));
    this.#next += messages.length;
    try {
      if (messages.length < max) this.#receive(messages, messages.length, max - messages.length);
    } catch (error) {
      this.#putBack(messages); // the logger may have thrown
      throw error;
    }
    return messages.length > 0 ? messages : undefined;
  }

  #receive(into: In[], from: number, max: number): number {
    const count = this.#socket.receive(into, from, max);
    if (this.#logger) this.#log(this.#logger, into, from, count);
    return count;
  }

  #log(logger: Logger, messages: readonly In[], from: number, count: number): void {
    for (const message of messages.slice(from, from + count)) logger.debug?.(`received ${message}`);
    this.#warnOfLoss(logger);
  }

  /** Warns once of waits that pile up, as when `Promise.race` leaves one pending in each round of a loop. */
  #warnOfWaits(): void {
    if (this.#waitsReported || !this.#logger || this.queue.size <= MAX_INTENDED_WAITS) return;
    this.#waitsReported = true;
    const { channel, noun } = this.#owner;
    this.#logger.warn(
      `${this.queue.size} waits for a message are pending on the ${noun} of "${channel}". Each takes a message, even if its ` +
        "result is no longer used, as after Promise.race: end waits with the options timeout or signal instead",
    );
  }

  /** Warns of the first loss; `droppedFrames` counts the others. */
  #warnOfLoss(logger: Logger): void {
    if (this.#lossReported) return;
    const { droppedFrames } = this.#socket;
    if (droppedFrames === 0) return;
    this.#lossReported = true;
    const why = this.#owner.whyLost ??
      `the receive buffer (${this.#socket.receiveBuffer} bytes) was full; ` +
        `read faster, set filters, or open the bus with a larger receiveBuffer`;
    logger.warn(`${droppedFrames} frames were lost: ${why}. droppedFrames counts further losses`);
  }
}

function checkMax(max: number): void {
  checkWhole("max", max, 1, Number.MAX_SAFE_INTEGER);
}

function describeWait(seconds: number): string {
  return seconds === Infinity ? "without a timeout" : `up to ${Number(seconds.toFixed(3))} s`;
}
