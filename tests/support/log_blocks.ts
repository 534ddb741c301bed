/**
 * BLF and MDF 4 files from their parts, for what this library's own writers do not write.
 *
 * @module
 */

import { deflateSync } from "node:zlib";
import { ascii } from "./random.ts";

/** Returns the bytes one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Returns numbers as little-endian bytes: each as [value, bytes]. */
export function little(...numbers: readonly (readonly [value: number, bytes: number])[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(numbers.reduce((sum, [, bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [value, bytes] of numbers) {
    for (let i = 0, rest = value; i < bytes; i++, rest = Math.floor(rest / 256)) out[at++] = rest % 256;
  }
  return out;
}

/** Returns a BLF object with a time of 1 second after the start, padded as in a container. */
export function blfObject(
  type: number,
  fields: Uint8Array,
  version = 1,
  size = 32 + fields.length,
): Uint8Array<ArrayBuffer> {
  const head = little([0x4a424f4c, 4], [32, 2], [version, 2], [size, 4], [type, 4], [2, 4], [0, 4], [1e9, 8]);
  return joined([head, fields, new Uint8Array(fields.length % 4)]);
}

/** Returns a BLF container with the compression method 0 or 2. */
export function blfContainer(method: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = method === 2 ? deflateSync(content, { level: 1 }) : content;
  const size = 32 + data.length;
  return joined([
    little([0x4a424f4c, 4], [16, 2], [1, 2], [size, 4], [10, 4], [method, 2], [0, 6], [content.length, 4], [0, 4]),
    data,
    new Uint8Array(size % 4),
  ]);
}

/** Returns a BLF file of 2020-02-14, 08:51:20. */
export function blfFile(containers: readonly { method: number; content: Uint8Array }[]): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(144);
  header.set(ascii("LOGG"));
  header[4] = 144;
  header.set(little([2020, 2], [2, 2], [5, 2], [14, 2], [8, 2], [51, 2], [20, 2]), 40);
  return joined([header, ...containers.map(({ method, content }) => blfContainer(method, content))]);
}

/** Builds the blocks of an MDF 4 file. */
class Blocks {
  readonly #parts: Uint8Array[] = [];
  #length: number;

  constructor(head: Uint8Array) {
    this.#parts.push(head);
    this.#length = head.length;
  }

  /** Appends a block and returns its offset. */
  add(type: string, links: readonly number[], data: Uint8Array): number {
    const padding = new Uint8Array(-this.#length & 7);
    const at = this.#length + padding.length;
    const length = 24 + 8 * links.length + data.length;
    const head = little([0, 4], [length, 8], [links.length, 8], ...links.map((link) => [link, 8] as const));
    this.#parts.push(padding, joined([Uint8Array.from(ascii(`##${type}`)), head, data]));
    this.#length = at + length;
    return at;
  }

  /** Appends data as one block, compressed if wanted, and returns its offset. */
  data(type: string, content: Uint8Array, { compressed, columns = 0 }: Form): number {
    if (!compressed) return this.add(type, [], content);
    const table = columns < 2 ? content : transposed(content, columns);
    const packed = deflateSync(table);
    const sizes = little([columns < 2 ? 0 : 1, 1], [0, 1], [columns, 4], [content.length, 8], [packed.length, 8]);
    return this.add("DZ", [], joined([Uint8Array.from(ascii(type)), sizes, packed]));
  }

  /** Appends a list of blocks of data. */
  list(parts: readonly number[]): number {
    return this.add("DL", [0, ...parts], little([0, 4], [parts.length, 4], ...parts.map(() => [0, 8] as const)));
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return joined(this.#parts);
  }
}

/** How data is stored: as it is, or compressed, as a table with this many columns. */
interface Form {
  readonly compressed: boolean;
  readonly columns?: number;
}

function transposed(bytes: Uint8Array, columns: number): Uint8Array<ArrayBuffer> {
  const rows = Math.floor(bytes.length / columns);
  const out = bytes.slice();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = bytes[row * columns + column];
  }
  return out;
}

/** Returns the offset of the first data group of an MDF 4 file, and the bytes of its one block of data. */
export function dataGroupOf(file: Uint8Array): { group: number; content: Uint8Array } {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const link = (at: number, index: number) => Number(view.getBigUint64(at + 24 + 8 * index, true));
  const group = link(64, 0);
  return { group, content: file.subarray(link(group, 2) + 24) };
}

/** Returns an MDF 4 file whose data is a list of blocks, of equal size, instead of one block. */
export function withData(
  file: Uint8Array,
  { group, content }: { group: number; content: Uint8Array },
  forms: readonly Form[],
): Uint8Array<ArrayBuffer> {
  const blocks = new Blocks(file);
  const size = Math.ceil(content.length / forms.length);
  const parts = forms.map((form, i) => blocks.data("DT", content.subarray(i * size, (i + 1) * size), form));
  const list = blocks.add("DL", [0, ...parts], little([1, 1], [0, 3], [parts.length, 4], [size, 8]));
  const head = blocks.add("HL", [list], new Uint8Array(8));
  const { bytes } = blocks;
  new DataView(bytes.buffer).setBigUint64(group + 24 + 16, BigInt(head), true);
  return bytes;
}

/** What `mf4File` makes. */
export interface Mf4Parts {
  /** Whether the data of the frames is in a block of its own, or in records between those of the frames. */
  readonly variable: "sorted" | "unsorted";
  /** The data of each frame. */
  readonly frames: readonly Uint8Array[];
  readonly compressed?: boolean;
  /** Whether the values follow all frames, in an unsorted file. Default: each follows its frame. */
  readonly late?: boolean;
  /** Whether the values are in two blocks in turn, in a sorted file. */
  readonly order?: "alternating";
}

/** Returns an MDF 4 file of classic frames 0x123, a second apart, whose data has variable length. */
export function mf4File(
  { variable, frames, compressed = false, late = false, order }: Mf4Parts,
): Uint8Array<ArrayBuffer> {
  const sorted = variable === "sorted";
  const id = joined([
    Uint8Array.from(ascii("MDF     4.11    test    ")),
    little([0, 4], [411, 2]),
    new Uint8Array(34),
    // The header: its six links are set below.
    Uint8Array.from(ascii("##HD")),
    little([0, 4], [104, 8], [6, 8]),
    new Uint8Array(48),
    little([1_581_670_280e9, 8]),
    new Uint8Array(24),
  ]);
  const blocks = new Blocks(id);
  const values = frames.map((frame) => joined([little([frame.length, 4]), frame]));
  let end = 0;
  const offsets = values.map(({ length }) => (end += length) - length);
  const half = frames.length >> 1;
  // In turn the value in the first half and that in the second.
  const turn = (i: number) => order === undefined ? i : i % 2 === 0 ? i >> 1 : half + (i >> 1);
  const records = frames.map((frame, i) => {
    const record = little([i * 1e9, 8], [1, 1], [0x123, 4], [frame.length, 1], [frame.length, 1], [
      offsets[turn(i)],
      8,
    ]);
    return sorted ? record : joined([Uint8Array.of(1), record]);
  });
  const store = sorted && order !== undefined
    ? blocks.list(
      [values.slice(0, half), values.slice(half)].map((part) => blocks.data("SD", joined(part), { compressed })),
    )
    : sorted
    ? blocks.data("SD", joined(values), { compressed })
    : blocks.add("CG", new Array(6).fill(0), little([2, 8], [0, 8], [1, 2], [0, 6], [0, 4], [0, 4]));
  const channel = (
    name: string,
    byte: number,
    bits: number,
    next: number,
    { type = 0, inner = 0, data = 0, conversion = 0 } = {},
  ) => {
    const text = blocks.add("TX", [], Uint8Array.from(ascii(`${name}\0`)));
    const fields = little([type, 1], [type === 2 ? 1 : 0, 1], [type === 1 ? 10 : 0, 1], [0, 1], [byte, 4], [bits, 4]);
    return blocks.add("CN", [next, inner, text, 0, conversion, data, 0, 0], joined([fields, new Uint8Array(60)]));
  };
  const frame = "CAN_DataFrame";
  const data = channel(`${frame}.DataBytes`, 15, 64, 0, { type: 1, data: store });
  const length = channel(`${frame}.DataLength`, 14, 8, data);
  const code = channel(`${frame}.DLC`, 13, 8, length);
  const identifier = channel(`${frame}.ID`, 9, 32, code);
  const bus = channel(`${frame}.BusChannel`, 8, 8, identifier);
  const whole = channel(frame, 8, 120, 0, { inner: bus });
  const factor = new Uint8Array(40);
  factor[0] = 1;
  new DataView(factor.buffer).setFloat64(32, 1e-9, true);
  const conversion = blocks.add("CC", [0, 0, 0, 0], factor);
  const time = channel("Timestamp", 0, 64, whole, { type: 2, conversion });
  const group = blocks.add(
    "CG",
    [sorted ? 0 : store, time, 0, 0, 0, 0],
    little([1, 8], [frames.length, 8], [6, 2], [46, 2], [0, 4], [23, 4], [0, 4]),
  );
  const valueRecords = values.map((value) => joined([Uint8Array.of(2), value]));
  const mixed = late ? [...records, ...valueRecords] : records.flatMap((record, i) => [record, valueRecords[i]]);
  const content = blocks.data("DT", joined(sorted ? records : mixed), { compressed });
  const first = blocks.add("DG", [0, group, content, 0], little([sorted ? 0 : 1, 1], [0, 7]));
  const { bytes } = blocks;
  new DataView(bytes.buffer).setBigUint64(64 + 24, BigInt(first), true);
  return bytes;
}
