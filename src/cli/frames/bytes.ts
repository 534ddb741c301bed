/**
 * Bytes as characters, and from hexadecimal digits.
 *
 * @module
 */

import { UsageError } from "../command/usage_error.ts";
import { readInput } from "../command/terminal.ts";

/** Writes bytes as characters: those of ASCII that can be printed, and a dot for each of the others. */
export function printableText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : ".").join("");
}

/**
 * Returns the bytes of words such as `22 F1 90` or `22F190`.
 *
 * @throws {UsageError} A word is none.
 */
export function parseBytes(words: readonly string[]): Uint8Array {
  return Uint8Array.from(words.flatMap((word) => {
    if (/^[0-9a-f]$/i.test(word)) return [Number.parseInt(word, 16)];
    if (!/^([0-9a-f]{2})+$/i.test(word)) {
      throw new UsageError(`"${word}" is no data: write bytes in hexadecimal digits, 22 F1 90 or 22F190`);
    }
    return word.match(/../g)!.map((digits) => Number.parseInt(digits, 16));
  }));
}

/** Returns the bytes that words give; those of standard input if there are no words, or only `-`. */
export function bytesOf(words: readonly string[]): Uint8Array {
  if (words.length > 1 || (words.length === 1 && words[0] !== "-")) return parseBytes(words);
  return parseBytes(new TextDecoder().decode(readInput()).split(/\s+/).filter((word) => word !== ""));
}

/**
 * Returns a number in hexadecimal digits.
 *
 * @param name What it is, for the error.
 * @throws {UsageError} It is none, or greater than `most`.
 */
export function parseHex(name: string, text: string, most: number): number {
  if (!/^(0x)?[0-9a-f]+$/i.test(text)) throw new UsageError(`${name} is "${text}": write it in hexadecimal digits`);
  const value = Number.parseInt(text, 16);
  if (value > most) {
    const limit = most.toString(16).toUpperCase();
    throw new UsageError(`${name} is ${text}, in hexadecimal digits: it must be at most ${limit}`);
  }
  return value;
}
