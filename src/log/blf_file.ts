/**
 * The header of a BLF file, with its statistics, and the containers behind it.
 *
 * @module
 */

import type { Zone } from "./format.ts";
import { inflate } from "./inflate.ts";
import type { RandomSource } from "./random.ts";

export const LOGG = 0x47474f4c;
export const LOBJ = 0x4a424f4c;
export const FILE_HEADER = 144;
export const OBJECT_HEADER = 16;
/** The smallest size of an object header that includes the time (version 1), in bytes. */
export const HEADER_V1 = 32;
/** The units of an object's time, by its flags. */
export const TEN_MICROSECONDS = 1;
export const NANOSECONDS = 2;
export const CONTAINER_HEADER = 32;
export const CONTAINER_TYPE = 10;
/** The largest size of a container's contents that is inflated to count them. */
const MOST = 1 << 26;

/** Returns an unsigned 32-bit number. */
export function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>> 0;
}

/** The header of a file that is being written. */
export class BlfHeader {
  /** The start of the times in nanoseconds since 1970, whole milliseconds; null before the first item. */
  startNs: bigint | null = null;
  /** The time of the last object in nanoseconds since 1970; null if it is that of the bytes that were read. */
  lastNs: bigint | null = null;
  fileSize = FILE_HEADER;
  uncompressed = FILE_HEADER;
  /** The number of objects. */
  count = 0;
  /** The header that was read, of a file to append to. */
  #read: Uint8Array | null = null;

  /**
   * Reads the header of a file to append to. If the file was not closed, its statistics are counted again.
   *
   * @throws {RangeError} The file is damaged.
   */
  static of(file: RandomSource, zone: Zone): BlfHeader {
    const header = new BlfHeader();
    const bytes = file.read(0, FILE_HEADER).slice();
    if (bytes.length < FILE_HEADER) return header;
    const view = viewOf(bytes);
    header.#read = bytes;
    header.startNs = readSystemTime(view, 40, zone) ?? 0n;
    const size = view.getUint32(4, true);
    if (Number(view.getBigUint64(16, true)) === file.size && view.getUint32(32, true) > 0) {
      header.fileSize = file.size;
      header.uncompressed = Number(view.getBigUint64(24, true));
      header.count = view.getUint32(32, true);
    } else header.#count(file, size);
    return header;
  }

  bytes(zone: Zone): Uint8Array {
    const bytes = this.#read?.slice() ?? new Uint8Array(FILE_HEADER);
    const view = viewOf(bytes);
    if (this.#read === null) {
      view.setUint32(0, LOGG, true);
      view.setUint32(4, FILE_HEADER, true);
      view.setUint32(8, 4_070_100, true); // the version of Vector's library that defines these objects
      writeSystemTime(view, 40, this.startNs ?? 0n, zone);
    }
    view.setBigUint64(16, BigInt(this.fileSize), true);
    view.setBigUint64(24, BigInt(this.uncompressed), true);
    view.setUint32(32, this.count, true);
    if (this.lastNs !== null || this.#read === null) {
      writeSystemTime(view, 56, this.lastNs ?? this.startNs ?? 0n, zone);
    }
    return bytes;
  }

  /** Counts the objects of a file, up to the first one that is cut off. */
  #count(file: RandomSource, from: number): void {
    let rest = new Uint8Array(0);
    this.fileSize = this.uncompressed = from;
    for (let at = from; at + OBJECT_HEADER <= file.size;) {
      const head = file.read(at, CONTAINER_HEADER);
      const view = viewOf(head);
      const size = view.getUint32(8, true);
      if (view.getUint32(0, true) !== LOBJ || size < OBJECT_HEADER) {
        throw new RangeError(`it is damaged at offset ${at}`);
      }
      if (at + size > file.size) break;
      if (view.getUint32(12, true) !== CONTAINER_TYPE) {
        this.count++;
        this.uncompressed += size;
      } else {
        const data = contentsOf(file.read(at, size), at);
        this.uncompressed += CONTAINER_HEADER + data.length;
        rest = this.#countObjects(joined(rest, data));
      }
      at += size + size % 4;
      this.fileSize = Math.min(at, file.size);
    }
    if (rest.length > 0) throw new RangeError("its last object is incomplete");
  }

  /** Counts the objects in containers; returns the beginning of one that continues in the next container. */
  #countObjects(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const view = viewOf(bytes);
    let at = 0;
    for (;;) {
      // Some kinds of objects are padded, others are not.
      while (at < bytes.length && bytes[at] === 0) at++;
      if (at + OBJECT_HEADER > bytes.length) break;
      const size = view.getUint32(at + 8, true);
      if (view.getUint32(at, true) !== LOBJ || size < OBJECT_HEADER) throw new RangeError("an object in it is damaged");
      if (at + size > bytes.length) break;
      this.count++;
      at += size;
    }
    return bytes.slice(at);
  }
}

function contentsOf(container: Uint8Array, at: number): Uint8Array {
  const data = container.subarray(CONTAINER_HEADER);
  const method = viewOf(container).getUint16(OBJECT_HEADER, true);
  const contents = method === 0
    ? data
    : method === 2
    ? inflate(data, MOST, viewOf(container).getUint32(24, true))
    : `unknown compression ${method}`;
  if (typeof contents !== "string") return contents;
  throw new RangeError(`its container at offset ${at} cannot be inflated: ${contents}`);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A SYSTEMTIME: year, month, day of the week, day, hour, minute, second, millisecond. Null if invalid or unset. */
export function readSystemTime(view: DataView, at: number, zone: Zone): bigint | null {
  const [year, month, , day, hour, minute, second, millisecond] = Array.from(
    { length: 8 },
    (_, i) => view.getUint16(at + 2 * i, true),
  );
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) {
    return null;
  }
  const local = Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
  const ns = zone.fromLocal(BigInt(local) * 1_000_000n);
  return ns < 0n ? null : ns;
}

function writeSystemTime(view: DataView, at: number, ns: bigint, zone: Zone): void {
  if (ns === 0n) return;
  const date = new Date(Number(zone.toLocal(ns) / 1_000_000n));
  const fields = [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDay(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    date.getUTCMilliseconds(),
  ];
  fields.forEach((value, i) => view.setUint16(at + 2 * i, value, true));
}
