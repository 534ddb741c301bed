/**
 * Timeouts and deadlines in seconds on the monotonic clock.
 *
 * @module
 */

import { show } from "../check.ts";

/**
 * Checks a timeout in seconds; null and undefined mean forever.
 *
 * @throws {RangeError} It is negative or NaN.
 * @throws {TypeError} It is not a number.
 */
export function checkTimeout(timeout: number | null | undefined): void {
  if (timeout == null) return;
  if (typeof timeout !== "number") throw new TypeError(`timeout must be a number of seconds or null: ${show(timeout)}`);
  if (!(timeout >= 0)) {
    throw new RangeError(`timeout is ${timeout}: it must be 0 or more seconds, or null to wait forever`);
  }
}

/**
 * Returns the deadline of a timeout that starts now, in seconds of the monotonic clock; `Infinity` for no timeout. Call it
 * only once a wait is needed: reading the clock costs more than returning a message.
 */
export function deadlineOf(timeout: number | null | undefined): number {
  return timeout == null ? Infinity : performance.now() / 1000 + timeout;
}

/** Returns the seconds left until a deadline; negative if it has passed. */
export function secondsUntil(deadline: number): number {
  return deadline === Infinity ? Infinity : deadline - performance.now() / 1000;
}
