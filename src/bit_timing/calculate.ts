/**
 * The kernel's way from a bitrate to a bit timing (drivers/net/can/dev/calc_bittiming.c), with its rounding.
 *
 * @module
 */

import type { BitTimingAlgorithm } from "./limits.ts";
import type { BitTimingConst } from "./values.ts";

/** What is looked for. */
export interface Wanted {
  /** Hertz. */
  readonly clock: number;
  /** Bits per second. */
  readonly bitrate: number;
  /** Thousandths of a bit. */
  readonly samplePoint: number;
  readonly limits: BitTimingConst;
  readonly algorithm: BitTimingAlgorithm;
}

/** What is found. */
export interface Found {
  readonly brp: number;
  readonly tseg1: number;
  readonly tseg2: number;
}

/** How far off a bitrate the kernel lets the real one be, in thousandths of it; what is above is cut off before. */
const MAX_ERROR = 50;

/** The sample point that CiA recommends for a bitrate, in thousandths of a bit. */
export function recommendedSamplePoint(bitrate: number): number {
  if (bitrate > 800_000) return 750;
  return bitrate > 500_000 ? 800 : 875;
}

/** The bitrate of a prescaler and a number of time quanta in a bit, in whole bits per second as in the kernel. */
export function wholeBitrate(clock: number, brp: number, quanta: number): number {
  return Math.floor(clock / (brp * quanta));
}

/** Whether a bitrate is near enough to the one that was asked for: not more than 5 % off, as in the kernel. */
export function isNear(bitrate: number, asked: number): boolean {
  return Math.floor(Math.abs(asked - bitrate) * 1000 / asked) <= MAX_ERROR;
}

/** The prescaler for a time quantum of so many nanoseconds: the nearest, and of two the smaller one. */
export function prescaler(clock: number, tq: number, brpInc: number): number {
  const cycles = BigInt(clock) * BigInt(tq) / BigInt(brpInc); // in billionths
  return Number((cycles + 499_999_999n) / 1_000_000_000n) * brpInc;
}

/**
 * The best timing for a bitrate: of all lengths of a bit that the controller can do, with the prescalers just below and
 * above what the bitrate would take, the one whose bitrate is nearest, and among those the one whose sample point is
 * nearest to the wanted one without being later.
 *
 * @throws {RangeError} None is near enough.
 */
export function calculate(wanted: Wanted): Found {
  const { clock, bitrate, samplePoint, limits, algorithm } = wanted;
  let best: Found | null = null;
  let leastBitrateError = Infinity;
  let leastPointError = Infinity;
  let nearest = { bitrate: 0, error: Infinity };

  for (const { brp, quanta } of candidates(wanted)) {
    const real = wholeBitrate(clock, brp, quanta);
    const bitrateError = Math.abs(bitrate - real);
    if (bitrateError < nearest.error) nearest = { bitrate: real, error: bitrateError };
    if (bitrateError > leastBitrateError) continue;
    // The kernel forgets the sample point's error here, also if the better bitrate then has no sample point.
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
        (within ? `comes no nearer than ${nearest.bitrate}, more than 5 % off` : `makes ${least} to ${most} bit/s`) +
        ` (brp ${brpMin} to ${brpMax}, ${segments})`,
    );
  }
  if (
    best === null || !isNear(bitrate - leastBitrateError, bitrate) || best.tseg1 < tseg1Min || best.tseg2 < tseg2Min
  ) {
    // For some of these the kernel sets a timing outside of the limits, and the driver cuts its bits.
    throw new RangeError(
      `samplePoint is ${samplePoint / 1000}: it is too early for ${bitrate} bit/s with a clock of ${clock} Hz and ` +
        `${name} (${segments})`,
    );
  }
  return best;
}

/** The prescalers and lengths of a bit that come into question, in the order in which the kernel tries them. */
function* candidates({ clock, bitrate, limits }: Wanted): Generator<{ brp: number; quanta: number }> {
  const { tseg1Min, tseg1Max, tseg2Min, tseg2Max, brpMin, brpMax, brpInc } = limits;
  for (let quanta = 1 + tseg1Max + tseg2Max; quanta >= 1 + tseg1Min + tseg2Min; quanta--) {
    for (const more of [1, 0]) {
      const exact = Math.floor(clock / (quanta * bitrate)) + more;
      const brp = exact - exact % brpInc;
      if (brp >= brpMin && brp <= brpMax) yield { brp, quanta };
    }
  }
}

/** Where to divide a bit, so that it is sampled near a point and not after it; null where that cannot be. */
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
