/**
 * Bit timings in the forms of `ip` and python-can.
 *
 * @module
 */

import { checkNames, checkWhole, show } from "../check.ts";
import { isNear, wholeBitrate } from "./calculate.ts";
import { checkConst, U32_MAX } from "./limits.ts";
import type { BitTimingConst, BitTimingValues } from "./values.ts";

/**
 * A bit timing given by its segments, as options of `Link.configure`.
 *
 * @category Bit timing
 */
export type LinkSegments = Pick<BitTimingValues, "tq" | "propSeg" | "phaseSeg1" | "phaseSeg2" | "sjw">;

/**
 * A bit timing given by its bitrate, as options of `Link.configure`; the kernel calculates the segments.
 *
 * @category Bit timing
 */
export type LinkBitrate = Pick<BitTimingValues, "bitrate" | "samplePoint" | "sjw">;

/**
 * The same properties under their names for the data phase: `dataBitrate` instead of `bitrate`.
 *
 * @category Bit timing
 */
export type OfDataPhase<T> = { readonly [K in keyof T as `data${Capitalize<K & string>}`]: T[K] };

/**
 * A phase of a frame: `"nominal"` for the arbitration phase, `"data"` for the data phase of an FD frame that switches
 * its bitrate.
 *
 * @category Bit timing
 */
export type BitTimingPhase = "nominal" | "data";

/**
 * The arguments of python-can's `can.BitTiming`, and the items of `dict(timing)`, in any version of python-can. See its
 * {@link https://python-can.readthedocs.io/en/stable/bit_timing.html | documentation}.
 *
 * @category Bit timing
 */
export interface PythonBitTiming {
  /** Hertz. */
  readonly f_clock: number;
  /** Clock periods in a time quantum. Either this or `bitrate` is required. */
  readonly brp?: number;
  /** Bits per second. Either this or `brp` is required. */
  readonly bitrate?: number;
  /** Time quanta between the synchronisation segment and the sample point. */
  readonly tseg1: number;
  /** Time quanta after the sample point. */
  readonly tseg2: number;
  /** Synchronisation jump width, in time quanta. */
  readonly sjw: number;
  /** Samples per bit: 1 or 3. Default 1. */
  readonly nof_samples?: number;
}

/**
 * The arguments of python-can's `can.BitTimingFd`, and the items of `dict(timing)`. `PythonBitTiming` explains the
 * fields.
 *
 * @category Bit timing
 */
export interface PythonBitTimingFd {
  /** Hertz. */
  readonly f_clock: number;
  /** Arbitration phase: prescaler. Either this or `nom_bitrate` is required. */
  readonly nom_brp?: number;
  /** Arbitration phase: bits per second. Either this or `nom_brp` is required. */
  readonly nom_bitrate?: number;
  /** Arbitration phase: time quanta before the sample point. */
  readonly nom_tseg1: number;
  /** Arbitration phase: time quanta after the sample point. */
  readonly nom_tseg2: number;
  /** Arbitration phase: synchronisation jump width, in time quanta. */
  readonly nom_sjw: number;
  /** Data phase: prescaler. Either this or `data_bitrate` is required. */
  readonly data_brp?: number;
  /** Data phase: bits per second. Either this or `data_brp` is required. */
  readonly data_bitrate?: number;
  /** Data phase: time quanta before the sample point. */
  readonly data_tseg1: number;
  /** Data phase: time quanta after the sample point. */
  readonly data_tseg2: number;
  /** Data phase: synchronisation jump width, in time quanta. */
  readonly data_sjw: number;
}

type Dictionary = Record<string, unknown>;

function isDictionary(value: unknown): value is Dictionary {
  return typeof value === "object" && value !== null;
}

/**
 * Returns a timing as options of `Link.configure`.
 *
 * @throws {RangeError} The form is unknown.
 */
export function linkForm(timing: BitTimingValues, form: "segments" | "bitrate"): LinkSegments | LinkBitrate {
  const { bitrate, samplePoint, tq, propSeg, phaseSeg1, phaseSeg2, sjw } = timing;
  if (form === "segments") return { tq, propSeg, phaseSeg1, phaseSeg2, sjw };
  if (form === "bitrate") return { bitrate, samplePoint, sjw };
  throw new RangeError(`form is ${show(form)}: it must be "segments" or "bitrate"`);
}

