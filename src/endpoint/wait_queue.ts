/**
 * Asynchronous operations that wait their turn.
 *
 * @module
 */

import { checkSignal } from "../check.ts";
import type { SignalOptions } from "./options.ts";
import { checkTimeout } from "./timeout.ts";
import { setKeepAlive } from "./turn.ts";

/** When an asynchronous wait ends without having what it waits for. */
export interface WaitOptions extends SignalOptions {
  /** Seconds to wait; absent or null: for ever. 0: do not wait. */
  readonly timeout?: number | null;
}

/**
 * Refuses what are no such options.
 *
 * @throws {TypeError} They are no object, or one is unknown or of the wrong type.
 * @throws {RangeError} The timeout is negative or NaN.
 */
export function checkWaitOptions(options: WaitOptions): WaitOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`An asynchronous wait takes options such as { timeout: 1 }, not ${options}`);
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

/** One operation that waits. */
interface Entry<Input, Output> {
  readonly input: Input;
  readonly resolve: (value: Output) => void;
  readonly reject: (reason: unknown) => void;
  timer: Timer | null;
  /** Takes back the timer and the abort listener. */
  release(): void;
}

/**
 * First come, first served: the first entry is attempted until it succeeds or fails, then the next.
 *
 * An entry that is aborted or runs out of time leaves without having taken anything.
 */
export class WaitQueue<Input, Output> {
  readonly #attempt: (input: Input) => Output | undefined;
  readonly #onEmpty: () => void;
  readonly #entries = new Set<Entry<Input, Output>>();
  #keepAlive = true;

  /**
   * @param attempt Does what the entries wait for; gives `undefined` when it cannot be done yet.
   * @param onEmpty Is called when the last entry has left because of its timeout or signal.
   */
  constructor(attempt: (input: Input) => Output | undefined, onEmpty: () => void) {
    this.#attempt = attempt;
    this.#onEmpty = onEmpty;
  }

  /** How many wait. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether timeouts keep the process alive. */
  set keepAlive(value: boolean) {
    this.#keepAlive = value;
    for (const { timer } of this.#entries) timer?.keepAlive(value);
  }

  /**
   * Waits in line.
   *
   * @param expired What becomes of the promise when the time is over: a value, or a throw.
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
        this.pump(); // the event loop may have been busy: what has come in time is not too late
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
   * Waits in line without a promise: `resolve` or `reject` is called once, in the very moment of being served.
   *
   * @returns Leaves the line: neither is called any more.
   */
  enter(input: Input, resolve: (value: Output) => void, reject: (reason: unknown) => void): () => void {
    const entry: Entry<Input, Output> = { input, resolve, reject, timer: null, release: nothing };
    this.#entries.add(entry);
    return () => {
      if (this.#entries.delete(entry) && this.#entries.size === 0) this.#onEmpty();
    };
  }

  /** Serves those who wait, in order, as far as it goes. */
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

  /** Everybody's wait fails. */
  rejectAll(makeError: () => unknown): void {
    const entries = [...this.#entries];
    this.#entries.clear(); // at once: so a pump that an attempt or a logger interrupted with this goes no further
    for (const entry of entries) {
      entry.release();
      entry.reject(makeError());
    }
  }
}

function nothing(): void {}

/** The longest delay that the runtimes' timers take, in milliseconds; longer ones would fire at once. */
const longest = 2 ** 31 - 1;

/** A timer of any length on the monotonic clock, which never fires early. */
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
    const rest = Math.min(Math.max(Math.ceil(this.#end - performance.now()), 0), longest);
    this.#timer = setTimeout(() => {
      if (performance.now() >= this.#end) this.#onEnd();
      else this.#start();
    }, rest);
    if (!this.#keepAlive) this.keepAlive(false);
  }
}
