/**
 * The bits of signals in the data of a message.
 *
 * Data is read as 32-bit words, in which most signals are two shifts away. Words are kept in the order in which the bits of
 * signals go on: from the first to the last for little-endian ones, from the last to the first for big-endian ones, whose bits
 * count from the other end. So one formula serves for both.
 *
 * @module
 */

import { halfOfNumber, numberOfHalf } from "./half.ts";
import type { Signal } from "./model.ts";

// How the bits of a signal stand for its raw value.

/** A whole number of at most 32 bits. */
const UNSIGNED = 0;
const SIGNED = 1;
/** A whole number of 33 to 64 bits. */
const LONG_UNSIGNED = 2;
const LONG_SIGNED = 3;
/** An IEEE 754 number of 16, 32 or 64 bits. */
const HALF = 4;
const SINGLE = 5;
const DOUBLE = 6;

// A place is where the bits of a signal are, in one number, which is faster to read than several: the kind from above; the
// distance of the least significant bit from that of its word; how many bits the last word has beyond the signal; the index of
// the word with the least significant bit. The bits above a distance need not be cleared: shifts ignore them.
const KIND_MASK = 7;
const SHIFT_AT = 3;
const SPARE_AT = 8;
const WORD_AT = 13;
const MOST_WORDS = 2 ** (31 - WORD_AT) - 2;

/** Returns the place of each bit of a signal in a message, counted as `start` is, from the least significant one on. */
export function bitsOf(signal: Signal): number[] {
  const { start, length, byteOrder } = signal;
  if (byteOrder === "little-endian") return Array.from({ length }, (_, i) => start + i);
  const last = firstBit(signal) + length - 1;
  return Array.from({ length }, (_, i) => startOfOffset(last - i, byteOrder));
}

/**
 * Returns the start bit, as in a DBC, of a signal whose bits are counted from its first one on: within each byte from the least
 * significant bit up in a little-endian signal, from the most significant bit down in a big-endian one. KCD and SYM do so.
 */
export function startOfOffset(offset: number, byteOrder: Signal["byteOrder"]): number {
  return byteOrder === "little-endian" ? offset : offset ^ 7;
}

/** The distance of a signal from the beginning of the message in bits, counted in the order of the signal. */
function firstBit({ start, byteOrder }: Signal): number {
  return startOfOffset(start, byteOrder); // its own inverse
}

/** The number of bytes that a message must have for a signal to be in it. */
export function endOf(signal: Signal): number {
  return ((firstBit(signal) + signal.length - 1) >>> 3) + 1;
}

/** The words of a message in which signals have bits. */
export class Words {
  /** The words for little-endian signals, those for big-endian ones from the last to the first, and two that mean nothing. */
  readonly words: Int32Array;
  /** Which word of the message each one is. */
  readonly #indexes: Int32Array;
  /** The number of words for little-endian signals. */
  readonly #littleCount: number;

  /**
   * @param signals The signals that will be read.
   * @throws {RangeError} They are in more than 262,142 words.
   */
  constructor(signals: readonly Signal[]) {
    const little = new Set<number>();
    const big = new Set<number>();
    for (const signal of signals) {
      const first = firstBit(signal);
      const last = first + signal.length - 1;
      for (let i = first >>> 5; i <= last >>> 5; i++) (signal.byteOrder === "little-endian" ? little : big).add(i);
    }
    this.#littleCount = little.size;
    this.#indexes = Int32Array.from([...[...little].sort(ascending), ...[...big].sort(ascending).reverse()]);
    if (this.#indexes.length > MOST_WORDS) {
      throw new RangeError(`A message has signals in more than ${MOST_WORDS} words`);
    }
    this.words = new Int32Array(this.#indexes.length + 2);
  }

  /** Returns the place of a signal. */
  place(signal: Signal): number {
    const { length, byteOrder, isFloat, isSigned } = signal;
    const kind = isFloat
      ? length === 16 ? HALF : length === 32 ? SINGLE : DOUBLE
      : (length > 32 ? LONG_UNSIGNED : UNSIGNED) + (isSigned ? 1 : 0);
    const isLittle = byteOrder === "little-endian";
    const least = isLittle ? firstBit(signal) : firstBit(signal) + length - 1;
    const word = isLittle ? this.#indexes.indexOf(least >>> 5) : this.#indexes.indexOf(least >>> 5, this.#littleCount);
    const shift = isLittle ? least & 31 : ~least & 31;
    return kind | (shift << SHIFT_AT) | ((-length & 31) << SPARE_AT) | (word << WORD_AT);
  }

  /** Takes the data of a message, which may be shorter than its signals need. */
  load(data: Uint8Array): void {
    const indexes = this.#indexes;
    for (let i = 0; i < indexes.length; i++) {
      const at = 4 * indexes[i];
      const word = at + 4 <= data.length
        ? data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24)
        : lastWord(data, at);
      this.words[i] = i < this.#littleCount ? word : swapped(word);
    }
  }

