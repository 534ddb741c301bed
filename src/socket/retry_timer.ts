/**
 * The time of the next try.
 *
 * @module
 */

import { setKeepAlive } from "../endpoint/turn.ts";

/** Calls back at a time that may be set again and again: a time that is set already is left as it is. */
export class RetryTimer {
  readonly #onTime: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = Infinity;

  constructor(onTime: () => void) {
    this.#onTime = onTime;
  }

  /** When it will call back, in milliseconds of the monotonic clock; undefined for never. */
  get at(): number | undefined {
    return this.#at === Infinity ? undefined : this.#at;
  }

  /**
   * Sets when to call back, once.
   *
   * @param at Milliseconds of the monotonic clock; Infinity for never.
   * @param keepAlive Whether the process may not end before.
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

  /** Does not call back any more. */
  clear(): void {
    this.set(Infinity, false);
  }
}
