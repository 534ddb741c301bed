/**
 * Requests for a bit timing with a given bitrate.
 *
 * @module
 */

import { checkNames, checkWhole, show } from "../check.ts";
import { calculate, recommendedSamplePoint, type Target } from "./calculate.ts";
import type { BitTimingInit } from "./init.ts";
import { type BitTimingAlgorithm, checkAlgorithm, checkConst, defaultSjw, U32_MAX } from "./limits.ts";
import { list } from "./list.ts";
import { checkSamplePoint } from "./sample_point.ts";
import type { BitTimingConst } from "./values.ts";

/**
 * The argument of `BitTiming.fromBitrate`.
 *
 * @category Bit timing
 */
export interface BitTimingRequest {
  /** The controller's clock in hertz, 1 to 0xffffffff. */
  readonly clock: number;
  /** The controller's limits: from the status of its link, `bitTimingConsts` or `dataBitTimingConsts`. */
  readonly limits: BitTimingConst;
  /** Bits per second, 1 to 0xffffffff. */
  readonly bitrate: number;
  /**
   * Sample point as a fraction of a bit, 0.001 to 0.999; further decimals are cut off. Default: as CiA recommends, 0.75
   * above 800 kbit/s, 0.8 above 500 kbit/s, otherwise 0.875.
   */
  readonly samplePoint?: number;
  /** Synchronisation jump width, in time quanta. Default: the kernel's default, see `BitTimingAlgorithm`. */
  readonly sjw?: number;
  /** Whether each bit is sampled three times. Default false. */
  readonly tripleSampling?: boolean;
  /** The kernel version whose algorithm is used. Default `"v6.3"`, which newer kernels use too. */
  readonly algorithm?: BitTimingAlgorithm;
}

/**
 * The argument of `BitTiming.list`.
 *
 * @category Bit timing
 */
export interface BitTimingListRequest extends BitTimingRequest {
  /** The largest error of the bitrate, in parts per million, 0 to 50000. Default: as in the kernel, 5 %. */
  readonly maxError?: number;
}

const names: readonly (keyof BitTimingRequest)[] = [
  "clock",
  "limits",
  "bitrate",
  "samplePoint",
  "sjw",
  "tripleSampling",
  "algorithm",
];

/** Returns the best timing, for the constructor. */
export function bestTiming(request: BitTimingRequest): BitTimingInit {
  checkNames("BitTiming.fromBitrate", request, names);
  const target = checkRequest(request);
  const { brp, tseg1, tseg2 } = calculate(target);
  const { sjw } = request;
  // Older kernels reduce a jump width that is too large; newer ones refuse it, and so does the constructor.
  const cut = sjw !== undefined && target.algorithm !== "v6.3" ? Math.min(sjw, target.limits.sjwMax, tseg2) : sjw;
  return { ...common(request, target), brp, tseg1, tseg2, ...cut !== undefined && { sjw: cut } };
}

/** Returns all timings, best first, for the constructor. */
export function allTimings(request: BitTimingListRequest): BitTimingInit[] {
  checkNames("BitTiming.list", request, [...names, "maxError"]);
  const { maxError, sjw, limits } = request;
  if (maxError !== undefined && !(maxError >= 0 && maxError <= 50_000)) {
    throw new RangeError(`maxError is ${show(maxError)}: it must be from 0 to 50000 parts per million`);
  }
  const target = checkRequest(request);
  if (sjw !== undefined) checkWhole("sjw", sjw, 1, limits.sjwMax, `${limits.sjwMax} with ${limits.name}`);
  const shared = common(request, target);
  return list(target, maxError).flatMap(({ brp, tseg1, tseg2 }) => {
    const phaseSeg1 = Math.ceil(tseg1 / 2);
    const jump = sjw ?? Math.min(defaultSjw(phaseSeg1, tseg2, target.algorithm), limits.sjwMax);
    if (jump > tseg2 || target.algorithm === "v6.3" && jump > phaseSeg1) return [];
    return { ...shared, brp, tseg1, tseg2, sjw: jump };
  });
}

function common({ tripleSampling = false }: BitTimingRequest, { clock, bitrate, limits, algorithm }: Target) {
  return { clock, limits, algorithm, tripleSampling, nominalBitrate: bitrate };
}

function checkRequest(request: BitTimingRequest): Target {
  const { limits } = request;
  checkConst(limits);
  const clock = checkWhole("clock", request.clock, 1, U32_MAX);
  const bitrate = checkWhole("bitrate", request.bitrate, 1, U32_MAX);
  const samplePoint = request.samplePoint === undefined
    ? recommendedSamplePoint(bitrate)
    : checkSamplePoint("samplePoint", request.samplePoint);
  if (request.sjw !== undefined) checkWhole("sjw", request.sjw, 1, U32_MAX);
  return { clock, bitrate, samplePoint, limits, algorithm: checkAlgorithm(request.algorithm) };
}
