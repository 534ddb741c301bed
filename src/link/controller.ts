/**
 * A controller's settings: checked against its limits, and completed to what the kernel accepts.
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
import { isEqual } from "./is_equal.ts";
import { encodeModes, type Modes, requestedModes } from "./modes.ts";
import { bitsOfModes, type ControllerMode, controllerModes } from "./names.ts";
import type { LinkConfiguration } from "./options.ts";
import type { LinkStatus, TransmitterDelay } from "./status.ts";

/** The payload of IFLA_INFO_DATA. */
export type CanSettings = Attributes<typeof canTable>;

/** One phase of a frame, nominal or data: its requested settings, current timing and limits. */
interface Phase {
  /** Prefix of the settings' names. */
  readonly prefix: "" | "data";
  readonly requested: PhaseSettings;
  readonly current: BitTimingValues | null;
  readonly limits: BitTimingConst | null;
  /** The only bitrates that the controller supports, where it has a list. */
  readonly bitrates: readonly number[] | null;
}

/** The settings of a phase, without the prefix. */
type PhaseSettings = Pick<
  LinkConfiguration,
  "bitrate" | "samplePoint" | "sjw" | "tq" | "propSeg" | "phaseSeg1" | "phaseSeg2"
>;

const timingNames = ["bitrate", "samplePoint", "sjw", "tq", "propSeg", "phaseSeg1", "phaseSeg2"] as const;
const delayModes = ["tdc-auto", "tdc-manual"] as const;
const segmentNames = ["tq", "propSeg", "phaseSeg1", "phaseSeg2"] as const;

/**
 * The settings to request from a link's controller.
 *
 * @returns Undefined if the configuration has no controller settings.
 * @throws {RangeError} There is no controller, or it does not support a setting: the message says what it supports.
 * @throws {TypeError} A setting that others require is missing, or settings exclude each other.
 */
export function controllerSettings(configuration: LinkConfiguration, status: LinkStatus): CanSettings | undefined {
  const { mtu, txQueueLength: _, ...requested } = configuration;
  if (mtu !== undefined) checkMtuOfLink(mtu, status, requested.modes?.fd);
  const names = Object.keys(requested);
  if (names.length === 0) return undefined;
  if (status.kind !== "can") {
    const kind = status.kind ?? `link without a kind`;
    throw new RangeError(`${names.join(", ")}: "${status.name}" is a ${kind}, which has no controller to configure`);
  }
  const { restartMs, termination, tdc } = requested;
  const nominal = nominalPhase(requested, status);
  const data = dataPhase(requested, status);
  const dataTiming = timingNames.filter((name) => data.requested[name] !== undefined);
  const modes = requestedModes(requested, status, dataTiming.map((name) => nameOf("data", name)));
  const settings: { -readonly [K in keyof CanSettings]: CanSettings[K] } = {};

  settings.bittiming = requestedTiming(nominal, status);
  settings.dataBittiming = requestedTiming(data, status);
  if (modes?.fd) {
    // For CAN FD the kernel requires both bit timings in one request.
    settings.bittiming ??= currentTiming(nominal, "bitrate", status);
    if (settings.dataBittiming === undefined) {
      settings.dataBittiming = currentTiming(data, "dataBitrate", status);
      if (tdc === undefined) settings.tdc = currentDelay(modes, status);
    }
  }
  if (modes !== null) settings.ctrlmode = encodeModes(modes);
  if (restartMs !== undefined) settings.restartMs = restartMs;
  if (termination !== undefined) settings.termination = checkTermination(termination, status);
  if (tdc !== undefined) settings.tdc = checkTdc(tdc, status);
  return settings;
}

