/**
 * A timer for the next attempt.
 *
 * @module
 */

import { setKeepAlive } from "../endpoint/turn.ts";

/** Calls back once, at a time that may be changed at any moment. Setting the same time again costs nothing. */
export class RetryTimer {
  readonly #onTime: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = Infinity;

  constructor(onTime: () => void) {
    this.#onTime = onTime;
  }

  /** When it will call back, in milliseconds of the monotonic clock; undefined if it is not set. */
  get at(): number | undefined {
    return this.#at === Infinity ? undefined : this.#at;
  }

  /**
   * Sets when to call back, once.
   *
   * @param at Milliseconds of the monotonic clock; Infinity for never.
   * @param keepAlive Whether the process stays alive until then.
   */
  set(at: number, keepAlive: boolean): void {
    if (at !== this.#at) {
      clearTimeout(this.#timer);
      this.#at = at;
      this.#timer = at === Infinity ? undefined : setTimeout(() => {
        this.#at = Infinity;
        this.#timer = undefined;
        this.#onTime();
      }, Math.max(0, at - performance.now()));
    }
    if (this.#timer !== undefined) setKeepAlive(this.#timer, keepAlive);
  }

  /** Cancels the call. */
  clear(): void {
    this.set(Infinity, false);
  }
}
