/**
 * The fields that a bit timing is constructed from, and their checks.
 *
 * @module
 */

import { checkBoolean, checkNames, checkWhole } from "../check.ts";
import { prescaler, wholeBitrate } from "./calculate.ts";
import {
  type BitTimingAlgorithm,
  checkAlgorithm,
  checkConst,
  checkSegments,
  checkSjw,
  defaultSjw,
  U32_MAX,
} from "./limits.ts";
import type { BitTimingConst, BitTimingValues } from "./values.ts";

/**
 * The fields of a bit timing, as its constructor takes them: the clock, a time quantum (`brp`, `tq`, or both as the
 * kernel reports them), and the segments. The constructor also accepts the result of `BitTiming.toJSON` and the bit
 * timing in a link's status. Redundant values must agree with the others.
 *
 * @category Bit timing
 */
export interface BitTimingInit extends Partial<BitTimingValues> {
  /** The controller's clock in hertz, 1 to 0xffffffff. */
  readonly clock: number;
  /** Propagation segment plus phase segment 1, instead of both; the propagation segment gets the smaller half. */
  readonly tseg1?: number;
  /** Another name of `phaseSeg2`. */
  readonly tseg2?: number;
  /** Whether each bit is sampled three times. Default false. */
  readonly tripleSampling?: boolean;
  /** The requested bitrate in bits per second, or null. Default null. */
  readonly nominalBitrate?: number | null;
  /** The controller's limits, against which the values are checked. Default: no limits. */
  readonly limits?: BitTimingConst;
  /** The kernel version whose treatment of `sjw` and `tq` applies. Default `"v6.3"`. */
  readonly algorithm?: BitTimingAlgorithm;
}

/**
 * The result of `BitTiming.toJSON`: all values of a bit timing. The constructor makes an equal timing from it.
 *
 * @category Bit timing
 */
export interface BitTimingJson extends BitTimingValues {
  /** The controller's clock in hertz. */
  readonly clock: number;
  /** Whether each bit is sampled three times. */
  readonly tripleSampling: boolean;
  /** The requested bitrate in bits per second, or null. */
  readonly nominalBitrate: number | null;
}

const names: readonly (keyof BitTimingInit)[] = [
  "clock",
  "bitrate",
  "samplePoint",
  "tq",
  "propSeg",
  "phaseSeg1",
  "phaseSeg2",
  "sjw",
  "brp",
  "tseg1",
  "tseg2",
  "tripleSampling",
  "nominalBitrate",
  "limits",
  "algorithm",
];

/**
 * Checks the given values, and calculates the others as the kernel does.
 *
 * @throws {RangeError} A value is out of range, or contradicts the others.
 * @throws {TypeError} A value is missing, unknown or of the wrong type.
 */
export function completeTiming(init: BitTimingInit): BitTimingJson {
  checkNames("BitTiming", init, names);
  const { limits, nominalBitrate = null } = init;
  if (limits !== undefined) checkConst(limits);
  const algorithm = checkAlgorithm(init.algorithm);
  const clock = checkWhole("clock", init.clock, 1, U32_MAX);
  const tripleSampling = checkBoolean("tripleSampling", init.tripleSampling ?? false);
  if (nominalBitrate !== null) checkWhole("nominalBitrate", nominalBitrate, 1, U32_MAX);

  const [propSeg, phaseSeg1] = beforeSample(init);
  const phaseSeg2 = checkWhole(...either("phaseSeg2", init.phaseSeg2, "tseg2", init.tseg2), 1, U32_MAX);
  const [brp, tq] = quantum(init, clock, algorithm);
  if (limits !== undefined) {
    checkSegments({ propSeg, phaseSeg1, phaseSeg2, brp }, limits, {
      tseg1: init.tseg1 === undefined ? "propSeg + phaseSeg1" : "tseg1",
      tseg2: init.tseg2 === undefined ? "phaseSeg2" : "tseg2",
      brp: init.brp === undefined ? `brp, of a tq of ${init.tq} ns,` : "brp",
    });
  }
  const sjw = checkWhole("sjw", init.sjw ?? defaultSjw(phaseSeg1, phaseSeg2, algorithm), 1, U32_MAX);
  if (limits !== undefined) checkSjw(sjw, { phaseSeg1, phaseSeg2 }, limits, algorithm);

  const quanta = 1 + propSeg + phaseSeg1 + phaseSeg2;
  const bitrate = wholeBitrate(clock, brp, quanta);
  const samplePoint = Math.floor(1000 * (quanta - phaseSeg2) / quanta) / 1000;
  agree("bitrate", init.bitrate, bitrate);
  agree("samplePoint", init.samplePoint, samplePoint);
  return { clock, bitrate, samplePoint, tq, propSeg, phaseSeg1, phaseSeg2, sjw, brp, tripleSampling, nominalBitrate };
}

/** Returns the propagation segment and phase segment 1. */
function beforeSample({ propSeg, phaseSeg1, tseg1 }: BitTimingInit): [number, number] {
  if (tseg1 === undefined || propSeg !== undefined || phaseSeg1 !== undefined) {
    checkWhole("propSeg", propSeg, 0, U32_MAX);
    checkWhole("phaseSeg1", phaseSeg1, 0, U32_MAX);
    const sum = checkWhole("propSeg + phaseSeg1", propSeg! + phaseSeg1!, 1, U32_MAX);
    agree("tseg1", tseg1, sum);
    return [propSeg!, phaseSeg1!];
  }
  checkWhole("tseg1", tseg1, 1, U32_MAX);
  const half = Math.floor(tseg1 / 2);
  return [half, tseg1 - half];
}

/** Returns the prescaler and the length of a time quantum in nanoseconds. */
function quantum(
  { brp, tq, limits }: BitTimingInit,
  clock: number,
  algorithm: BitTimingAlgorithm,
): [brp: number, tq: number] {
  if (brp !== undefined) {
    checkWhole("brp", brp, 1, U32_MAX);
    const exact = brp * 1e9 / clock;
    if (tq === undefined) return [brp, Math.floor(exact)];
    // The kernel reports a tq as it was set, together with the nearest prescaler that the controller supports.
    const off = Math.abs(checkWhole("tq", tq, 0, U32_MAX) - exact);
    if (off > exact / 2 + 1) agree("tq", tq, Math.floor(exact));
    return [brp, tq];
  }
  if (tq === undefined) throw new TypeError("brp or tq is missing");
  const found = prescaler(clock, checkWhole("tq", tq, 1, U32_MAX), limits?.brpInc ?? 1);
  if (found === 0) throw new RangeError(`tq is ${tq}: a clock of ${clock} Hz has no time quantum this short`);
  return [found, algorithm === "v6.3" ? Math.round(found * 1e9 / clock) : tq];
}

/** Returns which of two names was given, and its value. */
function either(name: string, value: unknown, other: string, otherValue: unknown): [name: string, value: unknown] {
  if (value === undefined && otherValue === undefined) throw new TypeError(`${name} or ${other} is missing`);
  if (value !== undefined && otherValue !== undefined) agree(other, otherValue as number, value as number);
  return value === undefined ? [other, otherValue] : [name, value];
}

/** Checks that a redundant value agrees with the others. */
function agree(name: string, given: number | undefined, found: number): void {
  if (given === undefined || given === found) return;
  throw new RangeError(`${name} is ${given}: the other values result in ${found}`);
}
