/**
 * What a controller is asked for: checked against what it can do, and completed to what the kernel takes.
 *
 * @module
 */

import { BitTiming } from "../bit_timing/bit_timing.ts";
import { thousandths } from "../bit_timing/sample_point.ts";
import type { BitTimingConst, BitTimingValues } from "../bit_timing/values.ts";
import { checkWhole } from "../check.ts";
import { CAN_MTU, CANFD_MTU } from "../kernel/can.ts";
import type { CanBittiming, canTable } from "../kernel/can_netlink.ts";
import type { Attributes } from "../kernel/nlattr.ts";
import { encodeModes, type Modes, wantedModes } from "./modes.ts";
import { bitsOfModes, type ControllerMode, controllerModes } from "./names.ts";
import type { LinkConfiguration } from "./options.ts";
import { same } from "./same.ts";
import type { LinkStatus, TransmitterDelay } from "./status.ts";

/** The payload of IFLA_INFO_DATA. */
export type CanSettings = Attributes<typeof canTable>;

/** One phase of a frame: what is wanted of it, and what it has and can. */
interface Phase {
  /** What stands before the settings' names. */
  readonly prefix: "" | "data";
  readonly wanted: Wanted;
  readonly now: BitTimingValues | null;
  readonly limits: BitTimingConst | null;
  /** The only bitrates that there are. */
  readonly bitrates: readonly number[] | null;
}

/** The settings of a phase, without a prefix. */
type Wanted = Pick<LinkConfiguration, "bitrate" | "samplePoint" | "sjw" | "tq" | "propSeg" | "phaseSeg1" | "phaseSeg2">;

const timingNames = ["bitrate", "samplePoint", "sjw", "tq", "propSeg", "phaseSeg1", "phaseSeg2"] as const;
const delayModes = ["tdc-auto", "tdc-manual"] as const;
const segmentNames = ["tq", "propSeg", "phaseSeg1", "phaseSeg2"] as const;

/**
 * What to ask a link's controller for.
 *
 * @returns Undefined if nothing is wanted of it.
 * @throws {RangeError} The controller cannot do it, or there is none: the message tells what it can.
 * @throws {TypeError} Settings are missing that go with others, or exclude each other.
 */
export function controllerSettings(configuration: LinkConfiguration, status: LinkStatus): CanSettings | undefined {
  const { mtu, txQueueLength: _, ...wanted } = configuration;
  if (mtu !== undefined) checkMtuOfLink(mtu, status, wanted.modes?.fd);
  const names = Object.keys(wanted);
  if (names.length === 0) return undefined;
  if (status.kind !== "can") {
    const kind = status.kind ?? `link without a kind`;
    throw new RangeError(`${names.join(", ")}: "${status.name}" is a ${kind}, and has no controller to set`);
  }
  const { restartMs, termination, tdc } = wanted;
  const nominal = nominalPhase(wanted, status);
  const data = dataPhase(wanted, status);
  const dataTiming = timingNames.filter((name) => data.wanted[name] !== undefined);
  const modes = wantedModes(wanted, status, dataTiming.map((name) => nameOf("data", name)));
  const settings: { -readonly [K in keyof CanSettings]: CanSettings[K] } = {};

  settings.bittiming = timing(nominal, status);
  settings.dataBittiming = timing(data, status);
  if (modes?.fd) {
    // The kernel takes CAN FD only as a whole.
    settings.bittiming ??= kept(nominal, "bitrate", status);
    if (settings.dataBittiming === undefined) {
      settings.dataBittiming = kept(data, "dataBitrate", status);
      if (tdc === undefined) settings.tdc = keptDelay(modes, status);
    }
  }
  if (modes !== null) settings.ctrlmode = encodeModes(modes);
  if (restartMs !== undefined) settings.restartMs = restartMs;
  if (termination !== undefined) settings.termination = checkTermination(termination, status);
  if (tdc !== undefined) settings.tdc = checkTdc(tdc, status);
  return settings;
}

