/**
 * The numbers in socketcand's elements, as its `sscanf` reads them.
 *
 * @module
 */

import { CAN_EFF_FLAG, CAN_EFF_MASK, CAN_ERR_FLAG, CAN_RTR_FLAG, CAN_SFF_MASK } from "../../kernel/can.ts";
import { identifierText } from "../../message/hex.ts";

/** Digits of the longest number: SavvyCAN writes negative ones with 64 bits. */
const MAX_DIGITS = 16;

/** Returns a number in hexadecimal, of at most 32 bits, or 64 if it is sign-extended; null if it is none. */
function hexNumber(word: string): number | null {
  if (!/^(0x)?[0-9a-f]{1,16}$/i.test(word)) return null;
  const digits = word.replace(/^0x/i, "").replace(/^0+(?=.)/, "");
  if (digits.length <= 8) return Number.parseInt(digits, 16);
  return digits.length === MAX_DIGITS && /^f{8}/i.test(digits) ? Number.parseInt(digits.slice(8), 16) : null;
}

/**
 * Returns a word for an identifier as the kernel has it, with its flags; null if it is none.
 *
 * Eight digits are an extended identifier, whatever its value; fewer are one if they need it. SavvyCAN sets the flag
 * itself, and writes all 64 bits of the number.
 */
export function parseId(word: string): number | null {
  const value = hexNumber(word);
  if (value === null || value & CAN_ERR_FLAG) return null;
  const flags = value & (CAN_EFF_FLAG | CAN_RTR_FLAG);
  const id = value & CAN_EFF_MASK;
  const extended = flags & CAN_EFF_FLAG || word.length === 8 || id > CAN_SFF_MASK ? CAN_EFF_FLAG : 0;
  return (id | flags | extended) >>> 0;
}

/** Writes an identifier: three digits, or eight for an extended one. */
export function idText(idWord: number): string {
  const isExtended = (idWord & CAN_EFF_FLAG) !== 0;
  return identifierText(idWord & (isExtended ? CAN_EFF_MASK : CAN_SFF_MASK), isExtended);
}

/** Returns a byte in hexadecimal, which may be sign-extended; null if it is none. */
export function parseByte(word: string): number | null {
  const value = hexNumber(word);
  if (value === null) return null;
  if (value <= 0xff) return value;
  return value >= 0xffffff80 && word.length >= 8 ? value & 0xff : null;
}

/** Returns a whole decimal number up to a limit; null if it is none. */
export function parseCount(word: string | undefined, most: number): number | null {
  if (word === undefined || !/^\d{1,15}$/.test(word)) return null;
  const value = Number(word);
  return value <= most ? value : null;
}

/** Returns the data bytes of words that hold one each; null if one is none. */
export function parseBytes(words: readonly string[]): number[] | null {
  const bytes: number[] = [];
  for (const word of words) {
    const byte = parseByte(word);
    if (byte === null) return null;
    bytes.push(byte);
  }
  return bytes;
}

/** Returns the bytes of digits without blanks; null if they are none. */
export function parsePacked(digits: string): number[] | null {
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return null;
  return Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Returns a time such as `1417687245.814579`; null if it is none. */
export function parseTime(word: string | undefined): { seconds: number; nanoseconds: number } | null {
  const [, seconds, fraction] = /^(\d{1,15})\.(\d{1,9})$/.exec(word ?? "") ?? [];
  if (seconds === undefined) return null;
  return { seconds: Number(seconds), nanoseconds: Number(fraction.padEnd(9, "0")) };
}
