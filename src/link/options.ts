/**
 * What links are made with and configured to.
 *
 * @module
 */

import { checkSamplePoint } from "../bit_timing/sample_point.ts";
import { checkBoolean, checkNames, checkWhole } from "../check.ts";
import { CAN_MTU, CANFD_MTU, CANXL_MIN_MTU, CANXL_MTU } from "../kernel/can.ts";
import { type ControllerMode, controllerModes } from "./names.ts";
import type { TransmitterDelay } from "./status.ts";

const U32_MAX = 0xffffffff;
/** More the kernel takes when it makes a link, and does not change afterwards. */
const TX_QUEUE_MAX = 32767;

/** Where the kernel is. */
export interface LinkOptions {
  /** Path of the C library, where its usual names do not find it. Loaded once for each path. */
  readonly libc?: string;
}

/** How a virtual link is made. */
export interface LinkCreateOptions extends LinkOptions {
  /** Bytes of the longest frame: 16 for classic CAN, 72 for CAN FD too, 2060 for CAN XL too. Default: the kernel's, 72. */
  readonly mtu?: number;
  /** Frames that may wait to be sent, 0 to 32767. Default: the kernel's, 1000. */
  readonly txQueueLength?: number;
  /** Whether it is up at once; not what is in another network namespace, of a pair. Default false. */
  readonly up?: boolean;
}

/** How a link that goes nowhere is made: everybody on this host who opens it is on one wire. */
export interface VcanOptions extends LinkCreateOptions {
  /** Default `"vcan"`; a vxcan has two ends, and is made with `Link.createPair`. */
  readonly kind?: "vcan";
  /**
   * The network namespace to make it in: its name, as `ip netns` has it, the path of its file, or a process that is in it.
   * Default: this process's own.
   */
  readonly netns?: string | number;
}

/** How a pair of links is made: what goes into one comes out of the other. */
export interface VxcanOptions extends LinkCreateOptions {
  /** Default `"vxcan"`. */
  readonly kind?: "vxcan";
  /**
   * The network namespace of the second one: its name, as `ip netns` has it, the path of its file, or a process that is
   * in it. Default: this process's own.
   */
  readonly peerNetns?: string | number;
}

/** How a change is made. */
export interface LinkChangeOptions {
  /**
   * Whether a link that is up is taken down for the change, and up again, if the change needs that. Sockets on it are
   * told `ENETDOWN`, and work on. Default false: it is an error.
   */
  readonly restartLink?: boolean;
}

/**
 * What a link is to be changed to; what is absent stays. All but `txQueueLength` and `termination` can only be changed
 * while the link is down. Those below `mtu` are of controllers: a vcan has none.
 */
export interface LinkConfiguration {
  /** Frames that may wait to be sent, 0 to 32767. */
  readonly txQueueLength?: number;
  /**
   * Bytes of the longest frame: 16, 72 or 2060 (for CAN XL, any from 76 on). A device that can do FD has 72 while the
   * mode `fd` is set, and one that cannot takes only 16.
   */
  readonly mtu?: number;
  /** Bits per second; the kernel calculates the best bit timing. */
  readonly bitrate?: number;
  /**
   * Where in a bit to sample it, as a part of 1: 0.001 to 0.999, of which three decimals count. Default: what CiA
   * recommends, 0.75 above 800 kbit/s, 0.8 above 500 kbit/s, else 0.875. Alone: with the bitrate that is set.
   */
  readonly samplePoint?: number;
  /** Synchronisation jump width, in time quanta. Default: the kernel's. Alone: with the bit timing that is set. */
  readonly sjw?: number;
  /** Instead of `bitrate`: length of a time quantum in nanoseconds, with the next three. `BitTiming.toLink` gives them. */
  readonly tq?: number;
  /** Propagation segment, in time quanta. */
  readonly propSeg?: number;
  /** Phase segment 1, in time quanta. */
  readonly phaseSeg1?: number;
  /** Phase segment 2, in time quanta. */
  readonly phaseSeg2?: number;
  /** Bits per second in the data phase of CAN FD; sets the mode `fd`. This and all below: as without `data`. */
  readonly dataBitrate?: number;
  /** As `samplePoint`. */
  readonly dataSamplePoint?: number;
  /** As `sjw`. */
  readonly dataSjw?: number;
  /** As `tq`. */
  readonly dataTq?: number;
  /** As `propSeg`. */
  readonly dataPropSeg?: number;
  /** As `phaseSeg1`. */
  readonly dataPhaseSeg1?: number;
  /** As `phaseSeg2`. */
  readonly dataPhaseSeg2?: number;
  /**
   * How the transceiver's delay is compensated in the data phase, in clock periods: `tdco`, and where the controller has
   * it `tdcf`; with `tdcv` the mode `tdc-manual` is set, else `tdc-auto`. Default: what the kernel calculates.
   */
  readonly tdc?: TransmitterDelay;
  /** Modes to set and to clear; those that are absent stay. */
  readonly modes?: { readonly [mode in ControllerMode]?: boolean };
  /** Milliseconds after which a controller that went bus-off is restarted, 0 to 0xffffffff; 0 for never. */
  readonly restartMs?: number;
  /** Ohms: one of the status's `terminationConst`. */
  readonly termination?: number;
}

