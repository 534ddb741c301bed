/**
 * Noticing that the machine was too slow for a protocol in which the script plays a part.
 *
 * @module
 */

import { openLibc } from "../../ffi/open.ts";

/** Milliseconds between two looks, and by how much one may come late without being reckoned as a stall. */
const LOOK = 20;
const LATE = 30;

/** How long the script could not run, although it did not block by its own will. */
export class Stalls implements Disposable {
  readonly #libc = openLibc() as { poll: (fds: Uint8Array, milliseconds: number) => number };
  readonly #poll = this.#libc.poll;
  readonly #clock: ReturnType<typeof setInterval>;
  #last = performance.now();
  #blocked = 0;
  #worst = 0;
  /** Those that ended within the last second. */
  #recent: { readonly end: number; readonly length: number }[] = [];

  constructor() {
    this.#libc.poll = (...args) => {
      const start = performance.now();
      const result = this.#poll.apply(this.#libc, args);
      this.#blocked += performance.now() - start;
      return result;
    };
    this.#clock = setInterval(() => this.#look(), LOOK);
  }

  /** Milliseconds, all stalls within one second together: the most that there has been. */
  get worst(): number {
    this.#look();
    return this.#worst;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#clock);
    this.#libc.poll = this.#poll;
  }

  #look(): void {
    const now = performance.now();
    const length = now - this.#last - this.#blocked;
    this.#last = now;
    this.#blocked = 0;
    if (length < LOOK + LATE) return;
    this.#recent = this.#recent.filter(({ end }) => now - end < 1000);
    this.#recent.push({ end: now, length });
    this.#worst = Math.max(this.#worst, this.#recent.reduce((sum, stall) => sum + stall.length, 0));
  }
}
