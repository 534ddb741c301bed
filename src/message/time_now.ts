/**
 * The time at which this process receives a frame.
 *
 * @module
 */

/** Milliseconds since 1970 at the start of the monotonic clock, as far as the wall clock says. */
let origin = performance.timeOrigin;
/** The latest time, in milliseconds since 1970. */
let latest = 0;
/** Milliseconds by which the wall clock may differ from the monotonic one without having been set. */
const SET = 1000;

/** Returns the current time, in the fields of a message. It goes back only if the wall clock is set back. */
export function timeNow(): { seconds: number; nanoseconds: number } {
  // The wall clock, which may be set, has milliseconds alone; the monotonic one has the digits behind them.
  const wall = Date.now();
  const elapsed = performance.now();
  const behind = wall - (origin + elapsed);
  if (behind > 0 || behind <= -1) origin += behind;
  const now = origin + elapsed;
  // It is a little earlier if this thread lost the processor between the two readings, or the wall clock is slowed down.
  latest = latest - now < SET ? Math.max(now, latest) : now;
  const seconds = Math.floor(latest / 1000);
  return { seconds, nanoseconds: Math.floor((latest - 1000 * seconds) * 1e6) };
}
