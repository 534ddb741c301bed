/**
 * Detecting that the machine was too slow for a protocol in which the script takes part.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";

/** Milliseconds between two measurements, and by how much one may be late without counting as a stall. */
const INTERVAL = 20;
const TOLERANCE = 30;

/** Measures for how long the script could not run, apart from its own blocking. */
export class Stalls implements Disposable {
  readonly #libc = openLibc() as { poll: (fds: Uint8Array, milliseconds: number) => number };
  readonly #poll = this.#libc.poll;
  readonly #clock: ReturnType<typeof setInterval>;
  #last = performance.now();
  #blocked = 0;
  #worst = 0;
  /** The stalls that ended within the last second. */
  #recent: { readonly end: number; readonly length: number }[] = [];

  constructor() {
    this.#libc.poll = (...args) => {
      const start = performance.now();
      const result = this.#poll.apply(this.#libc, args);
      this.#blocked += performance.now() - start;
      return result;
    };
    this.#clock = setInterval(() => this.#measure(), INTERVAL);
  }

  /** The longest total of the stalls within one second, in milliseconds. */
  get worst(): number {
    this.#measure();
    return this.#worst;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#clock);
    this.#libc.poll = this.#poll;
  }

  #measure(): void {
    const now = performance.now();
    const length = now - this.#last - this.#blocked;
    this.#last = now;
    this.#blocked = 0;
    if (length < INTERVAL + TOLERANCE) return;
    this.#recent = this.#recent.filter(({ end }) => now - end < 1000);
    this.#recent.push({ end: now, length });
    this.#worst = Math.max(this.#worst, this.#recent.reduce((sum, stall) => sum + stall.length, 0));
  }
}
