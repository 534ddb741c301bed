/**
 * The values in a SYM file.
 *
 * @module
 */

import { Fault } from "../diagnostics.ts";

/** Returns a text or a name without its quotes, if it has any. */
export function unquoted(field: string): string {
  return /^".*"$/s.test(field) ? field.slice(1, -1).replaceAll('\\"', '"') : field;
}

/** Whether a text is a number: decimal, or hexadecimal with an `h` behind. */
export function isNumber(field: string): boolean {
  return Number.isFinite(valueOf(field));
}

function valueOf(field: string): number {
  if (/^[\da-f]{1,16}h$/i.test(field)) return parseInt(field, 16);
  return /^[-+.\d]/.test(field) ? Number(field) + 0 : NaN;
}

/**
 * Returns a number: decimal, or hexadecimal with an `h` behind.
 *
 * @throws {Fault} It is none.
 */
export function numberOf(field: string, what: string): number {
  const value = valueOf(field);
  if (Number.isFinite(value)) return value;
  throw new Fault(`${what} is ${JSON.stringify(field.slice(0, 40))}: it must be a number`);
}

/**
 * Returns a whole number from 0 to a limit.
 *
 * @throws {Fault} It is none.
 */
export function wholeOf(field: string, what: string, most: number): number {
  const value = numberOf(field, what);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Fault(`${what} is ${value}: it must be a whole number from 0 to ${most}`);
}

/**
 * Returns a whole number of any size and sign.
 *
 * @throws {Fault} It is none.
 */
export function bigintOf(field: string, what: string): bigint {
  if (/^-?\d{1,20}$/.test(field)) return BigInt(field);
  if (/^[\da-f]{1,16}h$/i.test(field)) return BigInt(`0x${field.slice(0, -1)}`);
  throw new Fault(`${what} is ${JSON.stringify(field.slice(0, 40))}: it must be a whole number`);
}
