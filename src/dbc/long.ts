/**
 * Signals whose values are bigints.
 *
 * @module
 */

import type { Signal } from "./model.ts";

/** Longer whole numbers than this are bigints. */
const NUMBER_BITS = 53;

/** Whether the raw value of a signal is a bigint. */
export function isLong({ isFloat, length }: Signal): boolean {
  return !isFloat && length > NUMBER_BITS;
}

/** Whether the value of a signal is a bigint, too: the scale and the offset are whole numbers. */
export function isValueLong(signal: Signal): boolean {
  return isLong(signal) && Number.isInteger(signal.scale) && Number.isInteger(signal.offset);
}
