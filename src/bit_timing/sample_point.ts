/**
 * Sample points: fractions of a bit in the interface, thousandths in the kernel.
 *
 * @module
 */

import { show } from "../check.ts";

/** Converts a sample point to whole thousandths of a bit, as in the kernel. */
export function thousandths(samplePoint: number): number {
  // The binary value may be slightly below the decimal number that was written.
  return Math.floor(Math.round(samplePoint * 1e6) / 1000);
}

/**
 * Checks a sample point and returns it in whole thousandths of a bit.
 *
 * @throws {TypeError} The sample point is not a number.
 * @throws {RangeError} The sample point is not from 0.001 to 0.999.
 */
export function checkSamplePoint(name: string, samplePoint: unknown): number {
  if (typeof samplePoint !== "number") throw new TypeError(`${name} must be a number: ${show(samplePoint)}`);
  const whole = thousandths(samplePoint);
  if (whole >= 1 && whole <= 999) return whole;
  throw new RangeError(`${name} is ${samplePoint}: it must be a fraction of a bit, from 0.001 to 0.999`);
}