/** What sets a controller back to an earlier status; the names of settings that cannot be set back. */
export function earlierSettings(before: LinkStatus, now: LinkStatus): { settings: CanSettings; lost: string[] } {
  const settings: { -readonly [K in keyof CanSettings]: CanSettings[K] } = {};
  const lost: string[] = [];
  const timings = same(before.bitTiming, now.bitTiming) && same(before.dataBitTiming, now.dataBitTiming);
  const modes = same(before.modes, now.modes) && same(before.tdc, now.tdc);
  if (!timings || !modes) {
    // Together, as the kernel takes CAN FD only as a whole.
    if (before.bitTiming) settings.bittiming = exactly(before.bitTiming, before.bitTimingConst);
    else if (now.bitTiming) lost.push("bitrate");
    const mask = bitsOfModes(controllerModes);
    settings.ctrlmode = { mask, flags: bitsOfModes(before.modes ?? []) };
    if (before.modes?.includes("fd") && before.dataBitTiming) {
      settings.dataBittiming = exactly(before.dataBitTiming, before.dataBitTimingConst);
      if (before.tdc) settings.tdc = settable(before.tdc, before.modes);
    }
  }
  if (before.restartMs !== now.restartMs) settings.restartMs = before.restartMs ?? 0;
  if (before.termination !== now.termination) settings.termination = before.termination ?? 0;
  return { settings, lost };
}

function checkMtuOfLink(
  mtu: number,
  { kind, name, supportedModes, staticModes, details }: LinkStatus,
  fd?: boolean,
): void {
  if (kind !== "can") {
    if (details.maxMtu > 0) checkWhole("mtu", mtu, details.minMtu, details.maxMtu, `${details.maxMtu} on "${name}"`);
    return;
  }
  const known = supportedModes !== null;
  const canFd = !known || [...supportedModes, ...staticModes ?? []].includes("fd");
  const fits = canFd ? [CAN_MTU, CANFD_MTU] : [CAN_MTU];
  if (!fits.includes(mtu)) {
    const why = canFd ? "" : ", as its controller has no CAN FD";
    throw new RangeError(`mtu is ${mtu}: on "${name}" it must be ${fits.join(" or ")}${why}`);
  }
  if (fd !== undefined && fd !== (mtu === CANFD_MTU)) {
    throw new RangeError(`mtu is ${mtu}: with the mode fd ${fd ? "set" : "cleared"} it is ${fd ? CANFD_MTU : CAN_MTU}`);
  }
}

function nominalPhase(wanted: LinkConfiguration, status: LinkStatus): Phase {
  const { bitTiming, bitTimingConst, bitrateConst } = status;
  return { prefix: "", wanted, now: bitTiming, limits: bitTimingConst, bitrates: bitrateConst };
}

function dataPhase(given: LinkConfiguration, status: LinkStatus): Phase {
  const { dataBitTiming, dataBitTimingConst, dataBitrateConst } = status;
  const wanted = Object.fromEntries(
    timingNames.map((name) => [name, given[nameOf("data", name) as keyof LinkConfiguration]]),
  ) as Wanted;
  return { prefix: "data", wanted, now: dataBitTiming, limits: dataBitTimingConst, bitrates: dataBitrateConst };
}

