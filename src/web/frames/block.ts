/**
 * Frames in blocks of numbers: a fraction of the memory that messages need, and as they are in a file.
 *
 * A frame is these words, each of 32 bits: seconds, nanoseconds, identifier, length; bits, with the number of further words of data
 * in the upper half; the number of its channel; the number of frames lost before it; two words of data, and the further ones.
 *
 * @module
 */

import { droppedBefore, noteDropped } from "../../message/losses.ts";
import { fieldsOf, type Message, MessageOver } from "../../message/message.ts";

/** The frames of a block that is full. */
export const FRAMES = 1024;

const HEADER = 9;

/** Some frames, one after the other. */
export class Block {
  #words: Int32Array;
  /** Where each frame begins, and where the next one will. */
  readonly #offsets: Int32Array;
  #count: number;

  /** @param words The words of a block that is full, as `words` has them. */
  constructor(words?: Int32Array) {
    this.#words = words ?? new Int32Array(HEADER * FRAMES);
    this.#offsets = new Int32Array(FRAMES + 1);
    this.#count = 0;
    if (words === undefined) return;
    for (let at = 0; at < words.length; this.#count++) {
      this.#offsets[this.#count] = at;
      at += HEADER + (words[at + 4] >>> 16);
      this.#offsets[this.#count + 1] = at;
    }
  }

  get count(): number {
    return this.#count;
  }

  /** All words of all frames. */
  get words(): Int32Array {
    return this.#words.subarray(0, this.#offsets[this.#count]);
  }

  /** Appends a frame; there must be less than `FRAMES`. */
  append(message: Message, channel: number): void {
    const { idWord, lenWord, word0, word1, more, seconds, nanoseconds, bits } = fieldsOf(message);
    const extra = more === null ? 0 : more.length;
    const at = this.#offsets[this.#count];
    const end = at + HEADER + extra;
    if (end > this.#words.length) this.#grow(end);
    const words = this.#words;
    words[at] = seconds;
    words[at + 1] = nanoseconds;
    words[at + 2] = idWord;
    words[at + 3] = lenWord;
    words[at + 4] = bits | extra << 16;
    words[at + 5] = channel;
    words[at + 6] = droppedBefore(message);
    words[at + 7] = word0;
    words[at + 8] = word1;
    if (more !== null) { for (let i = 0; i < extra; i++) words[at + HEADER + i] = more[i]; }
    this.#offsets[++this.#count] = end;
  }

  /** Returns a frame, with what was lost before it. */
  message(index: number, channels: readonly string[]): Message {
    const words = this.#words;
    const at = this.#offsets[index];
    const extra = words[at + 4] >>> 16;
    const message = new MessageOver(
      words[at + 2],
      words[at + 3],
      words[at + 7],
      words[at + 8],
      extra === 0 ? null : Array.from(words.subarray(at + HEADER, at + HEADER + extra)),
      words[at] >>> 0,
      words[at + 1],
      words[at + 4] & 0xffff,
      channels[words[at + 5]],
    );
    if (words[at + 6] > 0) noteDropped(message, words[at + 6]);
    return message;
  }

  /** The time of a frame. */
  time(index: number): number {
    const at = this.#offsets[index];
    return (this.#words[at] >>> 0) + this.#words[at + 1] / 1e9;
  }

  /** The identifier of a frame with its flags, to pass over frames quickly. */
  idWord(index: number): number {
    return this.#words[this.#offsets[index] + 2];
  }

  #grow(least: number): void {
    const words = new Int32Array(Math.max(least, 2 * this.#words.length));
    words.set(this.#words);
    this.#words = words;
  }
}