/** What an object has that is not undefined. */
function given(object: unknown): [name: string, value: unknown][] {
  return Object.entries(object as object).filter(([, value]) => value !== undefined);
}

type Check = (name: string, value: unknown) => void;

const whole = (least: number, most: number): Check => (name, value) => checkWhole(name, value, least, most);

function checkMtu(name: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number: ${value}`);
  const fits = value === CAN_MTU || value === CANFD_MTU || (value >= CANXL_MIN_MTU && value <= CANXL_MTU);
  if (!fits || !Number.isInteger(value)) {
    throw new RangeError(
      `${name} is ${value}: it must be ${CAN_MTU} (classic CAN), ${CANFD_MTU} (CAN FD) or ${CANXL_MTU} (CAN XL; ` +
        `${CANXL_MIN_MTU} or more)`,
    );
  }
}

function checkModes(name: string, value: unknown): void {
  checkNames(name, value, controllerModes);
  for (const [mode, wanted] of given(value)) checkBoolean(`${name}["${mode}"]`, wanted);
  const { "tdc-auto": auto, "tdc-manual": manual } = value as { [mode in ControllerMode]?: boolean };
  if (auto && manual) throw new RangeError(`${name} has both "tdc-auto" and "tdc-manual": only one can be set`);
}

function checkDelay(name: string, value: unknown): void {
  checkNames(name, value, ["tdcv", "tdco", "tdcf"]);
  for (const [part, periods] of given(value)) whole(0, U32_MAX)(`${name}.${part}`, periods);
  if ((value as TransmitterDelay).tdco === undefined) throw new TypeError(`${name}.tdco is missing`);
}

/**
 * A network namespace's name, path or process.
 *
 * @throws {TypeError} It is neither a string nor a number.
 * @throws {RangeError} It cannot be one.
 */
export function checkNamespace(name: string, value: unknown): void {
  if (typeof value === "number") checkWhole(name, value, 1, 0x7fffffff);
  else if (typeof value !== "string") {
    throw new TypeError(`${name} must be a name, a path or a process's number: ${value}`);
  } else if (/^$|^\.{1,2}$|\0|^[^/].*\//s.test(value)) {
    throw new RangeError(`${name} is ${JSON.stringify(value)}: it must be a name without "/", or a path from the root`);
  }
}

