/**
 * Checks of bit timings against the limits of a controller.
 *
 * @module
 */

import { checkNames, checkWhole, show } from "../check.ts";
import type { BitTimingConst } from "./values.ts";

/** The largest unsigned 32-bit number; the kernel stores these values in 32 bits. */
export const U32_MAX = 0xffffffff;

/**
 * The version of the kernel's algorithm; the names are those of can-calc-bit-timing's option `--alg`.
 *
 * - `"v6.3"`: the default jump width is half of phase segment 2 (at least 1, at most phase segment 1), and a jump width
 *   that is too large is refused.
 * - `"v5.19"`: the default jump width is 1, and a jump width that is too large for a calculated timing is reduced.
 * - `"v4.8"`: as `"v5.19"`, but of equally good timings the one with the larger prescaler is chosen, not the smaller
 *   one.
 *
 * @category Bit timing
 */
export type BitTimingAlgorithm = "v6.3" | "v5.19" | "v4.8";

/** The values of a timing that the limits of a controller apply to. */
export interface Segments {
  readonly propSeg: number;
  readonly phaseSeg1: number;
  readonly phaseSeg2: number;
  readonly brp: number;
}

/**
 * Checks an object with a controller's limits.
 *
 * @throws {TypeError} A value is missing, unknown or of the wrong type.
 * @throws {RangeError} A value is out of range.
 */
export function checkConst(limits: BitTimingConst): void {
  const names = [
    "name",
    "tseg1Min",
    "tseg1Max",
    "tseg2Min",
    "tseg2Max",
    "sjwMax",
    "brpMin",
    "brpMax",
    "brpInc",
  ] as const;
  checkNames("limits", limits, names);
  if (typeof limits.name !== "string") throw new TypeError(`limits.name must be a string: ${show(limits.name)}`);
  const whole = (name: Exclude<typeof names[number], "name">, least: number) =>
    checkWhole(`limits.${name}`, limits[name], least, U32_MAX);
  whole("tseg1Max", whole("tseg1Min", 1));
  whole("tseg2Max", whole("tseg2Min", 1));
  whole("brpMax", whole("brpMin", 1));
  whole("sjwMax", 1);
  whole("brpInc", 1);
}

/**
 * Checks the name of an algorithm.
 *
 * @throws {RangeError} The algorithm is unknown.
 */
export function checkAlgorithm(algorithm: unknown = "v6.3"): BitTimingAlgorithm {
  if (algorithm === "v6.3" || algorithm === "v5.19" || algorithm === "v4.8") return algorithm;
  throw new RangeError(`algorithm is ${show(algorithm)}: it must be "v6.3", "v5.19" or "v4.8"`);
}

/**
 * Checks segments and prescaler against a controller's limits.
 *
 * @param labels The names under which the values were given, for errors.
 * @throws {RangeError} A value is out of range.
 */
export function checkSegments(
  { propSeg, phaseSeg1, phaseSeg2, brp }: Segments,
  limits: BitTimingConst,
  labels: { readonly tseg1: string; readonly tseg2: string; readonly brp: string },
): void {
  const whole = (label: string, value: number, least: number, most: number) =>
    checkWhole(label, value, least, most, `${most} with ${limits.name}`);
  whole(labels.tseg1, propSeg + phaseSeg1, limits.tseg1Min, limits.tseg1Max);
  whole(labels.tseg2, phaseSeg2, limits.tseg2Min, limits.tseg2Max);
  whole(labels.brp, brp, limits.brpMin, limits.brpMax);
  if (brp % limits.brpInc !== 0) {
    throw new RangeError(`${labels.brp} is ${brp}: it must be a multiple of ${limits.brpInc} with ${limits.name}`);
  }
}

/** Returns the default jump width. */
export function defaultSjw(phaseSeg1: number, phaseSeg2: number, algorithm: BitTimingAlgorithm): number {
  return algorithm === "v6.3" ? Math.max(1, Math.min(phaseSeg1, Math.floor(phaseSeg2 / 2))) : 1;
}

/**
 * Checks a jump width against a controller's limits.
 *
 * @throws {RangeError} It is too large.
 */
export function checkSjw(
  sjw: number,
  { phaseSeg1, phaseSeg2 }: Pick<Segments, "phaseSeg1" | "phaseSeg2">,
  limits: BitTimingConst,
  algorithm: BitTimingAlgorithm,
): void {
  checkWhole("sjw", sjw, 1, limits.sjwMax, `${limits.sjwMax} with ${limits.name}`);
  if (algorithm !== "v6.3") return;
  if (sjw > phaseSeg1) throw new RangeError(`sjw is ${sjw}: it must be at most phaseSeg1, ${phaseSeg1}`);
  if (sjw > phaseSeg2) throw new RangeError(`sjw is ${sjw}: it must be at most phaseSeg2, ${phaseSeg2}`);
}
