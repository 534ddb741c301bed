/**
 * The time at which this process receives a frame.
 *
 * @module
 */

/** Milliseconds since 1970 at the start of the monotonic clock. */
let origin = performance.timeOrigin;

/** Returns the current time, in the fields of a message. */
export function timeNow(): { seconds: number; nanoseconds: number } {
  // The wall clock, which may be set, has milliseconds alone; the monotonic one has the digits behind them.
  const wall = Date.now();
  const behind = wall - (origin + performance.now());
  if (behind > 0 || behind <= -1) origin += behind;
  const milliseconds = origin + performance.now();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanoseconds: Math.floor((milliseconds - 1000 * seconds) * 1e6) };
}
