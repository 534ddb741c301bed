/**
 * The receiving half of a socket.
 *
 * @module
 */

import { checkWhole } from "../check.ts";
import type { Logger } from "./options.ts";
import type { Source } from "./source.ts";
import { checkTimeout, deadlineOf, restOf } from "./timeout.ts";
import { nextTurn } from "./turn.ts";
import { checkWaitOptions, type WaitOptions, WaitQueue } from "./wait_queue.ts";

/** Items taken from the socket before the user asks for them, at the most. */
const READ_AHEAD = 64;

/** Items that asynchronous reads hand out without a turn of the event loop, so that others get theirs. */
const TURN = 512;

/** Hands out what a socket receives: blocking, at once, or in order to those who wait. */
export class Reader<In> {
  /** Those who wait. */
  readonly queue: WaitQueue<void, In | null>;
  readonly #socket: Source<In>;
  readonly #rearm: () => void;
  readonly #logger: Logger | undefined;
  /** Read ahead: the first #count are, and those before #next have been handed out. Its room is used again and again. */
  readonly #ahead: In[] = [];
  #count = 0;
  #next = 0;
  /** Items handed out asynchronously since the event loop last had its turn. */
  #sinceTurn = 0;
  #lossTold = false;

  /** @param rearm Asks the socket for what the queues now wait for. */
  constructor(socket: Source<In>, rearm: () => void, logger: Logger | undefined) {
    this.#socket = socket;
    this.#rearm = rearm;
    this.#logger = logger;
    this.queue = new WaitQueue<void, In | null>(() => this.#take(), rearm);
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
    checkWhole("max", max, 1, Number.MAX_SAFE_INTEGER);
    checkTimeout(timeout);
    const messages = this.#ahead.slice(this.#next, Math.min(this.#next + max, this.#count));
    this.#next += messages.length;
    try {
      if (messages.length < max) this.#receive(messages, messages.length, max - messages.length);
      if (messages.length === 0 && timeout !== 0) {
        this.#wait(timeout, () => this.#receive(messages, 0, max) > 0 ? messages : undefined);
      }
    } catch (error) {
      this.#giveBack(messages); // the logger threw
      throw error;
    }
    this.#serve();
    return messages;
  }

  /** See `Bus.recvAsync`: the next message if it is here, else a promise of it. */
  next(options: WaitOptions): In | null | Promise<In | null> {
    const { timeout, signal } = checkWaitOptions(options);
    signal?.throwIfAborted();
    const message = this.#takeInTurn(timeout);
    if (message !== undefined) return message;
    if (timeout === 0) return null;
    this.#logger?.debug(`waiting for a frame, ${spell(timeout ?? Infinity)}, while the event loop goes on`);
    const promise = this.queue.wait(undefined, options, () => null);
    this.#await();
    return promise;
  }

  /** The next message, if it is here and nobody has waited for it longer. */
  nextNow(): In | undefined {
    return this.#takeInTurn(null);
  }

  /** The next message, for a callback: see `WaitQueue.enter`. */
  nextLater(resolve: (message: In | null) => void, reject: (reason: unknown) => void): () => void {
    this.#logger?.debug(`waiting for a frame, ${spell(Infinity)}, while the event loop goes on`);
    const leave = this.queue.enter(undefined, resolve, reject);
    this.#await();
    return leave;
  }

  /** Forgets what was read ahead. */
  clear(): void {
    this.#count = this.#next = 0;
  }

  /** What was taken comes first again. Nothing else has been read ahead. */
  #giveBack(messages: readonly In[]): void {
    this.#next = 0;
    this.#count = messages.length;
    for (let i = 0; i < messages.length; i++) this.#ahead[i] = messages[i];
  }

  /** Waits, blocking, until an attempt gives something or the time is over. */
  #wait<T>(timeout: number | null | undefined, attempt: () => T | undefined): T | undefined {
    const deadline = deadlineOf(timeout);
    for (let rest = restOf(deadline); rest > 0; rest = restOf(deadline)) {
      this.#logger?.debug(`waiting for a frame, ${spell(rest)}`);
      this.#socket.waitReadable(rest);
      const result = attempt();
      if (result !== undefined) return result;
    }
    return undefined;
  }

  /**
   * The next message, if nobody waits for it and the event loop has had its turn.
   *
   * @param timeout 0 does not let the event loop have its turn first.
   */
  #takeInTurn(timeout: number | null | undefined): In | undefined {
    if (this.queue.size > 0) return undefined;
    if (this.#sinceTurn >= TURN && timeout !== 0 && !this.#hasMore()) return undefined;
    this.#sinceTurn++;
    // Trying costs a system call. With a timeout it is worth that: the time might be over before the wait begins.
    if (timeout == null && this.#socket.idle && !this.#hasMore()) return undefined;
    return this.#take();
  }

  /** What is here without asking the socket must not wait for the socket. */
  #hasMore(): boolean {
    return this.#next < this.#count;
  }

  /** Somebody waits: for the socket, or for the event loop to have its turn. */
  #await(): void {
    if (this.#sinceTurn < TURN) this.#rearm();
    else nextTurn(() => this.#turn());
  }

  /** The event loop has had its turn. */
  #turn(): void {
    this.#sinceTurn = 0;
    this.queue.pump();
    this.#rearm();
  }

  /** Lets those who wait have what a blocking read has read ahead. */
  #serve(): void {
    if (this.queue.size === 0 || !this.#hasMore()) return;
    this.queue.pump();
    this.#rearm();
  }

  #take(): In | undefined {
    if (this.#next === this.#count) {
      this.#count = this.#next = 0;
      this.#count = this.#socket.receive(this.#ahead, 0, READ_AHEAD);
      if (this.#logger) this.#tell(this.#logger, this.#ahead, 0, this.#count);
      if (this.#count === 0) return undefined;
    }
    return this.#ahead[this.#next++];
  }

  #receive(into: In[], from: number, max: number): number {
    const count = this.#socket.receive(into, from, max);
    if (this.#logger) this.#tell(this.#logger, into, from, count);
    return count;
  }

  #tell(logger: Logger, messages: readonly In[], from: number, count: number): void {
    for (const message of messages.slice(from, from + count)) logger.debug(`received ${message}`);
    this.#warnOfLoss(logger);
  }

  /** Tells of the first loss; `droppedFrames` counts the others. */
  #warnOfLoss(logger: Logger): void {
    if (this.#lossTold) return;
    const { droppedFrames, receiveBuffer } = this.#socket;
    if (droppedFrames === 0) return;
    this.#lossTold = true;
    logger.warn(
      `${droppedFrames} frames were lost: the receive buffer (${receiveBuffer} bytes) was full; ` +
        `read faster, filter, or give the bus a larger receiveBuffer. droppedFrames counts on`,
    );
  }
}

function spell(seconds: number): string {
  return seconds === Infinity ? "for ever" : `up to ${Number(seconds.toFixed(3))} s`;
}
