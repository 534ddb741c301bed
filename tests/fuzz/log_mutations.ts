/**
 * Changes to log files that a damaged disk, a careless program or an enemy could make. They know what the formats are made
 * of: numbers of every size and both byte orders, links between blocks, compressed parts, whose content is changed and
 * compressed again, and the words of lines.
 *
 * @module
 */

import { deflateSync, inflateSync } from "node:zlib";
import { blfContainer, joined, little } from "../support/log_blocks.ts";
import { ascii, type Below, oneOf } from "../support/random.ts";

/** Numbers that are most likely to break lengths and offsets. */
const numbers = [0n, 1n, 2n, 7n, 8n, 15n, 16n, 24n, 0x7fn, 0x80n, 0xffn, 0xffffn, 0x7fffffffn, 0x80000000n]
  .concat([0xffffffffn, 1n << 32n, 1n << 53n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n]);

/** Words that are most likely to break lines. */
const words = [
  ..."0|1|9|-1|-0|00|4294967296|18446744073709551616|9007199254740993|20240000000.000001|-5.000000|1e308|1e-9|NaN"
    .split("|"),
  ..."Infinity|0x|0xFFFFFFFFFF|7FF|800|1FFFFFFF|20000000|FFFFFFFF|123x|R|T|Rx|Tx|TxRq|d|r|RTR|##|#|_9|45123#81".split(
    "|",
  ),
  ...'null|true|{}|[]|[1,2]|""|"|\'|(|)|(1.5)|:|;|,|,,|.|..|\t|ErrorFrame|CANFD|CANXL|XLFF|Statistic:|DT|FD|FB|BI'
    .split("|"),
  ..."any|can0|can254|can255|[8]|[64]|remote request|// x|;$COLUMNS=O,I,L|;$STARTTIME=9999999.9|base dec".split("|"),
  ..."timestamps relative|CXX|1R11|AAECAw==|A===|é|\u{1f697}|\ud800|\ufeff|\u2028|\0|\x1b[0m".split("|"),
].map((word) => new TextEncoder().encode(word));

const lineEnds = ["\n", "\r\n", "\r", "\n\n", "\n\r", "\0\n"].map((end) => Uint8Array.from(ascii(end)));

type Change = (bytes: Uint8Array, below: Below) => Uint8Array;

/** Changes to any bytes. */
const general: readonly Change[] = [
  (bytes, below) => set(bytes, below(bytes.length), below(256)),
  (bytes, below) => {
    const at = below(bytes.length);
    return set(bytes, at, bytes[at] ^ 1 << below(8));
  },
  (bytes, below) => bytes.subarray(0, below(bytes.length)),
  (bytes, below) => spliced(bytes, below(bytes.length), 1 + below(16), []),
  (bytes, below) => {
    const at = below(bytes.length);
    return spliced(bytes, at, 0, bytes.subarray(at, at + 1 + below(64)));
  },
  (bytes, below) => spliced(bytes, below(bytes.length), 0, new Uint8Array(1 + below(40)).fill(below(256))),
  (bytes, below) => {
    const [one, other, length] = [below(bytes.length), below(bytes.length), 1 + below(32)];
    const copy = bytes.slice();
    copy.copyWithin(one, other, other + length);
    return copy;
  },
];

/** Changes to the numbers of binary files. */
const binary: readonly Change[] = [
  // A number, of any size, in either order, at a place where files have numbers.
  (bytes, below) => {
    const size = oneOf(below, 1, 2, 4, 8);
    const at = below(bytes.length) & -Math.min(size, 4);
    const length = BigInt(bytes.length);
    const value = oneOf(below, ...numbers, length, length - 1n, length + 1n, BigInt(below(bytes.length)));
    const number = little([Number(value & 0xffffffffn), 4], [Number(value >> 32n & 0xffffffffn), 4]).subarray(0, size);
    return overwritten(bytes, at, below(4) === 0 ? number.reverse() : number);
  },
  // A number that is a little larger or smaller, as a length that misses something.
  (bytes, below) => {
    const at = below(bytes.length) & ~3;
    return set(bytes, at, bytes[at] + oneOf(below, -8, -4, -1, 1, 4, 8, 32));
  },
];

/** Changes to the lines of text files. */
const textual: readonly Change[] = [
  (bytes, below) => {
    const [from, to] = wordAt(bytes, below(bytes.length));
    return spliced(bytes, from, to - from, oneOf(below, ...words));
  },
  (bytes, below) => spliced(bytes, below(bytes.length), 0, oneOf(below, ...words)),
  (bytes, below) => {
    const at = bytes.indexOf(10, below(bytes.length));
    return at < 0 ? bytes : spliced(bytes, at, 1, oneOf(below, ...lineEnds));
  },
  // A line more than once, or without its end.
  (bytes, below) => {
    const [from, to] = lineAt(bytes, below(bytes.length));
    const line = bytes.subarray(from, to);
    return spliced(bytes, from, 0, joined(Array.from({ length: 1 + below(3) }, () => line)));
  },
  (bytes, below) => {
    const [from, to] = lineAt(bytes, below(bytes.length));
    return spliced(bytes, from + below(to - from + 1), to - from, []);
  },
  // A digit more or less.
  (bytes, below) => {
    const [from, to] = wordAt(bytes, below(bytes.length));
    return below(2) === 0
      ? spliced(bytes, from, 1, [])
      : spliced(bytes, to, 0, ascii(oneOf(below, "0", "9", "F", ".")));
  },
];