/** The settings that restore a controller's earlier status, and the names of settings that cannot be restored. */
export function settingsToRestore(before: LinkStatus, now: LinkStatus): { settings: CanSettings; lost: string[] } {
  const settings: { -readonly [K in keyof CanSettings]: CanSettings[K] } = {};
  const lost: string[] = [];
  const timings = isEqual(before.bitTiming, now.bitTiming) && isEqual(before.dataBitTiming, now.dataBitTiming);
  const modes = isEqual(before.modes, now.modes) && isEqual(before.tdc, now.tdc);
  if (!timings || !modes) {
    // Together: for CAN FD the kernel requires both bit timings in one request.
    if (before.bitTiming) settings.bittiming = exactTiming(before.bitTiming, before.bitTimingConst);
    else if (now.bitTiming) lost.push("bitrate");
    const mask = bitsOfModes(controllerModes);
    settings.ctrlmode = { mask, flags: bitsOfModes(before.modes ?? []) };
    if (before.modes?.includes("fd") && before.dataBitTiming) {
      settings.dataBittiming = exactTiming(before.dataBitTiming, before.dataBitTimingConst);
      if (before.tdc) settings.tdc = withoutMeasuredDelay(before.tdc, before.modes);
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
  const canFd = supportedModes === null || [...supportedModes, ...staticModes ?? []].includes("fd");
  const fits = canFd ? [CAN_MTU, CANFD_MTU] : [CAN_MTU];
  if (!fits.includes(mtu)) {
    const why = canFd ? "" : ", as its controller does not support CAN FD";
    throw new RangeError(`mtu is ${mtu}: on "${name}" it must be ${fits.join(" or ")}${why}`);
  }
  if (fd !== undefined && fd !== (mtu === CANFD_MTU)) {
    throw new RangeError(
      `mtu is ${mtu}: with the mode fd ${fd ? "set" : "cleared"} it must be ${fd ? CANFD_MTU : CAN_MTU}`,
    );
  }
}

function nominalPhase(requested: LinkConfiguration, status: LinkStatus): Phase {
  const { bitTiming, bitTimingConst, bitrateConst } = status;
  return { prefix: "", requested, current: bitTiming, limits: bitTimingConst, bitrates: bitrateConst };
}

function dataPhase(configuration: LinkConfiguration, status: LinkStatus): Phase {
  const { dataBitTiming, dataBitTimingConst, dataBitrateConst } = status;
  const requested = Object.fromEntries(
    timingNames.map((name) => [name, configuration[nameOf("data", name) as keyof LinkConfiguration]]),
  ) as PhaseSettings;
  return { prefix: "data", requested, current: dataBitTiming, limits: dataBitTimingConst, bitrates: dataBitrateConst };
}

/** The full name of a setting: `dataBitrate` for `"data"` and `bitrate`. */
function nameOf(prefix: "" | "data", name: string): string {
  return prefix === "" ? name : `data${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function hasTiming(requested: PhaseSettings): boolean {
  return timingNames.some((name) => requested[name] !== undefined);
}

/** A phase's requested bit timing in the kernel's form; undefined if none is requested. */
function requestedTiming(phase: Phase, status: LinkStatus): CanBittiming | undefined {
  const { requested, current, prefix } = phase;
  if (!hasTiming(requested)) return undefined;
  const label = (name: string) => nameOf(prefix, name);
  const segments = segmentNames.filter((name) => requested[name] !== undefined);
  if (segments.length > 0) {
    const missing = segmentNames.filter((name) => requested[name] === undefined);
    if (missing.length > 0) {
      throw new TypeError(`${missing.map(label).join(", ")}: required with ${label(segments[0])}`);
    }
    for (const name of ["bitrate", "samplePoint"] as const) {
      if (requested[name] !== undefined) {
        throw new TypeError(`${label(name)}: cannot be given with ${label("tq")}, which defines the whole bit timing`);
      }
    }
    return segmentsTiming(phase, requested as Required<PhaseSettings>, status);
  }
  if (requested.bitrate === undefined && current === null) {
    throw new TypeError(`${label("bitrate")} is missing: "${status.name}" has none yet`);
  }
  if (requested.bitrate === undefined && requested.samplePoint === undefined && phase.limits !== null) {
    return segmentsTiming(phase, { ...current!, sjw: requested.sjw }, status);
  }
  const { bitrate = current!.bitrate, samplePoint, sjw } = requested;
  checkBitrate(phase, { bitrate, samplePoint, sjw }, status);
  return { ...noTiming, bitrate, samplePoint: samplePoint === undefined ? 0 : thousandths(samplePoint), sjw: sjw ?? 0 };
}

const noTiming = { bitrate: 0, samplePoint: 0, tq: 0, propSeg: 0, phaseSeg1: 0, phaseSeg2: 0, sjw: 0, brp: 0 };

/** A bit timing given by its segments. */
function segmentsTiming(
  { prefix, limits }: Phase,
  { tq, propSeg, phaseSeg1, phaseSeg2, sjw }: Omit<BitTimingValues, "bitrate" | "samplePoint" | "brp" | "sjw"> & {
    sjw?: number;
  },
  { name, clock }: LinkStatus,
): CanBittiming {
  if (limits === null) {
    throw new RangeError(`${nameOf(prefix, "tq")}: "${name}" accepts only a ${nameOf(prefix, "bitrate")}`);
  }
  const segments = { tq, propSeg, phaseSeg1, phaseSeg2, ...sjw !== undefined && { sjw } };
  if (clock) inPhase(prefix, () => new BitTiming({ clock, ...segments, limits }));
  return { ...noTiming, ...segments };
}

/** Throws for a bitrate that the controller or its transceiver does not support. */
function checkBitrate(
  { prefix, limits, bitrates }: Phase,
  { bitrate, samplePoint, sjw }: PhaseSettings & { readonly bitrate: number },
  { name, clock, bitrateMax }: LinkStatus,
): void {
  const label = nameOf(prefix, "bitrate");
  if (bitrateMax !== null && bitrate > bitrateMax) {
    throw new RangeError(`${label} is ${bitrate}: the transceiver of "${name}" supports at most ${bitrateMax} bit/s`);
  }
  if (limits !== null) {
    if (!clock) return;
    const more = { ...samplePoint !== undefined && { samplePoint }, ...sjw !== undefined && { sjw } };
    inPhase(prefix, () => BitTiming.fromBitrate({ clock, limits, bitrate, ...more }));
  } else if (bitrates !== null) {
    if (!bitrates.includes(bitrate)) {
      throw new RangeError(`${label} is ${bitrate}: "${name}" supports only ${bitrates.join(", ")} bit/s`);
    }
  } else if (prefix === "data") {
    throw new RangeError(`${label}: the controller of "${name}" has no data phase: it does not support CAN FD`);
  }
}

/** Runs a check; a RangeError about the data phase says so. */
function inPhase(prefix: "" | "data", check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof RangeError) || prefix === "") throw error;
    throw new RangeError(`Data phase: ${error.message}`, { cause: error });
  }
}

/** A phase's current bit timing, to be set again. */
function currentTiming({ current, limits }: Phase, name: string, status: LinkStatus): CanBittiming {
  if (current === null) {
    throw new TypeError(`${name} is missing: the mode fd needs it, and "${status.name}" has none yet`);
  }
  return exactTiming(current, limits);
}

function exactTiming(
  { bitrate, tq, propSeg, phaseSeg1, phaseSeg2, sjw }: BitTimingValues,
  limits: BitTimingConst | null,
): CanBittiming {
  return limits === null ? { ...noTiming, bitrate } : { ...noTiming, tq, propSeg, phaseSeg1, phaseSeg2, sjw };
}

function checkTermination(termination: number, { name, terminationConst }: LinkStatus): number {
  const offered = terminationConst ?? [];
  if (offered.includes(termination)) return termination;
  const what = offered.length > 0 ? `offers ${offered.join(", ")} ohms` : "has no switchable termination";
  throw new RangeError(`termination is ${termination}: "${name}" ${what}`);
}

function checkTdc(tdc: TransmitterDelay, { name, tdcConst }: LinkStatus): TransmitterDelay {
  if (tdcConst === null) throw new RangeError(`tdc: the controller of "${name}" has no delay compensation`);
  for (const part of ["tdcv", "tdco", "tdcf"] as const) {
    const max = tdcConst[`${part}Max`];
    if (tdc[part] === undefined) continue;
    if (max === undefined) {
      throw new RangeError(`tdc.${part} is ${tdc[part]}: the controller of "${name}" does not support it`);
    }
    checkWhole(`tdc.${part}`, tdc[part], tdcConst[`${part}Min`] ?? 0, max, `${max} on "${name}"`);
  }
  return tdc;
}

/** The current delay compensation, to be set again with the data phase that it belongs to. */
function currentDelay(modes: Modes, { modes: set, tdc }: LinkStatus): TransmitterDelay | undefined {
  const mode = delayModes.find((each) => set?.includes(each));
  if (mode === undefined || tdc === null || delayModes.some((each) => modes[each] !== undefined)) return undefined;
  modes[mode] = true;
  return withoutMeasuredDelay(tdc, [mode]);
}

/** Delay compensation without a value that the controller measured itself. */
function withoutMeasuredDelay({ tdcv, ...tdc }: TransmitterDelay, modes: readonly ControllerMode[]): TransmitterDelay {
  return modes.includes("tdc-manual") ? { tdcv, ...tdc } : tdc;
}
