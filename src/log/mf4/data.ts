/**
 * The data of a data group: one block or a list of blocks, which may be compressed.
 *
 * @module
 */

import { inflate } from "../inflate.ts";
import type { Blocks } from "./blocks.ts";

/** A contiguous part of the data. */
interface Segment {
  /** The offset of the segment in the data. */
  readonly start: number;
  /** The offset of its block in the file. */
  readonly place: number;
  readonly length: number;
  /** Returns fewer bytes than `length`, after reporting why, if the rest cannot be read. */
  readonly read: () => Uint8Array;
}

/** A part of the data, as `GroupData.pieces` yields it. */
export interface Piece {
  /** The offset of the piece in the data. */
  readonly start: number;
  /** The offset in the file of the block that contains it. */
  readonly place: number;
  readonly bytes: Uint8Array;
  /** Whether bytes that cannot be read follow. */
  readonly gap: boolean;
}

/** The number of bytes of an uncompressed block to read at once. */
const PIECE = 1 << 16;
/** How often the same data may be read by `at`. */
const MOST_READ = 64;
/** The largest number of blocks in one group. */
const MOST = 1 << 20;

/** Random and sequential access to the data, across all of its blocks. */
export class GroupData {
  readonly #segments: Segment[] = [];
  #length = 0;
  /** The bytes read by `at` so far. */
  #read = 0;
  #cached: { segment: Segment; bytes: Uint8Array } | null = null;

  /**
   * @param offset The offset of the first block of data in the file; 0 for no data.
   * @param open Whether the file was not finished: its last block may be longer than stated.
   * @param inflateLimit The largest uncompressed size of one compressed block in bytes.
   */
  constructor(blocks: Blocks, offset: number, open: boolean, inflateLimit: number) {
    const seen = new Set<number>();
    // A stack of its own instead of recursion: a chain of blocks may be longer than the call stack is deep.
    const pending = [offset];
    while (pending.length > 0) {
      const next = pending.pop()!;
      if (next === 0) continue;
      for (const each of this.#add(blocks, next, open, inflateLimit, seen).reverse()) pending.push(each);
    }
  }

  /** The size of the data in bytes. */
  get length(): number {
    return this.#length;
  }

  /** Yields the data in order, piece by piece. */
  *pieces(): Generator<Piece> {
    for (const { start, place, length, read } of this.#segments) {
      const bytes = read();
      yield { start, place, bytes, gap: bytes.length < length };
    }
  }

  /** Returns up to `length` bytes at an offset in the data; fewer at its end, or where it cannot be read. */
  at(offset: number, length: number): Uint8Array {
    let found = this.#from(offset).subarray(0, length);
    while (found.length < length) {
      const more = this.#from(offset + found.length).subarray(0, length - found.length);
      if (more.length === 0) break;
      const all = new Uint8Array(found.length + more.length);
      all.set(found);
      all.set(more, found.length);
      found = all;
    }
    return found;
  }

  /** Returns the bytes from an offset to the end of its segment. */
  #from(offset: number): Uint8Array {
    const segment = this.#segmentAt(offset);
    return segment === null ? new Uint8Array(0) : this.#bytesOf(segment).subarray(offset - segment.start);
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
    if (this.#cached?.segment !== segment) {
      this.#read += segment.length;
      // Values follow each other; what is read once for each of them would take hours.
      if (this.#read > MOST_READ * this.#length) return new Uint8Array(0);
      this.#cached = { segment, bytes: segment.read() };
    }
    return this.#cached.bytes;
  }

  /** Adds the data of a block. Returns the offsets of the blocks that a list refers to, in order. */
  #add(blocks: Blocks, offset: number, open: boolean, inflateLimit: number, seen: Set<number>): number[] {
    if (seen.has(offset) || seen.size >= MOST) {
      blocks.diagnose("list of data blocks forms a loop or is too long", offset);
      return [];
    }
    seen.add(offset);
    const head = blocks.head(offset);
    if (head === null) return [];
    const { type } = head;
    if (type === "DT" || type === "SD" || type === "RD" || type === "DV") {
      const there = blocks.source.size - head.data;
      // In an unfinished file the last block extends to the end of the file.
      const length = open && (head.length === 0 || head.length > there) ? there : Math.min(head.length, there);
      if (!open && head.length > there) {
        blocks.diagnose(`block of ${head.length} bytes of data is truncated to ${Math.max(there, 0)}`, offset);
      }
      if (length > 0 && !blocks.claim(length, offset)) return [];
      for (let at = 0; at < length; at += PIECE) {
        const size = Math.min(PIECE, length - at);
        this.#push(offset, size, () => blocks.source.read(head.data + at, size));
      }
    } else if (type === "DZ") this.#compressed(blocks, offset, head, inflateLimit);
    else if (type === "HL") {
      const block = blocks.read(offset, "HL");
      return block ? block.links.slice(0, 1) : [];
    } else if (type === "DL") {
      const block = blocks.read(offset, "DL");
      if (block === null) return [];
      const [next, ...parts] = block.links;
      return next === undefined ? parts : [...parts, next];
    } else blocks.diagnose(`block ${type} instead of data`, offset);
    return [];
  }

  /** Adds a DZ block: type of the original block (2 letters), u8 method, u8, u32 columns, u64 original length, u64
   * compressed length, zlib data. */
  #compressed(
    blocks: Blocks,
    offset: number,
    head: { readonly data: number; readonly length: number },
    inflateLimit: number,
  ): void {
    const bytes = blocks.source.read(head.data, 24);
    if (bytes.length < 24) return blocks.diagnose("compressed block is shorter than its header", offset);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 24);
    const [kind, columns] = [view.getUint8(2), view.getUint32(4, true)];
    const [original, compressed] = [Number(view.getBigUint64(8, true)), Number(view.getBigUint64(16, true))];
    if (original > inflateLimit || compressed > head.length || kind > 1) {
      return blocks.diagnose(
        `invalid compressed block: method ${kind}, ${original} bytes compressed to ${compressed}`,
        offset,
      );
    }
    if (!blocks.claim(compressed, offset)) return;
    this.#push(offset, original, () => {
      const data = blocks.source.read(head.data + 24, compressed);
      const inflated = inflate(data, Math.max(original, 1), original);
      if (typeof inflated === "string") {
        blocks.diagnose(`compressed block cannot be inflated: ${inflated}`, offset);
        return new Uint8Array(0);
      }
      if (inflated.length < original) {
        blocks.diagnose(`compressed block inflates to ${inflated.length} bytes instead of ${original}`, offset);
        // The rows of a transposed table can be found only if all of it is there.
        if (kind === 1) return new Uint8Array(0);
      }
      return kind === 1 ? transposed(inflated, columns) : inflated;
    });
  }

  #push(place: number, length: number, read: Segment["read"]): void {
    if (length === 0) return;
    this.#segments.push({ start: this.#length, place, length, read });
    this.#length += length;
  }
}

/** Reverses the transposition of a table of bytes with `columns` columns. Bytes after the last whole row are unchanged. */
function transposed(bytes: Uint8Array, columns: number): Uint8Array {
  if (columns < 2) return bytes;
  const rows = Math.floor(bytes.length / columns);
  const out = bytes.slice();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[row * columns + column] = bytes[column * rows + row];
  }
  return out;
}
