/**
 * Converting text fields to messages, for formats that need not be read fast.
 *
 * @module
 */

import { fdLength } from "../kernel/can.ts";
import type { MessageInit } from "../message/init.ts";
import { Message } from "../message/message.ts";
import { SECOND } from "./time.ts";

/** Converts a decimal number of seconds to nanoseconds, exactly unless it has an exponent; null if it is not a number. */
export function secondsOf(text: string): bigint | null {
  const found = /^(\d{1,18})(?:\.(\d*))?(?:e([+-]?\d{1,2}))?$/i.exec(text.trim());
  if (!found) return null;
  const [, whole, fraction = "", exponent] = found;
  if (exponent !== undefined) {
    const seconds = Number(text);
    return seconds >= 0 && seconds < 2 ** 53 ? BigInt(Math.round(seconds * 1e9)) : null;
  }
  return BigInt(whole) * SECOND + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

/** Formats nanoseconds as seconds with as many decimals as needed, at least `decimals`. */
export function secondsText(ns: bigint, decimals: number): string {
  const fraction = String(ns % SECOND).padStart(9, "0").replace(/0+$/, "").padEnd(decimals, "0");
  return `${ns / SECOND}.${fraction}`;
}

/** Parses hexadecimal digits, with or without spaces, as bytes; null if the text is invalid. */
export function hexBytesOf(text: string): Uint8Array | null {
  const digits = text.replaceAll(" ", "");
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return null;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/**
 * Creates a message from the fields of a file, or returns the reason why the fields are invalid.
 *
 * CAN FD data of a length that CAN FD does not have is padded with zeros to the next valid length.
 */
export function messageOf(init: MessageInit): Message | string {
  try {
    const { data } = init;
    if (init.isFd && data !== undefined && fdLength(data.length) !== data.length && data.length <= 64) {
      const padded = new Uint8Array(fdLength(data.length));
      padded.set(data);
      return new Message({ ...init, data: padded, dlc: padded.length });
    }
    return new Message(init);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return error.message;
    throw error;
  }
}
