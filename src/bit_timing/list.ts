/**
 * All timings for a bitrate.
 *
 * @module
 */

import { isNear, type Wanted, wholeBitrate } from "./calculate.ts";

/** A timing of the list, as far as it is found and not given. */
export interface Listed {
  readonly brp: number;
  readonly tseg1: number;
  readonly tseg2: number;
}

/**
 * All timings whose bitrate is near enough, best first: the nearest bitrate, then the sample point that is nearest to the
 * wanted one, and of two as near the earlier one, then the smaller prescaler.
 *
 * @param maxError How many parts per million the bitrate may be off; absent: as much as the kernel lets it.
 */
export function list({ clock, bitrate, samplePoint, limits }: Omit<Wanted, "algorithm">, maxError?: number): Listed[] {
  const { tseg1Min, tseg1Max, tseg2Min, tseg2Max, brpMin, brpMax, brpInc } = limits;
  const rated: (Listed & { bitrateError: number; pointError: number; late: number })[] = [];
  for (let brp = Math.ceil(brpMin / brpInc) * brpInc; brp <= brpMax; brp += brpInc) {
    // A little more than may be off, as what is near enough is decided below.
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

/** How far a real bitrate is off another one, exactly 0 where it is not. */
export function partsPerMillion(clock: number, brp: number, quanta: number, bitrate: number): number {
  const asked = bitrate * brp * quanta;
  return (clock - asked) / asked * 1e6;
}