/** Changes that know where in a BLF file the containers are, and what is in them. */
const blf: Change = (bytes, below) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const containers = occurrences(bytes, "LOBJ").filter((at) =>
    at + 32 < bytes.length && view.getUint32(at + 12, true) === 10
  );
  if (containers.length === 0) return bytes;
  const at = oneOf(below, ...containers);
  const size = view.getUint32(at + 8, true);
  const method = view.getUint16(at + 16, true);
  const stored = bytes.subarray(at + 32, at + size);
  const content = method === 2 ? inflated(stored) : stored;
  if (content === null || content.length === 0) return bytes;
  const changed = changedBy(content, below, [...general, ...binary, ...binary]);
  const container = blfContainer(oneOf(below, 0, 2, 2), changed);
  if (below(4) > 0) return spliced(bytes, at, size + size % 4, container);
  // In two containers, between which an object is divided.
  const half = below(changed.length);
  const two = [blfContainer(2, changed.subarray(0, half)), blfContainer(2, changed.subarray(half))];
  return spliced(bytes, at, size + size % 4, joined(two));
};

/** Changes that know the blocks of an MDF 4 file: a link to another block, to itself or to the middle; compressed data. */
const mf4: Change = (bytes, below) => {
  const blocks = occurrences(bytes, "##").filter((at) => at + 32 <= bytes.length);
  if (blocks.length === 0) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packed = occurrences(bytes, "##DZ").filter((at) => at + 48 < bytes.length);
  if (packed.length > 0 && below(2) === 0) {
    const at = oneOf(below, ...packed);
    const content = inflated(bytes.subarray(at + 48, at + Number(view.getBigUint64(at + 8, true) & 0xffffffn)));
    if (content === null || content.length === 0) return bytes;
    const data = deflateSync(changedBy(content, below, [...general, ...binary]), { level: 1 });
    // At the end of the file, where it may be longer than before; a link leads there.
    const head = bytes.slice(at, at + 48);
    head.set(little([48 - 24 + 24 + data.length, 8]), 8);
    head.set(little([data.length, 8]), 40);
    const place = -bytes.length & 7;
    const out = joined([bytes, new Uint8Array(place), head, data]);
    return relinked(out, at, bytes.length + place);
  }
  const at = oneOf(below, ...blocks);
  const links = Number(view.getBigUint64(at + 16, true) & 0xfffn);
  const to = oneOf(below, oneOf(below, ...blocks), oneOf(below, ...blocks), at, 0, below(bytes.length), bytes.length);
  return overwritten(bytes, at + 24 + 8 * below(Math.max(links, 1)), little([to, 8]));
};

/** Makes all links to a block lead elsewhere. */
function relinked(bytes: Uint8Array<ArrayBuffer>, from: number, to: number): Uint8Array {
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    if (view.getUint32(at, true) === from && view.getUint32(at + 4, true) === 0) view.setUint32(at, to, true);
  }
  return bytes;
}

/** Returns a copy of a file with one to four changes, or its beginning with the end of another file of the format. */
export function mutated(format: string, file: Uint8Array, other: Uint8Array, below: Below): Uint8Array {
  const isText = !["blf", "mf4", "pcap", "pcapng", "sqlite"].includes(format);
  const own = isText
    ? textual
    : format === "blf"
    ? [blf, blf, ...binary]
    : format === "mf4"
    ? [mf4, mf4, ...binary]
    : binary;
  let bytes = file;
  if (below(8) === 0 && file.length > 0) {
    const at = below(file.length);
    bytes = joined([
      file.subarray(0, at),
      other.subarray(isText ? below(other.length + 1) : Math.min(at, other.length)),
    ]);
  }
  return changedBy(bytes, below, [...general, ...own, ...own]);
}

function changedBy(bytes: Uint8Array, below: Below, changes: readonly Change[]): Uint8Array {
  for (let count = 1 + below(4); count > 0 && bytes.length > 0; count--) bytes = oneOf(below, ...changes)(bytes, below);
  return bytes;
}

function inflated(bytes: Uint8Array): Uint8Array | null {
  try {
    return new Uint8Array(inflateSync(bytes, { maxOutputLength: 1 << 20 }));
  } catch (error) {
    // An earlier change has already damaged it.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** The offsets of a text in the bytes. */
function occurrences(bytes: Uint8Array, text: string): number[] {
  const wanted = ascii(text);
  const found: number[] = [];
  for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) found.push(at);
  }
  return found;
}

/** The word at an offset: up to a character that separates words in some format. */
function wordAt(bytes: Uint8Array, at: number): [from: number, to: number] {
  const ends = (byte: number) => byte <= 32 || [0x23, 0x28, 0x29, 0x2c, 0x3a, 0x3b, 0x5b, 0x5d].includes(byte);
  let [from, to] = [at, at];
  while (from > 0 && !ends(bytes[from - 1])) from--;
  while (to < bytes.length && !ends(bytes[to])) to++;
  return [from, to];
}

function lineAt(bytes: Uint8Array, at: number): [from: number, to: number] {
  const end = bytes.indexOf(10, at);
  return [bytes.lastIndexOf(10, at - 1) + 1, end < 0 ? bytes.length : end + 1];
}

function set(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

function overwritten(bytes: Uint8Array, at: number, values: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(values.subarray(0, Math.max(copy.length - at, 0)), Math.min(at, copy.length));
  return copy;
}

function spliced(bytes: Uint8Array, at: number, remove: number, insert: ArrayLike<number>): Uint8Array {
  const rest = bytes.subarray(at + remove);
  const out = new Uint8Array(at + insert.length + rest.length);
  out.set(bytes.subarray(0, at));
  out.set(insert, at);
  out.set(rest, at + insert.length);
  return out;
}