/** Renames options of `Link.configure` for a phase. */
export function linkNames(settings: LinkSegments | LinkBitrate, phase: BitTimingPhase): Record<string, number> {
  if (phase === "nominal") return { ...settings };
  const named = (name: string) => `data${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [named(name), value]));
}

/** Formats a timing as arguments of `ip link set ... type can`. */
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
 * @throws {RangeError} The phase is unknown.
 */
export function checkPhase(phase: unknown): asserts phase is BitTimingPhase {
  if (phase !== "nominal" && phase !== "data") {
    throw new RangeError(`phase is ${show(phase)}: it must be "nominal" or "data"`);
  }
}

/**
 * Returns the part for CAN of a link in the output of `ip -details -json link show`, or the argument if it is that
 * part.
 */
function infoData(link: unknown): Dictionary {
  const info = isDictionary(link) && isDictionary(link.linkinfo) ? link.linkinfo.info_data : link;
  if (isDictionary(info) && "clock" in info) return info;
  throw new TypeError("This is not a CAN link with a bit timing from ip -details -json link show: it has no clock");
}

function part(link: unknown, phase: BitTimingPhase, name: string): Dictionary {
  checkPhase(phase);
  const key = `${phase === "data" ? "data_" : ""}${name}`;
  const value = infoData(link)[key];
  if (!isDictionary(value)) throw new TypeError(`This link has no ${key}`);
  return value;
}

/** Converts ip's object to the fields that the constructor takes. */
export function fromIp(link: unknown, phase: BitTimingPhase): Dictionary {
  const timing = part(link, phase, "bittiming");
  const { clock, ctrlmode } = infoData(link);
  const tripleSampling = phase === "nominal" && Array.isArray(ctrlmode) && ctrlmode.includes("TRIPLE-SAMPLING");
  const { bitrate, tq, prop_seg, phase_seg1, phase_seg2, sjw, brp } = timing;
  // A string in some versions of ip, a number in others.
  const samplePoint = Number(timing.sample_point);
  const segments = { propSeg: prop_seg, phaseSeg1: phase_seg1, phaseSeg2: phase_seg2 };
  return { clock, bitrate, samplePoint, tq, ...segments, sjw, ...brp !== undefined && { brp }, tripleSampling };
}

/** Returns the controller's limits from ip's object. */
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

/** Converts python-can's dictionary to the fields that the constructor takes. */
export function fromPython(given: PythonBitTiming): Dictionary {
  checkNames("BitTiming.fromPythonCan", given, ["f_clock", "brp", "bitrate", "tseg1", "tseg2", "sjw", "nof_samples"]);
  const { f_clock, bitrate, tseg1, tseg2, sjw, nof_samples = 1 } = given;
  if (nof_samples !== 1 && nof_samples !== 3) {
    throw new RangeError(`nof_samples is ${show(nof_samples)}: it must be 1 or 3`);
  }
  const brp = given.brp ?? brpOf(given);
  const init = { clock: f_clock, brp, tseg1, tseg2, sjw, tripleSampling: nof_samples === 3 };
  return bitrate === undefined ? init : { ...init, nominalBitrate: bitrate };
}

/** Returns the prescaler that comes nearest to a bitrate with the given segments. */
function brpOf({ f_clock, bitrate, tseg1, tseg2 }: PythonBitTiming): number {
  const [clock, requested] = [checkWhole("f_clock", f_clock, 1, U32_MAX), checkWhole("bitrate", bitrate, 1, U32_MAX)];
  const quanta = 1 + checkWhole("tseg1", tseg1, 1, U32_MAX) + checkWhole("tseg2", tseg2, 1, U32_MAX);
  const brp = Math.max(1, Math.round(clock / (requested * quanta)));
  const real = wholeBitrate(clock, brp, quanta);
  if (isNear(real, requested)) return brp;
  throw new RangeError(
    `bitrate is ${requested}: tseg1 ${tseg1}, tseg2 ${tseg2} and a clock of ${clock} Hz get no closer than ${real}, ` +
      `more than 5 % off`,
  );
}

/** Converts one phase of python-can's dictionary for CAN FD to its dictionary for a single phase. */
export function pythonPhase(given: PythonBitTimingFd, prefix: "nom" | "data"): PythonBitTiming {
  const fields = ["brp", "bitrate", "tseg1", "tseg2", "sjw"];
  const names = ["f_clock", ...["nom", "data"].flatMap((each) => fields.map((field) => `${each}_${field}`))];
  checkNames("BitTiming.fromPythonCanFd", given, names);
  const values = given as unknown as Record<string, number | undefined>;
  const pairs = fields.map((field) => [field, values[`${prefix}_${field}`]]).filter(([, value]) => value !== undefined);
  return { f_clock: given.f_clock, ...Object.fromEntries(pairs) } as unknown as PythonBitTiming;
}
