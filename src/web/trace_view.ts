/**
 * The frames that a client's trace has: all of a source, or those that a filter lets through.
 *
 * @module
 */

import type { Message } from "../message/message.ts";
import type { TraceExtent } from "./protocol.ts";
import type { Source } from "./source.ts";

/** The most frames that a filtered trace has. */
const MOST = 2 ** 22;
const CHUNK = 4096;
/** Frames between two looks at the clock. */
const PART = 512;

/** A frame with its number. */
export interface Numbered {
  readonly message: Message;
  readonly index: number;
}

/** A list of ascending numbers, from which the first ones can be dropped. */
class Numbers {
  #chunks: Float64Array[] = [];
  first = 0;
  end = 0;

  push(number: number): void {
    if (this.end % CHUNK === 0) this.#chunks.push(new Float64Array(CHUNK));
    this.#chunks.at(-1)![this.end++ % CHUNK] = number;
  }

  at(place: number): number {
    return this.#chunks[Math.floor(place / CHUNK) - Math.floor(this.first / CHUNK)][place % CHUNK];
  }

  /** Drops the numbers below another one. */
  dropBelow(number: number): void {
    while (this.first < this.end && this.at(this.first) < number) {
      this.first++;
      if (this.first % CHUNK === 0) this.#chunks.shift();
    }
  }

  /** The place of the first number that is not below another one. */
  placeOf(number: number): number {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.at(middle) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A trace. Its filter looks through the frames little by little. */
export class TraceView {
  readonly #source: Source;
  readonly #passes: ((message: Message) => boolean) | null;
  readonly #numbers = new Numbers();
  #scanned = 0;

  /** @param passes Which frames it has; null: all. */
  constructor(source: Source, passes: ((message: Message) => boolean) | null) {
    this.#source = source;
    this.#passes = passes;
    this.#scanned = source.frames.first;
  }

  get extent(): TraceExtent {
    const { first, end, bound } = this.#source.frames;
    if (this.#passes === null) return { first, end, bound, filtered: null };
    this.#numbers.dropBelow(first);
    const filtered = { first: this.#numbers.first, end: this.#numbers.end, scanned: this.#scanned };
    return { first, end, bound, filtered };
  }

  /** Looks through frames for so many milliseconds. Returns whether there are more. */
  scan(milliseconds: number): boolean {
    const { frames } = this.#source;
    if (this.#passes === null) return false;
    const passes = this.#passes;
    const stop = performance.now() + milliseconds;
    this.#scanned = Math.max(this.#scanned, frames.first);
    while (this.#scanned < frames.end && this.#numbers.end - this.#numbers.first < MOST) {
      const end = Math.min(this.#scanned + PART, frames.end);
      frames.scan(this.#scanned, end, (message, index) => {
        if (passes(message)) this.#numbers.push(index);
      });
      this.#scanned = end;
      if (performance.now() >= stop) break;
    }
    return this.#scanned < frames.end;
  }

  /** Returns the place from which `read` reads, and up to `count` frames. */
  read(from: number, count: number): { from: number; frames: Numbered[] } {
    const { frames } = this.#source;
    const { first, filtered } = this.extent;
    const start = Math.max(from, filtered?.first ?? first);
    if (filtered === null) {
      return { from: start, frames: frames.read(start, count).map((message, i) => ({ message, index: start + i })) };
    }
    const found: Numbered[] = [];
    for (let place = start; place < Math.min(start + count, filtered.end); place++) {
      const index = this.#numbers.at(place);
      found.push({ message: frames.read(index, 1)[0], index });
    }
    return { from: start, frames: found };
  }

  /** The place of the first frame at a time or after it. */
  placeOf(time: number): number {
    const index = this.#source.frames.indexOf(time);
    return this.extent.filtered === null ? index : this.#numbers.placeOf(index);
  }
}