function checkString(name: string, value: unknown): void {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string: ${value}`);
}

/** Every setting: how it is checked, and whether it takes a link that is down. */
const settings: Record<keyof LinkConfiguration, readonly [check: Check, needsDown: boolean]> = {
  txQueueLength: [whole(0, TX_QUEUE_MAX), false],
  mtu: [checkMtu, true],
  bitrate: [whole(1, U32_MAX), true],
  samplePoint: [checkSamplePoint, true],
  sjw: [whole(1, U32_MAX), true],
  tq: [whole(1, U32_MAX), true],
  propSeg: [whole(0, U32_MAX), true],
  phaseSeg1: [whole(0, U32_MAX), true],
  phaseSeg2: [whole(1, U32_MAX), true],
  dataBitrate: [whole(1, U32_MAX), true],
  dataSamplePoint: [checkSamplePoint, true],
  dataSjw: [whole(1, U32_MAX), true],
  dataTq: [whole(1, U32_MAX), true],
  dataPropSeg: [whole(0, U32_MAX), true],
  dataPhaseSeg1: [whole(0, U32_MAX), true],
  dataPhaseSeg2: [whole(1, U32_MAX), true],
  tdc: [checkDelay, true],
  modes: [checkModes, true],
  restartMs: [whole(0, U32_MAX), true],
  termination: [whole(0, 0xffff), false],
};

/** Options of making links. */
const making: Record<string, Check> = {
  mtu: checkMtu,
  txQueueLength: whole(0, TX_QUEUE_MAX),
  up: checkBoolean,
  netns: checkNamespace,
  peerNetns: checkNamespace,
  libc: checkString,
};

/**
 * Checks a configuration as far as no link is needed for that.
 *
 * @throws {TypeError} A setting is unknown or of the wrong type.
 * @throws {RangeError} A value is out of range.
 */
export function checkConfiguration(configuration: unknown): LinkConfiguration {
  checkNames("configure", configuration, Object.keys(settings));
  const set = given(configuration);
  for (const [name, value] of set) settings[name as keyof LinkConfiguration][0](name, value);
  return Object.fromEntries(set) as LinkConfiguration;
}

/** The settings among these that take a link that is down. */
export function settingsThatNeedDown(configuration: LinkConfiguration): string[] {
  return given(configuration).filter(([name, value]) => settings[name as keyof LinkConfiguration][1] && !isEmpty(value))
    .map(([name]) => name);
}

/** Whether it is an object that asks for nothing. */
function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && given(value).length === 0;
}

/**
 * Checks the options of `Link.create` or `Link.createPair`.
 *
 * @param netns The name of the one that tells the namespace.
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @throws {RangeError} A value is out of range.
 */
export function checkMaking(
  what: string,
  options: unknown,
  kind: "vcan" | "vxcan",
  netns: "netns" | "peerNetns",
): LinkCreateOptions {
  checkNames(what, options, ["kind", "mtu", "txQueueLength", "up", netns, "libc"]);
  for (const [name, value] of given(options)) if (name !== "kind") making[name](`Option ${name}`, value);
  const { kind: wanted = kind } = options as { kind?: unknown };
  if (wanted !== kind) {
    const hint = wanted === "vxcan" ? `; a vxcan has two ends: Link.createPair("vxcan0", "vxcan1")` : "";
    throw new RangeError(`Option kind is "${wanted}": it must be "${kind}"${hint}`);
  }
  return options as LinkCreateOptions;
}

/**
 * Checks the options of a change.
 *
 * @throws {TypeError} One is unknown or of the wrong type.
 */
export function checkChangeOptions(what: string, options: unknown): LinkChangeOptions {
  checkNames(what, options, ["restartLink"]);
  const { restartLink = false } = options as LinkChangeOptions;
  return { restartLink: checkBoolean("Option restartLink", restartLink) };
}

/**
 * Checks the options of `Link.open` and `Link.list`.
 *
 * @throws {TypeError} One is unknown or of the wrong type.
 */
export function checkLinkOptions(what: string, options: unknown): LinkOptions {
  checkNames(what, options, ["libc"]);
  const { libc } = options as LinkOptions;
  if (libc !== undefined) checkString("Option libc", libc);
  return { libc };
}

/**
 * Checks the name of a link that is to be.
 *
 * @throws {TypeError} It is no string.
 * @throws {RangeError} No link can have it.
 */
export function checkLinkName(what: string, name: unknown): string {
  if (typeof name !== "string") throw new TypeError(`${what} must be a string: ${name}`);
  const bytes = new TextEncoder().encode(name);
  const { length } = bytes;
  // The kernel takes "%d" for a place to put a number.
  const odd = /[\s/:%\0]/.exec(name)?.[0];
  const why = length === 0 || length > 15
    ? "it must have 1 to 15 bytes"
    : odd !== undefined
    ? `it must not contain ${JSON.stringify(odd)}`
    : name === "." || name === ".."
    ? "that is a folder's"
    : name === "all" || name === "default"
    ? "the kernel has that for all links together"
    : bytes.includes(0xa0)
    ? "the kernel takes the byte a0 in its UTF-8 for a space"
    : null;
  if (why !== null) throw new RangeError(`${what} is ${JSON.stringify(name)}: ${why}`);
  return name;
}
