/**
 * The modes to request from a controller.
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
 * The modes to set and to clear, with those that other settings imply; null for none.
 *
 * @param dataTiming The names of the requested settings of the data phase.
 * @throws {RangeError} The controller does not support a mode, or settings contradict each other.
 * @throws {TypeError} A setting that a mode requires is missing.
 */
export function requestedModes(
  { modes, tdc }: LinkConfiguration,
  status: LinkStatus,
  dataTiming: readonly string[],
): Modes | null {
  const requested: Modes = {};
  /** Which setting requests each mode, for errors. */
  const sources: { [mode in ControllerMode]?: string } = {};
  for (const mode of controllerModes) {
    if (modes?.[mode] === undefined) continue;
    requested[mode] = modes[mode];
    sources[mode] = `modes["${mode}"] is ${modes[mode]}`;
  }
  if (tdc !== undefined && !requested["tdc-auto"] && !requested["tdc-manual"]) {
    const mode = tdc.tdcv === undefined ? "tdc-auto" : "tdc-manual";
    if (requested[mode] === false) throw new RangeError(`${sources[mode]}: tdc needs that mode`);
    requested[mode] = true;
    sources[mode] = `tdc needs the mode ${mode}`;
  }
  const delay = requested["tdc-auto"] ? "tdc-auto" : requested["tdc-manual"] ? "tdc-manual" : null;
  if (delay && tdc === undefined) throw new TypeError(`tdc is missing: the mode ${delay} needs it`);
  if (delay === "tdc-auto" && tdc?.tdcv !== undefined) {
    throw new RangeError(`tdc.tdcv is ${tdc.tdcv}: with the mode tdc-auto the controller measures it itself`);
  }
  if (delay === "tdc-manual" && tdc?.tdcv === undefined) {
    throw new TypeError("tdc.tdcv is missing: the mode tdc-manual needs it");
  }
  if (delay) requested[delay === "tdc-auto" ? "tdc-manual" : "tdc-auto"] ??= false;
  const fdFor = dataTiming.length > 0 ? dataTiming[0] : delay ? "tdc" : null;
  if (fdFor !== null) {
    if (requested.fd === false) throw new RangeError(`${sources.fd}: ${fdFor} needs that mode`);
    requested.fd = true;
    sources.fd ??= `${fdFor} needs the mode fd`;
  }
  if (Object.keys(requested).length === 0) return null;
  checkModesOfLink(requested, sources, status);
  // The kernel requires static modes in every request that changes modes.
  const { modes: set, staticModes } = status;
  const isFd = requested.fd ?? set?.includes("fd") ?? false;
  for (const mode of staticModes ?? []) if (mode !== "fd-non-iso" || isFd) requested[mode] = true;
  return requested;
}

function checkModesOfLink(
  requested: Modes,
  sources: { readonly [mode in ControllerMode]?: string },
  { name, supportedModes, staticModes, bitTimingConst }: LinkStatus,
): void {
  if (supportedModes === null || staticModes === null) return; // older kernels do not report them
  const controller = `${bitTimingConst?.name ?? "controller"} of "${name}"`;
  for (const mode of controllerModes) {
    const isStatic = staticModes.includes(mode);
    if (requested[mode] === true && !isStatic && !supportedModes.includes(mode)) {
      throw new RangeError(`${sources[mode]}: the ${controller} supports only ${supportedModes.join(", ") || "none"}`);
    }
    if (requested[mode] === false && isStatic) {
      throw new RangeError(`${sources[mode]}: the ${controller} always has that mode`);
    }
  }
}

/** Modes in the kernel's form. */
export function encodeModes(modes: Modes): CanCtrlmode {
  const mentioned = controllerModes.filter((mode) => modes[mode] !== undefined);
  return { mask: bitsOfModes(mentioned), flags: bitsOfModes(mentioned.filter((mode) => modes[mode])) };
}
