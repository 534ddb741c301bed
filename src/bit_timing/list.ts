/**
 * The list of all timings for a bitrate.
 *
 * @module
 */

import { isNear, type Solution, type Target, wholeBitrate } from "./calculate.ts";

/**
 * Returns all timings whose bitrate is near enough, best first: sorted by the error of the bitrate, then by the error
 * of the sample point (an earlier one before an equally near later one), then by the prescaler.
 *
 * @param maxError The largest error of the bitrate, in parts per million. Default: as in the kernel.
 */
export function list(
  { clock, bitrate, samplePoint, limits }: Omit<Target, "algorithm">,
  maxError?: number,
): Solution[] {
  const { tseg1Min, tseg1Max, tseg2Min, tseg2Max, brpMin, brpMax, brpInc } = limits;
  const rated: (Solution & { bitrateError: number; pointError: number; late: number })[] = [];
  for (let brp = Math.ceil(brpMin / brpInc) * brpInc; brp <= brpMax; brp += brpInc) {
    // A slightly wider range than allowed; the exact check follows below.
    const exact = clock / (brp * bitrate);
    const [shortest, longest] = [Math.floor(exact / 1.1), Math.ceil(exact * 1.1)];
    if (longest < 1 + tseg1Min + tseg2Min) break;
    for (
      let quanta = Math.max(shortest, 1 + tseg1Min + tseg2Min);
      quanta <= Math.min(longest, 1 + tseg1Max + tseg2Max);
      quanta++
    ) {
      const bitrateError = Math.abs(partsPerMillion(clock, brp, quanta, bitrate));
      const fits = maxError === undefined
        ? isNear(wholeBitrate(clock, brp, quanta), bitrate)
        : bitrateError <= maxError;
      if (!fits) continue;
      const tseg = quanta - 1;
      for (let tseg2 = Math.max(tseg2Min, tseg - tseg1Max); tseg2 <= Math.min(tseg2Max, tseg - tseg1Min); tseg2++) {
        const late = (1000 * (quanta - tseg2) - samplePoint * quanta) / (1000 * quanta);
        rated.push({ brp, tseg1: tseg - tseg2, tseg2, bitrateError, pointError: Math.abs(late), late });
      }
    }
  }
  return rated.sort((a, b) =>
    a.bitrateError - b.bitrateError || a.pointError - b.pointError || a.late - b.late || a.brp - b.brp
  );
}

/** Returns the error of a bitrate relative to the requested one, in parts per million; exactly 0 if there is none. */
export function partsPerMillion(clock: number, brp: number, quanta: number, bitrate: number): number {
  const exactClock = bitrate * brp * quanta;
  return (clock - exactClock) / exactClock * 1e6;
}
