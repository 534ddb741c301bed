/**
 * The calendar of PEAK TRC files.
 *
 * @module
 */

/** A day in nanoseconds. */
export const DAY = 86_400_000_000_000n;
/** Days from 1899-12-30, where the calendar of TRC begins, to 1970-01-01. */
export const DAYS_TO_1970 = 25569n;
