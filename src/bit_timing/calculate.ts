/**
 * The kernel's calculation of a bit timing from a bitrate, including its rounding
 * (drivers/net/can/dev/calc_bittiming.c).
 *
 * @module
 */

import type { BitTimingAlgorithm } from "./limits.ts";
import type { BitTimingConst } from "./values.ts";

/** The input of the calculation. */
export interface Target {
  /** Hertz. */
  readonly clock: number;
  /** Bits per second. */
  readonly bitrate: number;
  /** Thousandths of a bit. */
  readonly samplePoint: number;
  readonly limits: BitTimingConst;
  readonly algorithm: BitTimingAlgorithm;
}

/** The result of the calculation. */
export interface Solution {
  readonly brp: number;
  readonly tseg1: number;
  readonly tseg2: number;
}

/** The largest error of the bitrate that the kernel accepts, in thousandths, after rounding down. */
const MAX_ERROR = 50;

/** Returns the sample point that CiA recommends for a bitrate, in thousandths of a bit. */
export function recommendedSamplePoint(bitrate: number): number {
  if (bitrate > 800_000) return 750;
  return bitrate > 500_000 ? 800 : 875;
}

/**
 * Returns the bitrate for a prescaler and a number of time quanta per bit, in whole bits per second as in the kernel.
 */
export function wholeBitrate(clock: number, brp: number, quanta: number): number {
  return Math.floor(clock / (brp * quanta));
}

/** Whether a bitrate is at most 5 % off the requested one, as in the kernel. */
export function isNear(bitrate: number, requested: number): boolean {
  return Math.floor(Math.abs(requested - bitrate) * 1000 / requested) <= MAX_ERROR;
}

/**
 * Returns the prescaler that comes nearest to a time quantum in nanoseconds; the smaller one if two are equally near.
 */
export function prescaler(clock: number, tq: number, brpInc: number): number {
  const cycles = BigInt(clock) * BigInt(tq) / BigInt(brpInc); // in billionths
  return Number((cycles + 499_999_999n) / 1_000_000_000n) * brpInc;
}

/**
 * Returns the best timing for a bitrate. For each length of a bit in time quanta that the controller supports, the
 * prescalers just below and above the exact one are tried. The timing with the smallest error of the bitrate wins;
 * among equals, the one whose sample point is nearest to the requested one without being later.
 *
 * @throws {RangeError} No timing is near enough.
 */
export function calculate(target: Target): Solution {
  const { clock, bitrate, samplePoint, limits, algorithm } = target;
  let best: Solution | null = null;
  let leastBitrateError = Infinity;
  let leastPointError = Infinity;
  let nearest = { bitrate: 0, error: Infinity };

  for (const { brp, quanta } of candidates(target)) {
    const real = wholeBitrate(clock, brp, quanta);
    const bitrateError = Math.abs(bitrate - real);
    if (bitrateError < nearest.error) nearest = { bitrate: real, error: bitrateError };
    if (bitrateError > leastBitrateError) continue;
    // The kernel resets the error of the sample point here, even if the better bitrate turns out to have no sample
    // point.
    if (bitrateError < leastBitrateError) leastPointError = Infinity;
    const split = splitAt(samplePoint, quanta, limits);
    const pointError = split?.error ?? Infinity;
    if (algorithm === "v4.8" ? pointError > leastPointError : pointError >= leastPointError) continue;
    leastBitrateError = bitrateError;
    leastPointError = pointError;
    best = split && { brp, tseg1: split.tseg1, tseg2: split.tseg2 };
    if (bitrateError === 0 && pointError === 0) break;
  }

  const { name, tseg1Min, tseg1Max, tseg2Min, tseg2Max, brpMin, brpMax } = limits;
  const segments = `tseg1 ${tseg1Min} to ${tseg1Max}, tseg2 ${tseg2Min} to ${tseg2Max}`;
  if (!isNear(nearest.bitrate, bitrate)) {
    const least = wholeBitrate(clock, brpMax, 1 + tseg1Max + tseg2Max);
    const most = wholeBitrate(clock, brpMin, 1 + tseg1Min + tseg2Min);
    const within = bitrate >= least && bitrate <= most;
    throw new RangeError(
      `bitrate is ${bitrate}: with a clock of ${clock} Hz, ${name} ` +
        (within ? `gets no closer than ${nearest.bitrate}, more than 5 % off` : `supports ${least} to ${most} bit/s`) +
        ` (brp ${brpMin} to ${brpMax}, ${segments})`,
    );
  }
  if (
    best === null || !isNear(bitrate - leastBitrateError, bitrate) || best.tseg1 < tseg1Min || best.tseg2 < tseg2Min
  ) {
    // For some of these the kernel sets a timing outside the limits, and the driver truncates its register values.
    throw new RangeError(
      `samplePoint is ${samplePoint / 1000}: it is too early for ${bitrate} bit/s with a clock of ${clock} Hz and ` +
        `${name} (${segments})`,
    );
  }
  return best;
}

/** Yields the candidates for the prescaler and the length of a bit, in the order in which the kernel tries them. */
function* candidates({ clock, bitrate, limits }: Target): Generator<{ brp: number; quanta: number }> {
  const { tseg1Min, tseg1Max, tseg2Min, tseg2Max, brpMin, brpMax, brpInc } = limits;
  for (let quanta = 1 + tseg1Max + tseg2Max; quanta >= 1 + tseg1Min + tseg2Min; quanta--) {
    for (const more of [1, 0]) {
      const exact = Math.floor(clock / (quanta * bitrate)) + more;
      const brp = exact - exact % brpInc;
      if (brp >= brpMin && brp <= brpMax) yield { brp, quanta };
    }
  }
}

/** Divides a bit so that it is sampled near the given point, but not after it; returns null if that is impossible. */
function splitAt(
  point: number,
  quanta: number,
  { tseg1Max, tseg2Min, tseg2Max }: BitTimingConst,
): { tseg1: number; tseg2: number; error: number } | null {
  let best = null;
  for (const later of [0, 1]) {
    const after = quanta - Math.floor(point * quanta / 1000) - later;
    let tseg2 = Math.min(Math.max(after, tseg2Min), tseg2Max);
    let tseg1 = quanta - 1 - tseg2;
    if (tseg1 < 0 || tseg1 > tseg1Max) {
      tseg1 = tseg1Max;
      tseg2 = quanta - 1 - tseg1;
    }
    const error = point - Math.floor(1000 * (quanta - tseg2) / quanta);
    if (error >= 0 && (best === null || error < best.error)) best = { tseg1, tseg2, error };
  }
  return best;
}
