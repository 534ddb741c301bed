/**
 * The modes that a controller is asked for.
 *
 * @module
 */

import type { CanCtrlmode } from "../kernel/can_netlink.ts";
import { bitsOfModes, type ControllerMode, controllerModes } from "./names.ts";
import type { LinkConfiguration } from "./options.ts";
import type { LinkStatus } from "./status.ts";

/** Modes to set and to clear. */
export type Modes = { [mode in ControllerMode]?: boolean };

/**
 * The modes to set and to clear; null for none.
 *
 * @param dataTiming The names of the settings of the data phase.
 */
export function wantedModes(
  { modes, tdc }: LinkConfiguration,
  status: LinkStatus,
  dataTiming: readonly string[],
): Modes | null {
  const wanted: Modes = {};
  /** What says so, for errors. */
  const sources: { [mode in ControllerMode]?: string } = {};
  for (const mode of controllerModes) {
    if (modes?.[mode] === undefined) continue;
    wanted[mode] = modes[mode];
    sources[mode] = `modes["${mode}"] is ${modes[mode]}`;
  }
  if (tdc !== undefined && !wanted["tdc-auto"] && !wanted["tdc-manual"]) {
    const mode = tdc.tdcv === undefined ? "tdc-auto" : "tdc-manual";
    if (wanted[mode] === false) throw new RangeError(`${sources[mode]}: tdc takes that mode`);
    wanted[mode] = true;
    sources[mode] = `tdc takes the mode ${mode}`;
  }
  const delay = wanted["tdc-auto"] ? "tdc-auto" : wanted["tdc-manual"] ? "tdc-manual" : null;
  if (delay && tdc === undefined) throw new TypeError(`tdc is missing: the mode ${delay} takes it`);
  if (delay === "tdc-auto" && tdc?.tdcv !== undefined) {
    throw new RangeError(`tdc.tdcv is ${tdc.tdcv}: with the mode tdc-auto the controller measures it itself`);
  }
  if (delay === "tdc-manual" && tdc?.tdcv === undefined) {
    throw new TypeError("tdc.tdcv is missing: the mode tdc-manual takes it");
  }
  if (delay) wanted[delay === "tdc-auto" ? "tdc-manual" : "tdc-auto"] ??= false;
  const fdFor = dataTiming.length > 0 ? dataTiming[0] : delay ? "tdc" : null;
  if (fdFor !== null) {
    if (wanted.fd === false) throw new RangeError(`${sources.fd}: ${fdFor} takes that mode`);
    wanted.fd = true;
    sources.fd ??= `${fdFor} takes the mode fd`;
  }
  if (Object.keys(wanted).length === 0) return null;
  checkModesOfLink(wanted, sources, status);
  // The kernel wants to be told of these each time.
  const { modes: set, staticModes } = status;
  const isFd = wanted.fd ?? set?.includes("fd") ?? false;
  for (const mode of staticModes ?? []) if (mode !== "fd-non-iso" || isFd) wanted[mode] = true;
  return wanted;
}

function checkModesOfLink(
  wanted: Modes,
  sources: { readonly [mode in ControllerMode]?: string },
  { name, supportedModes, staticModes, bitTimingConst }: LinkStatus,
): void {
  if (supportedModes === null || staticModes === null) return; // the kernel does not tell, and checks
  const controller = `${bitTimingConst?.name ?? "controller"} of "${name}"`;
  for (const mode of controllerModes) {
    const isStatic = staticModes.includes(mode);
    if (wanted[mode] === true && !isStatic && !supportedModes.includes(mode)) {
      throw new RangeError(`${sources[mode]}: the ${controller} has only ${supportedModes.join(", ") || "none"}`);
    }
    if (wanted[mode] === false && isStatic) {
      throw new RangeError(`${sources[mode]}: the ${controller} always has that mode`);
    }
  }
}

/** Modes as the kernel takes them. */
export function encodeModes(modes: Modes): CanCtrlmode {
  const mentioned = controllerModes.filter((mode) => modes[mode] !== undefined);
  return { mask: bitsOfModes(mentioned), flags: bitsOfModes(mentioned.filter((mode) => modes[mode])) };
}
