/**
 * Timeouts: seconds on the monotonic clock.
 *
 * @module
 */

/**
 * When a timeout that begins now is over, in seconds of the monotonic clock; `Infinity` for none.
 *
 * @throws {RangeError} It is negative or NaN.
 * @throws {TypeError} It is not a number.
 */
export function deadlineOf(timeout: number | null | undefined): number {
  if (timeout == null) return Infinity;
  if (typeof timeout !== "number") {
    throw new TypeError(`timeout must be a number of seconds or null: ${timeout}`);
  }
  if (!(timeout >= 0)) {
    throw new RangeError(`timeout is ${timeout}: it must be 0 or more seconds, or null for ever`);
  }
  return performance.now() / 1000 + timeout;
}

/** Seconds until a deadline; below zero when it has passed. */
export function restOf(deadline: number): number {
  return deadline === Infinity ? Infinity : deadline - performance.now() / 1000;
}
