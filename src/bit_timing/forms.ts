/**
 * How `ip` and python-can write bit timings.
 *
 * @module
 */

import { checkNames, checkWhole } from "../check.ts";
import { isNear, wholeBitrate } from "./calculate.ts";
import { checkConst, U32_MAX } from "./limits.ts";
import type { BitTimingConst, BitTimingValues } from "./values.ts";

/** A bit timing by its segments, as a link is configured with it. */
export type LinkSegments = Pick<BitTimingValues, "tq" | "propSeg" | "phaseSeg1" | "phaseSeg2" | "sjw">;

/** A bit timing by its bitrate, as a link is configured with it; the kernel calculates the rest. */
export type LinkBitrate = Pick<BitTimingValues, "bitrate" | "samplePoint" | "sjw">;

/** The same under the names of the data phase: `dataBitrate` of `bitrate`. */
export type OfDataPhase<T> = { readonly [K in keyof T as `data${Capitalize<K & string>}`]: T[K] };

/** The arbitration phase of a frame, or the data phase of an FD frame that switches its bitrate. */
export type BitTimingPhase = "nominal" | "data";

/** Arguments of `can.BitTiming` and items of a `can.BitTiming`, of any version of python-can. */
export interface PythonBitTiming {
  /** Hertz. */
  readonly f_clock: number;
  /** Clock periods in a time quantum; or `bitrate`. */
  readonly brp?: number;
  /** Bits per second; or `brp`. */
  readonly bitrate?: number;
  /** Time quanta between the synchronisation segment and the sample point. */
  readonly tseg1: number;
  /** Time quanta after the sample point. */
  readonly tseg2: number;
  /** Synchronisation jump width, in time quanta. */
  readonly sjw: number;
  /** 1 or 3. Default 1. */
  readonly nof_samples?: number;
}

/** Arguments of `can.BitTimingFd` and items of a `can.BitTimingFd`, as `PythonBitTiming` has them for one phase. */
export interface PythonBitTimingFd {
  /** Hertz. */
  readonly f_clock: number;
  /** Arbitration phase; or `nom_bitrate`. */
  readonly nom_brp?: number;
  /** Arbitration phase; or `nom_brp`. */
  readonly nom_bitrate?: number;
  /** Arbitration phase. */
  readonly nom_tseg1: number;
  /** Arbitration phase. */
  readonly nom_tseg2: number;
  /** Arbitration phase. */
  readonly nom_sjw: number;
  /** Data phase; or `data_bitrate`. */
  readonly data_brp?: number;
  /** Data phase; or `data_brp`. */
  readonly data_bitrate?: number;
  /** Data phase. */
  readonly data_tseg1: number;
  /** Data phase. */
  readonly data_tseg2: number;
  /** Data phase. */
  readonly data_sjw: number;
}

type Dictionary = Record<string, unknown>;

function isDictionary(value: unknown): value is Dictionary {
  return typeof value === "object" && value !== null;
}

/**
 * What a link is configured with.
 *
 * @throws {RangeError} There is no such form.
 */
export function linkForm(timing: BitTimingValues, form: "segments" | "bitrate"): LinkSegments | LinkBitrate {
  const { bitrate, samplePoint, tq, propSeg, phaseSeg1, phaseSeg2, sjw } = timing;
  if (form === "segments") return { tq, propSeg, phaseSeg1, phaseSeg2, sjw };
  if (form === "bitrate") return { bitrate, samplePoint, sjw };
  throw new RangeError(`form is "${form}": it must be "segments" or "bitrate"`);
}

