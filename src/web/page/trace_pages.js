/**
 * The frames of the trace that the page has: what is looked at, asked for in pages.
 *
 * @module
 */

/** @import { Trace, TraceFrame } from "../protocol.ts" */

import { ask, client } from "./server.js";

/** Frames of a page, and how many pages are kept. */
const SIZE = 100;
const KEPT = 60;

/** The frames by their numbers in the list that the view lets through. */
export class TracePages {
  /** @param {() => void} arrived Called when frames have come. */
  constructor(arrived) {
    this.arrived = arrived;
    /** @type {Map<number, readonly TraceFrame[]>} */
    this.pages = new Map();
    /** Whether a page is being fetched; only one at a time, so that no queue grows. */
    this.busy = false;
    /** Another list than the one that was asked for is looked at. */
    this.generation = 0;
    /** The number after the last frame of the latest answer. */
    this.newest = 0;
    /** @type {string | null} */
    this.error = null;
  }

  /** Forgets all frames. */
  clear() {
    this.pages.clear();
    this.newest = 0;
    this.generation++;
  }

  /** @param {number} number */
  frame(number) {
    return this.pages.get(Math.floor(number / SIZE))?.[number % SIZE];
  }

  /**
   * Fetches what is missing of a range.
   *
   * @param {number} from
   * @param {number} to The one after the last.
   */
  async want(from, to) {
    if (this.busy || to <= from) return;
    let first = from;
    while (first < to && this.frame(first) !== undefined) first++;
    if (first >= to) return;
    this.busy = true;
    const { generation } = this;
    try {
      /** @type {Trace} */
      const trace = await ask("GET", "api/trace", { client, from: first, count: Math.max(SIZE, to - first) });
      if (generation === this.generation) this.#keep(trace);
      this.error = null;
    } catch (error) {
      this.error = String(error instanceof Error ? error.message : error);
    } finally {
      this.busy = false;
    }
    this.arrived();
  }

  /** @param {Trace} trace */
  #keep({ from, frames }) {
    this.newest = from + frames.length;
    frames.forEach((frame, index) => {
      const number = from + index;
      const key = Math.floor(number / SIZE);
      const page = /** @type {TraceFrame[] | undefined} */ (this.pages.get(key)) ?? [];
      page[number % SIZE] = frame;
      this.pages.delete(key); // and in again as the latest
      this.pages.set(key, page);
    });
    for (const key of this.pages.keys()) {
      if (this.pages.size <= KEPT) break;
      this.pages.delete(key);
    }
  }
}
