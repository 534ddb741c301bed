/**
 * Signals and messages of databases for tests, and a slow second way to read their bits.
 *
 * @module
 */

import { draftMessage, draftSignal } from "../../src/dbc/draft.ts";
import type { DatabaseMessage, Signal } from "../../src/dbc/model.ts";
import { type Below, oneOf } from "./random.ts";

/** What a signal in a test has beside the defaults. */
export type SignalInit = Partial<Signal> & Pick<Signal, "name" | "start" | "length">;

/** Returns a message with some signals; by default of 8 bytes. */
export function messageOf(
  signals: readonly SignalInit[],
  given: Partial<Omit<DatabaseMessage, "signals">> = {},
): DatabaseMessage {
  const { name = "M", frameId = 1, isExtendedId = false, length = 8 } = given;
  const message = draftMessage({ name, frameId, isExtendedId, length });
  return { ...message, ...given, signals: signals.map(draftSignal) };
}

/** Returns the bytes of a text in hexadecimal, such as "12 34". */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/gi) ?? [], (byte) => parseInt(byte, 16));
}

/**
 * Returns the bits of a signal as text, the most significant one first. Little-endian signals are read off a text of the bits
 * that begins with the last byte, big-endian ones off one that begins with the first.
 */
export function bitText(data: Uint8Array, { start, length, byteOrder }: Signal): string {
  const bytes = Array.from(data, (byte) => byte.toString(2).padStart(8, "0"));
  if (byteOrder === "little-endian") {
    const text = bytes.reverse().join("");
    return text.slice(text.length - start - length, text.length - start);
  }
  const first = bytes.slice(0, start >> 3).join("").length + 7 - (start % 8);
  return bytes.join("").slice(first, first + length);
}

/** Returns the index of the last byte that has a bit of a signal. */
export function lastByte({ start, length, byteOrder }: Signal): number {
  const first = byteOrder === "little-endian" ? start : 8 * Math.floor(start / 8) + 7 - (start % 8);
  return Math.floor((first + length - 1) / 8);
}

/** Returns the raw value of a signal, worked out from the text of its bits. */
export function referenceRaw(data: Uint8Array, signal: Signal): number | bigint {
  const text = bitText(data, signal);
  if (signal.isFloat) return floatOfText(text);
  const unsigned = BigInt(`0b${text}`);
  const value = signal.isSigned && text[0] === "1" ? unsigned - 2n ** BigInt(text.length) : unsigned;
  return signal.length > 53 ? value : Number(value);
}

/** By the definition of IEEE 754. */
function floatOfText(text: string): number {
  const exponentBits = { 16: 5, 32: 8, 64: 11 }[text.length]!;
  const sign = text[0] === "1" ? -1 : 1;
  const exponent = parseInt(text.slice(1, 1 + exponentBits), 2);
  const fraction = parseInt(text.slice(1 + exponentBits), 2) / 2 ** (text.length - 1 - exponentBits);
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 * bias + 1) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** Makes a signal of any length, start, order and sign that is within a number of bytes. */
export function randomSignal(below: Below, name: string, bytes: number): SignalInit {
  const fits = Math.min(64, 8 * bytes);
  const isFloat = below(8) === 0 && fits >= 16;
  const length = isFloat ? oneOf(below, ...[16, 32, 64].filter((bits) => bits <= fits)) : 1 + below(fits);
  return signalAt(below, name, below(8 * bytes - length + 1), length, { isFloat, isLittle: below(2) === 0 });
}

/** Makes a signal at a distance from the first bit of the message, counted in the order of the signal. */
function signalAt(
  below: Below,
  name: string,
  at: number,
  length: number,
  { isFloat, isLittle }: { isFloat: boolean; isLittle: boolean },
): SignalInit {
  return {
    name,
    length,
    isFloat,
    byteOrder: isLittle ? "little-endian" : "big-endian",
    start: isLittle ? at : 8 * (at >> 3) + 7 - (at & 7),
    isSigned: below(2) === 0,
    scale: oneOf(below, 1, 1, 2, -1, 0.1, 0.125, 1e-3, -2.5),
    offset: oneOf(below, 0, 0, -40, 100, 0.5),
  };
}

/**
 * Makes signals that lie side by side, with gaps, in a number of bytes. Some are multiplexers, of which each value selects
 * other signals for the bits behind it, which may be multiplexers again. Up to some byte they are little-endian.
 */
export function randomLayout(below: Below, bytes: number): SignalInit[] {
  const signals: SignalInit[] = [];
  const border = 8 * below(bytes + 1);
  const fill = (from: number, end: number, depth: number, multiplexer: Signal["multiplexer"]): void => {
    const isLittle = from < border;
    for (let at = from; at < end;) {
      const length = Math.min(1 + below(oneOf(below, 4, 8, 16, 64)), end - at);
      const name = `s${signals.length}`;
      const isMultiplexer = depth < 3 && end - at > length && below(4) === 0;
      const signal = signalAt(below, name, at, length, {
        isFloat: below(9) === 0 && [16, 32].includes(length),
        isLittle,
      });
      at += length;
      if (below(6) === 0) continue; // a gap
      signals.push({ ...signal, multiplexer, isMultiplexer, ...isMultiplexer && { isFloat: false } });
      if (!isMultiplexer) continue;
      for (const ranges of randomRanges(below, length)) fill(at, end, depth + 1, { signal: name, ranges });
      return;
    }
  };
  fill(0, border, 0, null);
  fill(border, 8 * bytes, 0, null);
  return shuffled(below, signals);
}

/** Makes one to three sets of ranges of the values of so many bits, of which no value is in two sets. */
function randomRanges(below: Below, length: number): [bigint, bigint][][] {
  const most = 2 ** Math.min(length, 4);
  const limits = Array.from({ length: 6 }, () => below(most)).sort((one, other) => one - other);
  const sets: [bigint, bigint][][] = [[], [], []];
  for (let i = 0, from = 0; i < limits.length; i++) {
    if (limits[i] < from) continue;
    sets[below(3)].push([BigInt(from), BigInt(limits[i])]);
    from = limits[i] + 1 + below(2);
  }
  return sets.filter((set) => set.length > 0);
}

function shuffled<T>(below: Below, items: readonly T[]): T[] {
  return items.map((item) => [below(2 ** 32), item] as const).sort(([one], [other]) => one - other).map(([, item]) =>
    item
  );
}

/** Makes data in which zeros and ones in a row are frequent. */
export function randomData(below: Below, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => oneOf(below, 0, 0xff, below(16), below(256), below(256)));
}
