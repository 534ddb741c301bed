/**
 * The blocks of an MDF 4 file: each has a header, links to other blocks, and data.
 *
 *     0  "##DG"   4  reserved   8  u64 length   16  u64 number of links   24  links, then data
 *
 * Source: ASAM MDF 4.1; https://www.asam.net/standards/detail/mdf/wiki.
 *
 * @module
 */

import { textOf } from "../lines.ts";
import type { RandomSource } from "../random.ts";

const HEADER = 24;
/** The largest size of a block other than data, in bytes. A larger one means that the file is corrupt. */
const MOST = 1 << 20;

/** A block that was read. */
export interface Block {
  /** The type, such as "DG". */
  readonly type: string;
  readonly links: readonly number[];
  readonly data: DataView;
}

/** The longest name or comment that is read, in bytes. */
const MOST_TEXT = 1 << 16;

/**
 * Reads blocks, and detects chains of links that form a loop. As links may lead anywhere, a small file could refer to the
 * same blocks again and again: how much is read in all is limited by the size of the file.
 */
export class Blocks {
  readonly source: RandomSource;
  readonly #diagnose: (reason: string, offset: number) => void;
  /** The bytes of blocks other than data that may still be read: of each several times, as many blocks may share it. */
  #left: number;
  /** The bytes of data that may still be referred to. */
  #dataLeft: number;

  constructor(source: RandomSource, diagnose: (reason: string, offset: number) => void) {
    this.source = source;
    this.#diagnose = diagnose;
    this.#left = 8 * source.size + (1 << 20);
    this.#dataLeft = 2 * source.size;
  }

  /** Whether data may be read; false, after reporting it, if more of it is referred to than the file has. */
  claim(length: number, offset: number): boolean {
    const isEnough = this.#dataLeft >= length;
    this.#dataLeft -= length;
    if (!isEnough) this.#diagnose("blocks of data overlap", offset);
    return isEnough;
  }

  #read(offset: number, length: number): Uint8Array {
    if (this.#left < 0) return new Uint8Array(0);
    this.#left -= length;
    if (this.#left < 0) this.#diagnose("blocks are referred to too often: no more of them is read", offset);
    return this.source.read(offset, length);
  }

  /** Reports that something at an offset could not be read. */
  diagnose(reason: string, offset: number): void {
    this.#diagnose(reason, offset);
  }

  /** Returns the type of a block, its number of links, and offset and stated length of its data; null if there is none. */
  head(offset: number): { type: string; links: number; data: number; length: number } | null {
    if (offset === 0) return null;
    const bytes = this.#read(offset, HEADER);
    if (this.#left < 0) return null;
    if (bytes.length < HEADER || bytes[0] !== 35 || bytes[1] !== 35) {
      this.#diagnose(`link to offset ${offset}, where there is no block`, offset);
      return null;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
    const length = Number(view.getBigUint64(8, true));
    const links = Number(view.getBigUint64(16, true));
    const type = String.fromCharCode(bytes[2], bytes[3]);
    if (length < HEADER || links > MOST / 8 || HEADER + 8 * links > length) {
      this.#diagnose(`block ${type} has an invalid size: ${length} bytes with ${links} links`, offset);
      return null;
    }
    return { type, links, data: offset + HEADER + 8 * links, length: length - HEADER - 8 * links };
  }

  /** Reads a block other than data; null if there is none, or one of another type. */
  read(offset: number, type: string): Block | null {
    const head = this.head(offset);
    if (head === null) return null;
    if (head.type !== type) {
      this.#diagnose(`block ${head.type} instead of a block ${type}`, offset);
      return null;
    }
    const size = HEADER + 8 * head.links + head.length;
    const bytes = size > MOST ? new Uint8Array(0) : this.#read(offset, size);
    if (bytes.length < size) {
      this.#diagnose(`block ${type} of ${size} bytes is too large or truncated`, offset);
      return null;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const links = Array.from({ length: head.links }, (_, i) => Number(view.getBigUint64(HEADER + 8 * i, true)));
    return { type, links, data: new DataView(bytes.buffer, bytes.byteOffset + HEADER + 8 * head.links, head.length) };
  }

  /** Yields the blocks of a chain. The first link of each refers to the next one. */
  *chain(first: number, type: string): Generator<Block & { offset: number }> {
    const seen = new Set<number>();
    for (let offset = first; offset !== 0;) {
      if (seen.has(offset)) return this.#diagnose(`chain of blocks ${type} forms a loop`, offset);
      seen.add(offset);
      const block = this.read(offset, type);
      if (block === null) return;
      yield { ...block, offset };
      offset = block.links[0] ?? 0;
    }
  }

  /** Returns the text of a TX block or the XML of an MD block; "" if there is none. */
  text(offset: number): string {
    const head = this.head(offset);
    if (head === null || (head.type !== "TX" && head.type !== "MD") || head.length > MOST_TEXT) return "";
    const text = textOf(this.#read(head.data, head.length));
    const end = text.indexOf("\0");
    return end < 0 ? text : text.slice(0, end);
  }
}
