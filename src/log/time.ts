/**
 * Times as two numbers, because a double cannot hold the nanoseconds since 1970 exactly.
 *
 * @module
 */

import type { Message } from "../message/message.ts";

/** Whole seconds since 1970, and the remaining nanoseconds. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** The last second since 1970 of formats that write the year with four digits; a day early, for every time zone. */
export const YEAR_9999 = 253_402_214_399;
/** The last second since 1970 of formats that store nanoseconds since 1970 in 64 bits. */
export const UNSIGNED_64 = 18_446_744_072;
export const SIGNED_64 = 9_223_372_035;

/** A second in nanoseconds. */
export const SECOND = 1_000_000_000n;

/** Splits nanoseconds since 1970. */
export function timeOf(ns: bigint): Time {
  return { seconds: Number(ns / SECOND), nanoseconds: Number(ns % SECOND) };
}

/** Returns a time as nanoseconds since 1970. */
export function joinTime(seconds: number, nanoseconds: number): bigint {
  return BigInt(seconds) * SECOND + BigInt(nanoseconds);
}

/** Returns the time of a message as the two numbers it stores, without creating a bigint. */
export function splitTime(message: Message): Time {
  return message as unknown as Time;
}