/** `dataBitrate` of `bitrate`. */
function nameOf(prefix: "" | "data", name: string): string {
  return prefix === "" ? name : `data${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function isWanted(wanted: Wanted): boolean {
  return timingNames.some((name) => wanted[name] !== undefined);
}

/** The bit timing that is wanted of a phase, as the kernel takes it. */
function timing(phase: Phase, status: LinkStatus): CanBittiming | undefined {
  const { wanted, now, prefix } = phase;
  if (!isWanted(wanted)) return undefined;
  const label = (name: string) => nameOf(prefix, name);
  const segments = segmentNames.filter((name) => wanted[name] !== undefined);
  if (segments.length > 0) {
    const missing = segmentNames.filter((name) => wanted[name] === undefined);
    if (missing.length > 0) {
      throw new TypeError(`${missing.map(label).join(", ")}: missing beside ${label(segments[0])}`);
    }
    for (const name of ["bitrate", "samplePoint"] as const) {
      if (wanted[name] !== undefined) {
        throw new TypeError(`${label(name)}: not beside ${label("tq")}, which says it all`);
      }
    }
    return segmentsTiming(phase, wanted as Required<Wanted>, status);
  }
  if (wanted.bitrate === undefined && now === null) {
    throw new TypeError(`${label("bitrate")} is missing: "${status.name}" has none yet`);
  }
  if (wanted.bitrate === undefined && wanted.samplePoint === undefined && phase.limits !== null) {
    return segmentsTiming(phase, { ...now!, sjw: wanted.sjw }, status);
  }
  const { bitrate = now!.bitrate, samplePoint, sjw } = wanted;
  checkBitrate(phase, { bitrate, samplePoint, sjw }, status);
  return { ...noTiming, bitrate, samplePoint: samplePoint === undefined ? 0 : thousandths(samplePoint), sjw: sjw ?? 0 };
}

const noTiming = { bitrate: 0, samplePoint: 0, tq: 0, propSeg: 0, phaseSeg1: 0, phaseSeg2: 0, sjw: 0, brp: 0 };

/** A bit timing by its segments. */
function segmentsTiming(
  { prefix, limits }: Phase,
  { tq, propSeg, phaseSeg1, phaseSeg2, sjw }: Omit<BitTimingValues, "bitrate" | "samplePoint" | "brp" | "sjw"> & {
    sjw?: number;
  },
  { name, clock }: LinkStatus,
): CanBittiming {
  if (limits === null) {
    throw new RangeError(`${nameOf(prefix, "tq")}: "${name}" takes a ${nameOf(prefix, "bitrate")} only`);
  }
  const segments = { tq, propSeg, phaseSeg1, phaseSeg2, ...sjw !== undefined && { sjw } };
  if (clock) labelled(prefix, () => new BitTiming({ clock, ...segments, limits }));
  return { ...noTiming, ...segments };
}

/** Refuses a bitrate that the controller or its transceiver cannot do. */
function checkBitrate(
  { prefix, limits, bitrates }: Phase,
  { bitrate, samplePoint, sjw }: Wanted & { readonly bitrate: number },
  { name, clock, bitrateMax }: LinkStatus,
): void {
  const label = nameOf(prefix, "bitrate");
  if (bitrateMax !== null && bitrate > bitrateMax) {
    throw new RangeError(`${label} is ${bitrate}: the transceiver of "${name}" does at most ${bitrateMax} bit/s`);
  }
  if (limits !== null) {
    if (!clock) return;
    const more = { ...samplePoint !== undefined && { samplePoint }, ...sjw !== undefined && { sjw } };
    labelled(prefix, () => BitTiming.fromBitrate({ clock, limits, bitrate, ...more }));
  } else if (bitrates !== null) {
    if (!bitrates.includes(bitrate)) {
      throw new RangeError(`${label} is ${bitrate}: "${name}" has only ${bitrates.join(", ")} bit/s`);
    }
  } else if (prefix === "data") {
    throw new RangeError(`${label}: the controller of "${name}" has no data phase: it does no CAN FD`);
  }
}

/** Errors of a data phase are told as such. */
function labelled(prefix: "" | "data", check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof RangeError) || prefix === "") throw error;
    throw new RangeError(`Data phase: ${error.message}`, { cause: error });
  }
}

/** The bit timing that a phase has, to be set again. */
function kept({ now, limits }: Phase, name: string, status: LinkStatus): CanBittiming {
  if (now === null) throw new TypeError(`${name} is missing: the mode fd takes it, and "${status.name}" has none yet`);
  return exactly(now, limits);
}

function exactly(
  { bitrate, tq, propSeg, phaseSeg1, phaseSeg2, sjw }: BitTimingValues,
  limits: BitTimingConst | null,
): CanBittiming {
  return limits === null ? { ...noTiming, bitrate } : { ...noTiming, tq, propSeg, phaseSeg1, phaseSeg2, sjw };
}

function checkTermination(termination: number, { name, terminationConst }: LinkStatus): number {
  const offered = terminationConst ?? [];
  if (offered.includes(termination)) return termination;
  const what = offered.length > 0 ? `has ${offered.join(", ")} ohms` : "has no termination that can be switched";
  throw new RangeError(`termination is ${termination}: "${name}" ${what}`);
}

function checkTdc(tdc: TransmitterDelay, { name, tdcConst }: LinkStatus): TransmitterDelay {
  if (tdcConst === null) throw new RangeError(`tdc: the controller of "${name}" has none`);
  for (const part of ["tdcv", "tdco", "tdcf"] as const) {
    const most = tdcConst[`${part}Max`];
    if (tdc[part] === undefined) continue;
    if (most === undefined) {
      throw new RangeError(`tdc.${part} is ${tdc[part]}: the controller of "${name}" does not take it`);
    }
    checkWhole(`tdc.${part}`, tdc[part], tdcConst[`${part}Min`] ?? 0, most, `${most} on "${name}"`);
  }
  return tdc;
}

/** The delay's compensation that is set, to be set again with the data phase that it belongs to. */
function keptDelay(modes: Modes, { modes: set, tdc }: LinkStatus): TransmitterDelay | undefined {
  const mode = delayModes.find((each) => set?.includes(each));
  if (mode === undefined || tdc === null || delayModes.some((each) => modes[each] !== undefined)) return undefined;
  modes[mode] = true;
  return settable(tdc, [mode]);
}

/** Without what the controller measured itself. */
function settable({ tdcv, ...tdc }: TransmitterDelay, modes: readonly ControllerMode[]): TransmitterDelay {
  return modes.includes("tdc-manual") ? { tdcv, ...tdc } : tdc;
}
