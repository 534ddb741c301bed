/**
 * Sample points: parts of 1 for users, thousandths in the kernel.
 *
 * @module
 */

/** A sample point in whole thousandths of a bit, as the kernel takes it. */
export function thousandths(samplePoint: number): number {
  // In binary, the value may be just below the decimal that was written.
  return Math.floor(Math.round(samplePoint * 1e6) / 1000);
}

/**
 * A sample point in thousandths of a bit.
 *
 * @throws {TypeError} It is not a number.
 * @throws {RangeError} It is not from 0.001 to 0.999.
 */
export function checkSamplePoint(name: string, samplePoint: unknown): number {
  if (typeof samplePoint !== "number") throw new TypeError(`${name} must be a number: ${samplePoint}`);
  const whole = thousandths(samplePoint);
  if (whole >= 1 && whole <= 999) return whole;
  throw new RangeError(`${name} is ${samplePoint}: it must be a part of 1, from 0.001 to 0.999`);
}
