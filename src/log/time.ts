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

/** Returns the time of a message as the two numbers it stores, without creating a bigint. */
export function splitTime(message: Message): Time {
  return message as unknown as Time;
}
