/**
 * Bytes that wait for more of the block to which they belong.
 *
 * @module
 */

import { Bytes } from "./bytes.ts";

/** The size in bytes above which memory that is hardly used is given back. */
const LARGE = 1 << 20;

/**
 * The bytes of a block that is not complete. However many chunks the block is divided into, each byte of it is copied a few
 * times at most.
 */
export class Pending {
  #bytes = new Bytes(0);

  /** The number of bytes. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Returns the bytes, valid until the next call. */
  view(): Uint8Array {
    return this.#bytes.view();
  }

  /** Returns the bytes followed by more, valid until the next call; `keep` says what of them is used. */
  with(more: Uint8Array): Uint8Array {
    if (this.#bytes.length === 0) return more;
    this.#bytes.bytes(more);
    return this.#bytes.view();
  }

  /** Keeps what `with` returned, except for the first `used` bytes. */
  keep(all: Uint8Array, used: number): void {
    const bytes = this.#bytes;
    const rest = all.subarray(used);
    if (bytes.memory.length > LARGE && rest.length < bytes.memory.length / 8) this.#bytes = new Bytes(0);
    else if (all.buffer === bytes.memory.buffer) {
      bytes.memory.copyWithin(0, used, all.length);
      bytes.length = rest.length;
      return;
    }
    this.#bytes.clear();
    if (rest.length > 0) this.#bytes.bytes(rest);
  }

  /** Forgets the bytes. */
  clear(): void {
    this.#bytes = new Bytes(0);
  }
}
