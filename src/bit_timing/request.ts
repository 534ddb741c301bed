/**
 * A bitrate that is asked for.
 *
 * @module
 */

import { checkNames, checkWhole } from "../check.ts";
import { calculate, recommendedSamplePoint, type Wanted } from "./calculate.ts";
import type { BitTimingInit } from "./init.ts";
import { type BitTimingAlgorithm, checkAlgorithm, checkConst, defaultSjw, U32_MAX } from "./limits.ts";
import { list } from "./list.ts";
import { checkSamplePoint } from "./sample_point.ts";
import type { BitTimingConst } from "./values.ts";

/** What `BitTiming.fromBitrate` looks for. */
export interface BitTimingRequest {
  /** The controller's clock in hertz, 1 to 0xffffffff. */
  readonly clock: number;
  /** What the controller can do: what its link tells, or one of `bitTimingConsts` and `dataBitTimingConsts`. */
  readonly limits: BitTimingConst;
  /** Bits per second, 1 to 0xffffffff. */
  readonly bitrate: number;
  /**
   * Where in a bit to sample it, as a part of 1: 0.001 to 0.999, of which three decimals count. Default: what CiA
   * recommends, 0.75 above 800 kbit/s, 0.8 above 500 kbit/s, else 0.875.
   */
  readonly samplePoint?: number;
  /** Synchronisation jump width, in time quanta. Default: the kernel's, see `BitTimingAlgorithm`. */
  readonly sjw?: number;
  /** Whether each bit is sampled three times. Default false. */
  readonly tripleSampling?: boolean;
  /** As which version of the kernel. Default `"v6.3"`, which holds for all that came after it. */
  readonly algorithm?: BitTimingAlgorithm;
}

/** What `BitTiming.list` looks for. */
export interface BitTimingListRequest extends BitTimingRequest {
  /** How far off the bitrate may be, in parts per million, 0 to 50000. Default: as far as the kernel lets it, 5 %. */
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

/** The best timing, for the constructor. */
export function best(request: BitTimingRequest): BitTimingInit {
  checkNames("BitTiming.fromBitrate", request, names);
  const wanted = checkRequest(request);
  const { brp, tseg1, tseg2 } = calculate(wanted);
  const { sjw } = request;
  // Older kernels cut a jump width that is too large; newer ones refuse it, as the constructor does.
  const cut = sjw !== undefined && wanted.algorithm !== "v6.3" ? Math.min(sjw, wanted.limits.sjwMax, tseg2) : sjw;
  return { ...common(request, wanted), brp, tseg1, tseg2, ...cut !== undefined && { sjw: cut } };
}

/** All timings, for the constructor, best first. */
export function all(request: BitTimingListRequest): BitTimingInit[] {
  checkNames("BitTiming.list", request, [...names, "maxError"]);
  const { maxError, sjw, limits } = request;
  if (maxError !== undefined && !(maxError >= 0 && maxError <= 50_000)) {
    throw new RangeError(`maxError is ${maxError}: it must be from 0 to 50000 parts per million`);
  }
  const wanted = checkRequest(request);
  if (sjw !== undefined) checkWhole("sjw", sjw, 1, limits.sjwMax, `${limits.sjwMax} with ${limits.name}`);
  const shared = common(request, wanted);
  return list(wanted, maxError).flatMap(({ brp, tseg1, tseg2 }) => {
    const phaseSeg1 = Math.ceil(tseg1 / 2);
    const jump = sjw ?? Math.min(defaultSjw(phaseSeg1, tseg2, wanted.algorithm), limits.sjwMax);
    if (jump > tseg2 || wanted.algorithm === "v6.3" && jump > phaseSeg1) return [];
    return { ...shared, brp, tseg1, tseg2, sjw: jump };
  });
}

function common({ tripleSampling = false }: BitTimingRequest, { clock, bitrate, limits, algorithm }: Wanted) {
  return { clock, limits, algorithm, tripleSampling, nominalBitrate: bitrate };
}

function checkRequest(request: BitTimingRequest): Wanted {
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