/** Settings of a link under the names that they have for a phase. */
export function linkNames(settings: LinkSegments | LinkBitrate, phase: BitTimingPhase): Record<string, number> {
  if (phase === "nominal") return { ...settings };
  const named = (name: string) => `data${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [named(name), value]));
}

/** `ip link set ... type can` takes these. */
export function ipText(timing: LinkSegments | LinkBitrate, phase: BitTimingPhase): string {
  const prefix = phase === "data" ? "d" : "";
  const words = "tq" in timing
    ? {
      "tq": timing.tq,
      "prop-seg": timing.propSeg,
      "phase-seg1": timing.phaseSeg1,
      "phase-seg2": timing.phaseSeg2,
      "sjw": timing.sjw,
    }
    : { "bitrate": timing.bitrate, "sample-point": timing.samplePoint.toFixed(3), "sjw": timing.sjw };
  return Object.entries(words).map(([name, value]) => `${prefix}${name} ${value}`).join(" ");
}

/**
 * Checks the name of a phase.
 *
 * @throws {RangeError} There is no such phase.
 */
export function checkPhase(phase: unknown): asserts phase is BitTimingPhase {
  if (phase !== "nominal" && phase !== "data") {
    throw new RangeError(`phase is "${phase}": it must be "nominal" or "data"`);
  }
}

/** What `ip -details -json link show` tells of a CAN link, or its part that is special to CAN. */
function infoData(link: unknown): Dictionary {
  const info = isDictionary(link) && isDictionary(link.linkinfo) ? link.linkinfo.info_data : link;
  if (isDictionary(info) && "clock" in info) return info;
  throw new TypeError("This is no CAN link with a bit timing as ip -details -json link show tells it: it has no clock");
}

function part(link: unknown, phase: BitTimingPhase, name: string): Dictionary {
  checkPhase(phase);
  const key = `${phase === "data" ? "data_" : ""}${name}`;
  const value = infoData(link)[key];
  if (!isDictionary(value)) throw new TypeError(`This link has no ${key}`);
  return value;
}

/** What ip's object tells, under the names that the constructor takes. */
export function fromIp(link: unknown, phase: BitTimingPhase): Dictionary {
  const timing = part(link, phase, "bittiming");
  const { clock, ctrlmode } = infoData(link);
  const tripleSampling = phase === "nominal" && Array.isArray(ctrlmode) && ctrlmode.includes("TRIPLE-SAMPLING");
  const { bitrate, tq, prop_seg, phase_seg1, phase_seg2, sjw, brp } = timing;
  // Text in some versions of ip, a number in others.
  const samplePoint = Number(timing.sample_point);
  const segments = { propSeg: prop_seg, phaseSeg1: phase_seg1, phaseSeg2: phase_seg2 };
  return { clock, bitrate, samplePoint, tq, ...segments, sjw, ...brp !== undefined && { brp }, tripleSampling };
}

/** The controller's limits in ip's object. */
export function constFromIp(link: unknown, phase: BitTimingPhase): BitTimingConst {
  const { name, tseg1, tseg2, sjw, brp, brp_inc } = part(link, phase, "bittiming_const") as {
    [range: string]: { min: number; max: number };
  };
  const limits = {
    name: name as unknown as string,
    tseg1Min: tseg1?.min,
    tseg1Max: tseg1?.max,
    tseg2Min: tseg2?.min,
    tseg2Max: tseg2?.max,
    sjwMax: sjw?.max,
    brpMin: brp?.min,
    brpMax: brp?.max,
    brpInc: brp_inc as unknown as number,
  };
  checkConst(limits);
  return limits;
}

/** What python-can's dictionary tells, under the names that the constructor takes. */
export function fromPython(given: PythonBitTiming): Dictionary {
  checkNames("BitTiming.fromPythonCan", given, ["f_clock", "brp", "bitrate", "tseg1", "tseg2", "sjw", "nof_samples"]);
  const { f_clock, bitrate, tseg1, tseg2, sjw, nof_samples = 1 } = given;
  if (nof_samples !== 1 && nof_samples !== 3) {
    throw new RangeError(`nof_samples is ${nof_samples}: it must be 1 or 3`);
  }
  const brp = given.brp ?? brpOf(given);
  const init = { clock: f_clock, brp, tseg1, tseg2, sjw, tripleSampling: nof_samples === 3 };
  return bitrate === undefined ? init : { ...init, nominalBitrate: bitrate };
}

/** The prescaler that comes nearest to a bitrate, with segments that are given. */
function brpOf({ f_clock, bitrate, tseg1, tseg2 }: PythonBitTiming): number {
  const [clock, asked] = [checkWhole("f_clock", f_clock, 1, U32_MAX), checkWhole("bitrate", bitrate, 1, U32_MAX)];
  const quanta = 1 + checkWhole("tseg1", tseg1, 1, U32_MAX) + checkWhole("tseg2", tseg2, 1, U32_MAX);
  const brp = Math.max(1, Math.round(clock / (asked * quanta)));
  const real = wholeBitrate(clock, brp, quanta);
  if (isNear(real, asked)) return brp;
  throw new RangeError(
    `bitrate is ${asked}: with tseg1 ${tseg1}, tseg2 ${tseg2} and a clock of ${clock} Hz none is nearer than ${real}, ` +
      `more than 5 % off`,
  );
}

/** One phase of python-can's dictionary for CAN FD, as that for one phase. */
export function pythonPhase(given: PythonBitTimingFd, prefix: "nom" | "data"): PythonBitTiming {
  const fields = ["brp", "bitrate", "tseg1", "tseg2", "sjw"];
  const names = ["f_clock", ...["nom", "data"].flatMap((each) => fields.map((field) => `${each}_${field}`))];
  checkNames("BitTiming.fromPythonCanFd", given, names);
  const values = given as unknown as Record<string, number | undefined>;
  const pairs = fields.map((field) => [field, values[`${prefix}_${field}`]]).filter(([, value]) => value !== undefined);
  return { f_clock: given.f_clock, ...Object.fromEntries(pairs) } as unknown as PythonBitTiming;
}
