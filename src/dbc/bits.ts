/**
 * The bits of signals in the data of a message.
 *
 * Data is read as 32-bit words, in which most signals are a shift and a mask away. A message has its words twice: in the
 * order of little-endian signals, and in that of big-endian ones, whose bits count from the other end. In either, a
 * signal that does not end with its word goes on in the next one of the array, so that one formula serves for both.
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

/** Longer whole numbers are bigints. */
export const NUMBER_BITS = 53;

// A place is where the bits of a signal are, in one number, which is faster to read than several: the kind from above; the
// distance of the least significant bit from that of its word; how many bits the last word has beyond the signal; the index of
// the word with the least significant bit. The bits above a distance need not be cleared: shifts ignore them.
const KIND_MASK = 7;
const SHIFT_AT = 3;
const SPARE_AT = 8;
const WORD_AT = 13;

/** Returns the place of each bit of a signal in a message, counted as `start` is, from the least significant one on. */
export function bitsOf({ start, length, byteOrder }: Signal): number[] {
  if (byteOrder === "little-endian") return Array.from({ length }, (_, i) => start + i);
  const bits = [start];
  while (bits.length < length) {
    const last = bits[bits.length - 1];
    bits.push((last & 7) === 0 ? last + 15 : last - 1);
  }
  return bits.reverse();
}

/** The number of bytes that a message must have for a signal to be in it. */
export function endOf(signal: Signal): number {
  const { start, length, byteOrder } = signal;
  const last = byteOrder === "little-endian" ? start + length - 1 : (start ^ 7) + length - 1;
  return (last >> 3) + 1;
}

/** The words of a message. */
export class Words {
  /** The words in little-endian order, two of zeros, those in big-endian order from the last to the first, two of zeros. */
  readonly words: Int32Array;
  readonly #count: number;
  /** The index of the first one in big-endian order. */
  readonly #first: number;
  readonly #hasLittle: boolean;
  readonly #hasBig: boolean;

  /** @param signals The signals that will be read. */
  constructor(signals: readonly Signal[]) {
    this.#count = (Math.max(0, ...signals.map(endOf)) + 3) >> 2;
    this.#first = 2 * this.#count + 1;
    this.words = new Int32Array(2 * this.#count + 4);
    this.#hasLittle = signals.some(({ byteOrder }) => byteOrder === "little-endian");
    this.#hasBig = signals.some(({ byteOrder }) => byteOrder === "big-endian");
  }

  /** Returns the place of a signal. */
  place({ start, length, byteOrder, isFloat, isSigned }: Signal): number {
    const kind = isFloat
      ? length === 16 ? HALF : length === 32 ? SINGLE : DOUBLE
      : (length > 32 ? LONG_UNSIGNED : UNSIGNED) + (isSigned ? 1 : 0);
    const isLittle = byteOrder === "little-endian";
    const last = (start ^ 7) + length - 1; // of a big-endian signal, from the first byte's most significant bit
    const word = isLittle ? start >> 5 : this.#first - (last >> 5);
    const shift = isLittle ? start & 31 : ~last & 31;
    return kind | (shift << SHIFT_AT) | ((-length & 31) << SPARE_AT) | (word << WORD_AT);
  }

  /** Takes the data of a message, which may be shorter than its signals need. */
  load(data: Uint8Array): void {
    const { words } = this;
    const count = this.#count;
    const first = this.#first;
    const whole = Math.min(count, data.length >> 2);
    for (let i = 0, at = 0; i < whole; i++, at += 4) {
      const word = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24);
      if (this.#hasLittle) words[i] = word;
      if (this.#hasBig) words[first - i] = swapped(word);
    }
    for (let i = whole; i < count; i++) {
      let word = 0;
      for (let at = 4 * i; at < data.length && at < 4 * i + 4; at++) word |= data[at] << (8 * (at & 3));
      words[i] = word;
      words[first - i] = swapped(word);
    }
  }

  /**
   * Takes the words of a message, in which the bytes beyond its data are 0.
   *
   * @param more The words after the first two; null if there are none.
   */
  loadWords(word0: number, word1: number, more: readonly number[] | null): void {
    const { words } = this;
    const count = this.#count;
    const first = this.#first;
    for (let i = 0; i < count; i++) {
      const word = i === 0 ? word0 : i === 1 ? word1 : more !== null && i - 2 < more.length ? more[i - 2] : 0;
      if (this.#hasLittle) words[i] = word;
      if (this.#hasBig) words[first - i] = swapped(word);
    }
  }
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
