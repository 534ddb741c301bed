/**
 * A queue of asynchronous waits.
 *
 * @module
 */

import { checkSignal, show } from "../check.ts";
import type { SignalOptions } from "./options.ts";
import { checkTimeout } from "./timeout.ts";
import { setKeepAlive } from "./turn.ts";

/**
 * Options of an asynchronous wait.
 *
 * @category Waiting
 */
export interface WaitOptions extends SignalOptions {
  /** Seconds to wait; absent or null: forever; 0: do not wait. A negative number or NaN is a RangeError. */
  readonly timeout?: number | null;
}

/**
 * Checks the options of an asynchronous wait.
 *
 * @throws {TypeError} They are not an object, or an option is unknown or of the wrong type.
 * @throws {RangeError} The timeout is negative or NaN.
 */
export function checkWaitOptions(options: WaitOptions): WaitOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`An asynchronous wait takes options such as { timeout: 1 }, not ${show(options)}`);
  }
  for (const name in options) {
    if (name !== "timeout" && name !== "signal") {
      throw new TypeError(`An asynchronous wait has no option "${name}"; it has timeout, signal`);
    }
  }
  checkTimeout(options.timeout);
  checkSignal(options.signal);
  return options;
}

/** A pending wait. */
interface Entry<Input, Output> {
  readonly input: Input;
  readonly resolve: (value: Output) => void;
  readonly reject: (reason: unknown) => void;
  timer: Timer | null;
  /** Removes the timer and the abort listener. */
  release(): void;
}

/**
 * Serves pending waits in the order in which they were started: the first is attempted until it succeeds or fails, then
 * the next. A wait that is aborted or times out leaves the queue without having taken anything.
 */
export class WaitQueue<Input, Output> {
  readonly #attempt: (input: Input) => Output | undefined;
  readonly #onEmpty: () => void;
  readonly #entries = new Set<Entry<Input, Output>>();
  #keepAlive = true;

  /**
   * @param attempt Tries the operation that the entries wait for; returns `undefined` when it cannot be done yet.
   * @param onEmpty Called after the last entry has left because of its timeout or signal.
   */
  constructor(attempt: (input: Input) => Output | undefined, onEmpty: () => void) {
    this.#attempt = attempt;
    this.#onEmpty = onEmpty;
  }

  /** The number of pending waits. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether the timers of pending waits keep the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    for (const { timer } of this.#entries) timer?.keepAlive(value);
  }

  /**
   * Adds a wait to the queue.
   *
   * @param expired Called if the timeout expires: returns what the promise resolves to, or throws what rejects it.
   */
  wait(input: Input, { timeout, signal }: WaitOptions, expired: () => Output): Promise<Output> {
    return new Promise((resolve, reject) => {
      const entry: Entry<Input, Output> = { input, resolve, reject, timer: null, release: nothing };
      this.#entries.add(entry);
      if (timeout == null && !signal) return;

      const leave = (settle: () => void) => {
        this.#entries.delete(entry);
        entry.release();
        settle();
        if (this.#entries.size === 0) this.#onEmpty();
      };
      const abort = () => leave(() => reject(signal?.reason));
      const expire = () => {
        this.pump(); // the event loop may have been busy: what arrived before the deadline still counts
        if (this.#entries.has(entry)) leave(() => resolve(new Promise((settle) => settle(expired()))));
        else if (this.#entries.size === 0) this.#onEmpty();
      };
      entry.release = () => {
        entry.timer?.cancel();
        signal?.removeEventListener("abort", abort);
      };
      signal?.addEventListener("abort", abort);
      if (timeout != null) {
        entry.timer = new Timer(expire, timeout, this.#keepAlive);
      }
    });
  }

  /**
   * Adds a wait without a promise: `resolve` or `reject` is called once, synchronously, when the entry is served.
   *
   * @returns A function that removes the entry, after which neither is called.
   */
  enter(input: Input, resolve: (value: Output) => void, reject: (reason: unknown) => void): () => void {
    const entry: Entry<Input, Output> = { input, resolve, reject, timer: null, release: nothing };
    this.#entries.add(entry);
    return () => {
      if (this.#entries.delete(entry) && this.#entries.size === 0) this.#onEmpty();
    };
  }

  /** Serves the pending waits, in order, until an attempt cannot be done yet. */
  pump(): void {
    for (const entry of this.#entries) {
      let value: Output | undefined;
      try {
        value = this.#attempt(entry.input);
        if (value === undefined) return;
        entry.resolve(value);
      } catch (error) {
        entry.reject(error);
      }
      this.#entries.delete(entry);
      entry.release();
    }
  }

  /** Rejects every pending wait. */
  rejectAll(makeError: () => unknown): void {
    const entries = [...this.#entries];
    this.#entries.clear(); // first, so that a `pump` from whose attempt or logger this was called stops
    for (const entry of entries) {
      entry.release();
      entry.reject(makeError());
    }
  }
}

function nothing(): void {}

/** The longest delay that the runtimes' timers accept, in milliseconds; longer ones would fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

/** A timer of any length on the monotonic clock that never fires early. */
class Timer {
  readonly #onEnd: () => void;
  readonly #end: number;
  #keepAlive: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param seconds From now. */
  constructor(onEnd: () => void, seconds: number, keepAlive: boolean) {
    this.#onEnd = onEnd;
    this.#end = performance.now() + seconds * 1000;
    this.#keepAlive = keepAlive;
    this.#start();
  }

  keepAlive(value: boolean): void {
    this.#keepAlive = value;
    setKeepAlive(this.#timer!, value);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #start(): void {
    const delay = Math.min(Math.max(Math.ceil(this.#end - performance.now()), 0), MAX_DELAY);
    this.#timer = setTimeout(() => {
      if (performance.now() >= this.#end) this.#onEnd();
      else this.#start();
    }, delay);
    if (!this.#keepAlive) this.keepAlive(false);
  }
}
