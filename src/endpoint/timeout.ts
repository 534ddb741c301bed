/**
 * Timeouts: seconds on the monotonic clock.
 *
 * @module
 */

/**
 * Refuses what is no timeout.
 *
 * @throws {RangeError} It is negative or NaN.
 * @throws {TypeError} It is not a number.
 */
export function checkTimeout(timeout: number | null | undefined): void {
  if (timeout == null) return;
  if (typeof timeout !== "number") throw new TypeError(`timeout must be a number of seconds or null: ${timeout}`);
  if (!(timeout >= 0)) throw new RangeError(`timeout is ${timeout}: it must be 0 or more seconds, or null for ever`);
}

/**
 * When a timeout that begins now is over, in seconds of the monotonic clock; `Infinity` for none. It is asked for when
 * somebody has to wait, not before: reading the clock costs more than handing out a message.
 */
export function deadlineOf(timeout: number | null | undefined): number {
  return timeout == null ? Infinity : performance.now() / 1000 + timeout;
}

/** Seconds until a deadline; below zero when it has passed. */
export function restOf(deadline: number): number {
  return deadline === Infinity ? Infinity : deadline - performance.now() / 1000;
}