  /**
   * Takes the words of a message, in which the bytes beyond its data are 0.
   *
   * @param more The words after the first two; null if there are none.
   */
  loadWords(word0: number, word1: number, more: readonly number[] | null): void {
    const indexes = this.#indexes;
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i];
      const word = index === 0
        ? word0
        : index === 1
        ? word1
        : more !== null && index - 2 < more.length
        ? more[index - 2]
        : 0;
      this.words[i] = i < this.#littleCount ? word : swapped(word);
    }
  }
}

function ascending(one: number, other: number): number {
  return one - other;
}

/** Returns a word of which not all bytes are in the data. */
function lastWord(data: Uint8Array, at: number): number {
  let word = 0;
  for (let i = at; i < data.length; i++) word |= data[i] << (8 * (i - at));
  return word;
}

/** Returns a word with its bytes in the other order. */
function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

const view = new DataView(new ArrayBuffer(8));

/** Returns the raw value at a place: of a whole number of more than 53 bits the nearest number. */
export function numberAt(words: Int32Array, place: number): number {
  const kind = place & KIND_MASK;
  if (kind > SIGNED) return rareAt(words, place, kind);
  const low = lowAt(words, place);
  const spare = place >> SPARE_AT;
  return kind === UNSIGNED ? low << spare >>> spare : low << spare >> spare;
}

/** Returns the first 32 bits, from the least significant one on, those beyond the signal included. */
function lowAt(words: Int32Array, place: number): number {
  const shift = place >> SHIFT_AT;
  const word = place >> WORD_AT;
  return (words[word] >>> shift) | (words[word + 1] << 1 << ~shift);
}

/** Returns the next 32 bits. */
function highAt(words: Int32Array, place: number): number {
  return lowAt(words, place + (1 << WORD_AT));
}

function rareAt(words: Int32Array, place: number, kind: number): number {
  const low = lowAt(words, place);
  const high = highAt(words, place);
  const spare = place >> SPARE_AT;
  switch (kind) {
    case LONG_UNSIGNED:
      return (high << spare >>> spare) * 2 ** 32 + (low >>> 0);
    case LONG_SIGNED:
      return (high << spare >> spare) * 2 ** 32 + (low >>> 0);
    case HALF:
      return numberOfHalf(low & 0xffff);
    case SINGLE:
      view.setInt32(0, low);
      return view.getFloat32(0);
    default:
      view.setInt32(0, high);
      view.setInt32(4, low);
      return view.getFloat64(0);
  }
}

/** Returns the raw value at a place, of a whole number of more than 32 bits. */
export function bigintAt(words: Int32Array, place: number): bigint {
  const spare = place >> SPARE_AT;
  const high = highAt(words, place) << spare;
  const isSigned = (place & KIND_MASK) === LONG_SIGNED;
  view.setInt32(0, isSigned ? high >> spare : high >>> spare);
  view.setInt32(4, lowAt(words, place));
  return isSigned ? view.getBigInt64(0) : view.getBigUint64(0);
}

/** Writes a raw value, of which only the bits of the signal count, into the data of a message. */
export function writeRaw(data: Uint8Array, signal: Signal, raw: number | bigint): void {
  if (signal.isFloat) writeFloat(Number(raw), signal.length);
  else view.setBigInt64(0, BigInt.asIntN(64, BigInt(raw)));
  const high = view.getInt32(0);
  const low = view.getInt32(4);
  for (const [i, bit] of bitsOf(signal).entries()) {
    const isSet = (i < 32 ? low >>> i : high >>> (i - 32)) & 1;
    data[bit >> 3] = (data[bit >> 3] & ~(1 << (bit & 7))) | (isSet << (bit & 7));
  }
}

/** Puts a number of 16, 32 or 64 bits at the end of the view. */
function writeFloat(value: number, length: number): void {
  if (length === 64) view.setFloat64(0, value);
  else if (length === 32) view.setFloat32(4, value);
  else view.setInt32(4, halfOfNumber(value));
}
