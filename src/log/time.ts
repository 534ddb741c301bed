/**
 * Times in two numbers, as no double holds the nanoseconds since 1970.
 *
 * @module
 */

import type { Message } from "../message/message.ts";

/** Whole seconds since 1970, and the nanoseconds that follow them. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** The time of a message: the fields that it stores, without making a bigint of them. */
export function splitTime(message: Message): Time {
  return message as unknown as Time;
}
