/**
 * The data of a group, which may be in one block, in a list of them, and compressed.
 *
 * @module
 */

import { zlib } from "../output.ts";
import type { Blocks } from "./blocks.ts";

/** A piece of the data. */
interface Segment {
  /** Where in the data it begins. */
  readonly start: number;
  readonly length: number;
  readonly read: () => Uint8Array;
}

/** The most bytes that are read of an uncompressed block at once. */
const PIECE = 1 << 20;
/** The most blocks of one group. */
const MOST = 1 << 20;

/** Data at any place, whatever blocks it is in. */
export class GroupData {
  readonly #segments: Segment[] = [];
  #length = 0;
  #cached: { segment: Segment; bytes: Uint8Array } | null = null;

  /**
   * @param open Whether the last block may be longer than it says, as in a file that was not finished.
   * @param inflateLimit The most bytes of one compressed block.
   */
  constructor(blocks: Blocks, offset: number, open: boolean, inflateLimit: number) {
    this.#add(blocks, offset, open, inflateLimit, new Set());
  }

  get length(): number {
    return this.#length;
  }

  /** The data in order, in pieces. */
  *pieces(): Generator<Uint8Array> {
    for (const { read } of this.#segments) yield read();
  }

  /** Bytes at a place; fewer at the end. */
  at(offset: number, length: number): Uint8Array {
    const first = this.#segmentAt(offset);
    if (first === null) return new Uint8Array(0);
    const bytes = this.#bytesOf(first).subarray(offset - first.start, offset - first.start + length);
    if (bytes.length === length || offset + bytes.length >= this.#length) return bytes;
    const all = new Uint8Array(length);
    all.set(bytes);
    const rest = this.at(offset + bytes.length, length - bytes.length);
    all.set(rest, bytes.length);
    return all.subarray(0, bytes.length + rest.length);
  }

  #segmentAt(offset: number): Segment | null {
    const cached = this.#cached?.segment;
    if (cached && offset >= cached.start && offset < cached.start + cached.length) return cached;
    let [low, high] = [0, this.#segments.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { start, length } = this.#segments[middle];
      if (offset < start) high = middle;
      else if (offset >= start + length) low = middle + 1;
      else return this.#segments[middle];
    }
    return null;
  }

  #bytesOf(segment: Segment): Uint8Array {
    if (this.#cached?.segment !== segment) this.#cached = { segment, bytes: segment.read() };
    return this.#cached.bytes;
  }

  #add(blocks: Blocks, offset: number, open: boolean, inflateLimit: number, seen: Set<number>): void {
    if (offset === 0) return;
    if (seen.has(offset) || seen.size >= MOST) {
      return blocks.diagnose(`a list of data that comes back to itself`, offset);
    }
    seen.add(offset);
    const head = blocks.head(offset);
    if (head === null) return;
    const { type } = head;
    if (type === "DT" || type === "SD" || type === "RD" || type === "DV") {
      const there = blocks.source.size - head.data;
      // What the file does not have, or, if the last block was not finished, all that it has.
      const length = open && (head.length === 0 || head.length > there) ? there : Math.min(head.length, there);
      if (!open && head.length > there) {
        blocks.diagnose(`${head.length} bytes of data, of which ${there} are there`, offset);
      }
      for (let at = 0; at < length; at += PIECE) {
        const size = Math.min(PIECE, length - at);
        this.#push(size, () => blocks.source.read(head.data + at, size));
      }
    } else if (type === "DZ") this.#compressed(blocks, offset, head, inflateLimit);
    else if (type === "HL") {
      const block = blocks.read(offset, "HL");
      if (block) this.#add(blocks, block.links[0] ?? 0, open, inflateLimit, seen);
    } else if (type === "DL") {
      const block = blocks.read(offset, "DL");
      if (block === null) return;
      const [next, ...parts] = block.links;
      for (const part of parts) this.#add(blocks, part, open, inflateLimit, seen);
      this.#add(blocks, next ?? 0, open, inflateLimit, seen);
    } else blocks.diagnose(`a block ${type} where data should be`, offset);
  }

  /** Two letters of the original type, u8 kind, u8, u32 columns, u64 original length, u64 length, then zlib's bytes. */
  #compressed(
    blocks: Blocks,
    offset: number,
    head: { readonly data: number; readonly length: number },
    inflateLimit: number,
  ): void {
    const bytes = blocks.source.read(head.data, 24);
    if (bytes.length < 24) return blocks.diagnose("a compressed block that is shorter than its header", offset);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 24);
    const [kind, columns] = [view.getUint8(2), view.getUint32(4, true)];
    const [original, compressed] = [Number(view.getBigUint64(8, true)), Number(view.getBigUint64(16, true))];
    if (original > inflateLimit || compressed > head.length || kind > 1) {
      return blocks.diagnose(`a compressed block of kind ${kind} with ${original} bytes in ${compressed}`, offset);
    }
    this.#push(original, () => {
      const data = blocks.source.read(head.data + 24, compressed);
      let inflated: Uint8Array;
      try {
        inflated = zlib().inflateSync(data, { maxOutputLength: Math.max(original, 1) });
      } catch (error) {
        blocks.diagnose(`a block that cannot be inflated: ${error instanceof Error ? error.message : error}`, offset);
        return new Uint8Array(original);
      }
      return kind === 1 ? transposed(inflated, columns) : inflated;
    });
  }

  #push(length: number, read: () => Uint8Array): void {
    if (length === 0) return;
    this.#segments.push({ start: this.#length, length, read });
    this.#length += length;
  }
}

/** Takes back the transposition of a table of bytes with so many columns; what is behind the last row stays. */
function transposed(bytes: Uint8Array, columns: number): Uint8Array {
  if (columns < 2) return bytes;
  const rows = Math.floor(bytes.length / columns);
  const out = bytes.slice();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[row * columns + column] = bytes[column * rows + row];
  }
  return out;
}
