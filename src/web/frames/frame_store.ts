/**
 * The frames of a source, by their numbers and by their times.
 *
 * @module
 */

import type { Message } from "../../message/message.ts";
import { Block, FRAMES } from "./block.ts";
import type { Shelf } from "./shelf.ts";

/** Keeps frames: all, or the last ones. Frames are numbered from 0, in the order in which they came. */
export class FrameStore {
  readonly #shelf: Shelf;
  readonly #bound: number | null;
  #holders = 0;
  /** The number of the first frame that is kept. */
  first = 0;
  /** The number after that of the last frame. */
  end = 0;
  /** The block that is being filled, whose number is `end / FRAMES` rounded down. */
  #filling = new Block();
  /** The latest time up to the end of each full block, from 0 on, as frames of several buses may be a little out of order. */
  readonly #times: number[] = [];
  #latest = -Infinity;
  readonly #channels: string[] = [];
  readonly #channelNumbers = new Map<string | null, number>();

  constructor(shelf: Shelf, bound: number | null) {
    this.#shelf = shelf;
    this.#bound = bound;
  }

  /** The most frames that are kept; null for all. */
  get bound(): number | null {
    return this.#bound === null || this.#holders === 0 ? this.#bound : 2 * this.#bound;
  }

  /**
   * Keeps what is here while as much again arrives, for someone who goes through it at leisure.
   *
   * @returns Ends that.
   */
  hold(): () => void {
    this.#holders++;
    let held = true;
    return () => {
      if (held) this.#holders--;
      held = false;
    };
  }

  /** The names of all channels of the frames, in the order in which they came first. */
  get channels(): readonly string[] {
    return this.#channels;
  }

  append(message: Message): void {
    const { channel } = message;
    let number = this.#channelNumbers.get(channel);
    if (number === undefined) {
      number = this.#channels.push(channel ?? "") - 1;
      this.#channelNumbers.set(channel, number);
    }
    this.#filling.append(message, number);
    this.end++;
    if (this.#filling.count === FRAMES) this.#next();
    const { bound } = this;
    while (bound !== null && this.end - this.first > bound) {
      this.first++;
      if (this.first % FRAMES === 0) this.#shelf.drop();
    }
  }

  /** Returns up to `count` frames, from a number on or from the first that is kept. */
  read(from: number, count: number): Message[] {
    const messages: Message[] = [];
    const start = Math.max(from, this.first);
    const end = Math.min(start + count, this.end);
    for (let index = start; index < end; index++) {
      messages.push(this.#blockOf(index).message(index % FRAMES, this.#channels));
    }
    return messages;
  }

  /**
   * Calls a function for frames that are kept, in order.
   *
   * @param wanted Whether a frame with such an identifier word is wanted at all.
   */
  scan(
    from: number,
    to: number,
    visit: (message: Message, index: number) => void,
    wanted?: (idWord: number) => boolean,
  ): void {
    const end = Math.min(to, this.end);
    for (let index = Math.max(from, this.first); index < end;) {
      const block = this.#blockOf(index);
      const stop = Math.min(end, index - index % FRAMES + FRAMES);
      for (; index < stop; index++) {
        if (wanted && !wanted(block.idWord(index % FRAMES))) continue;
        visit(block.message(index % FRAMES, this.#channels), index);
      }
    }
  }

  /** The time of a frame that is kept. */
  time(index: number): number {
    return this.#blockOf(index).time(index % FRAMES);
  }

  /** The number of the first frame that is kept and comes at a time or after it; `end` if none does. */
  indexOf(time: number): number {
    // The first block that reaches so far, then the first frame in it.
    let low = Math.floor(this.first / FRAMES);
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle] < time) low = middle + 1;
      else high = middle;
    }
    for (let index = Math.max(low * FRAMES, this.first); index < this.end; index++) {
      if (this.time(index) >= time) return index;
    }
    return this.end;
  }

  close(): void {
    this.#shelf.close();
  }

  #blockOf(index: number): Block {
    const number = Math.floor(index / FRAMES);
    return number === this.#times.length ? this.#filling : this.#shelf.get(number);
  }

  #next(): void {
    const block = this.#filling;
    for (let i = 0; i < FRAMES; i++) this.#latest = Math.max(this.#latest, block.time(i));
    this.#shelf.put(block);
    this.#times.push(this.#latest);
    this.#filling = new Block();
  }
}
