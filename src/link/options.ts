/**
 * Options of creating links, and settings of links.
 *
 * @module
 */

import { checkSamplePoint } from "../bit_timing/sample_point.ts";
import { checkBoolean, checkNames, checkWhole, show } from "../check.ts";
import { CAN_MTU, CANFD_MTU, CANXL_MIN_MTU, CANXL_MTU } from "../kernel/can.ts";
import { type ControllerMode, controllerModes } from "./names.ts";
import type { TransmitterDelay } from "./status.ts";

const U32_MAX = 0xffffffff;
/** The kernel accepts more when it creates a link, but not when it changes one. */
const TX_QUEUE_MAX = 32767;

/**
 * Options of every call about links.
 *
 * @category Links
 */
export interface LinkOptions {
  /** Path of the C library, where it is not found under its usual names. Each path is loaded once. */
  readonly libc?: string;
}

/**
 * Options common to `Link.create` and `Link.createPair`.
 *
 * @category Links
 */
export interface LinkCreateOptions extends LinkOptions {
  /**
   * Bytes of the longest frame: 16 for classic CAN, 72 for CAN FD too, 2060 for CAN XL too. Default: the kernel's, 72
   * or, on newer kernels, 2060.
   */
  readonly mtu?: number;
  /** Length of the transmit queue, 0 to 32767 frames. Default: the kernel's, 1000. */
  readonly txQueueLength?: number;
  /** Whether to bring it up at once; of a pair, not the end in another network namespace. Default false. */
  readonly up?: boolean;
}

/**
 * Options of `Link.create`. A vcan connects all sockets on this host that are bound to it, as if on one wire; see the
 * [kernel documentation](https://docs.kernel.org/networking/can.html).
 *
 * @category Links
 */
export interface VcanOptions extends LinkCreateOptions {
  /** Default and only value: `"vcan"`. A vxcan has two ends: see `Link.createPair`. */
  readonly kind?: "vcan";
  /**
   * The network namespace to create it in: its name, as `ip netns` lists it, the path of its file, or the ID of a
   * process in it. Default: this process's own.
   */
  readonly netns?: string | number;
}

/**
 * Options of `Link.createPair`. What is sent into one end of a vxcan is received from the other.
 *
 * @category Links
 */
export interface VxcanOptions extends LinkCreateOptions {
  /** Default and only value: `"vxcan"`. */
  readonly kind?: "vxcan";
  /**
   * The network namespace of the second end: its name, as `ip netns` lists it, the path of its file, or the ID of a
   * process in it. Default: this process's own.
   */
  readonly peerNetns?: string | number;
}

/**
 * Options of changing a link.
 *
 * @category Links
 */
export interface LinkChangeOptions {
  /**
   * Whether to take a link that is up down for the change and up again, if the change requires it. On each socket bound
   * to it the next receive then fails once with `ENETDOWN`; the socket keeps working. Default false: such a change
   * throws.
   */
  readonly restartLink?: boolean;
}

/**
 * Settings of a link, for `Link.configure`; absent ones stay as they are. All but `txQueueLength` and `termination` can
 * only be changed while the link is down. Those below `mtu` belong to controllers: a vcan has none. See
 * [the kernel's documentation](https://docs.kernel.org/networking/can.html) of controller settings.
 *
 * @category Links
 */
export interface LinkConfiguration {
  /** Length of the transmit queue, 0 to 32767 frames. */
  readonly txQueueLength?: number;
  /**
   * Bytes of the longest frame: 16 (classic CAN), 72 (CAN FD) or 2060 (CAN XL; any value from 76 on). A device that
   * supports CAN FD has 72 while the mode `fd` is set; one that does not accepts only 16.
   */
  readonly mtu?: number;
  /** Bitrate in bits per second; the kernel calculates the best bit timing. */
  readonly bitrate?: number;
  /**
   * Sample point within a bit, as a fraction: 0.001 to 0.999, rounded to three decimals. Default: as CiA recommends,
   * 0.75 above 800 kbit/s, 0.8 above 500 kbit/s, otherwise 0.875. Without `bitrate`, applies to the current bitrate.
   */
  readonly samplePoint?: number;
  /** Synchronisation jump width in time quanta. Default: the kernel's. Alone, it applies to the current bit timing. */
  readonly sjw?: number;
  /** Instead of `bitrate`: length of a time quantum in ns, with the next three. `BitTiming.toLink` returns all four. */
  readonly tq?: number;
  /** Propagation segment in time quanta. */
  readonly propSeg?: number;
  /** Phase segment 1 in time quanta. */
  readonly phaseSeg1?: number;
  /** Phase segment 2 in time quanta. */
  readonly phaseSeg2?: number;
  /** Bitrate of CAN FD's data phase in bits per second, as `bitrate`; sets the mode `fd`. */
  readonly dataBitrate?: number;
  /** Sample point of the data phase, as `samplePoint`. */
  readonly dataSamplePoint?: number;
  /** Synchronisation jump width of the data phase, as `sjw`. */
  readonly dataSjw?: number;
  /** Time quantum of the data phase, as `tq`. */
  readonly dataTq?: number;
  /** Propagation segment of the data phase, as `propSeg`. */
  readonly dataPropSeg?: number;
  /** Phase segment 1 of the data phase, as `phaseSeg1`. */
  readonly dataPhaseSeg1?: number;
  /** Phase segment 2 of the data phase, as `phaseSeg2`. */
  readonly dataPhaseSeg2?: number;
  /**
   * Transmitter delay compensation in the data phase, in clock periods: `tdco`, and `tdcf` where the controller has it.
   * With `tdcv` the mode `tdc-manual` is set, otherwise `tdc-auto`. Default: what the kernel calculates.
   */
  readonly tdc?: TransmitterDelay;
  /**
   * Modes to set (true) and to clear (false); absent ones stay as they are. In the mode `listen-only` the controller sends
   * nothing, not even acknowledgements: sockets refuse to send on it, with `EOPNOTSUPP`.
   */
  readonly modes?: { readonly [mode in ControllerMode]?: boolean };
  /**
   * Milliseconds after which a controller that went bus-off is restarted automatically, 0 to 0xffffffff; 0 for never.
   */
  readonly restartMs?: number;
  /** Termination in ohms, one of `terminationConst` in the link's status; 0 for none. */
  readonly termination?: number;
}

/** An object's entries whose value is not undefined. */
function given(object: unknown): [name: string, value: unknown][] {
  return Object.entries(object as object).filter(([, value]) => value !== undefined);
}

type Check = (name: string, value: unknown) => void;

const whole = (min: number, max: number): Check => (name, value) => checkWhole(name, value, min, max);

function checkMtu(name: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number: ${show(value)}`);
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
  for (const [mode, isSet] of given(value)) checkBoolean(`${name}["${mode}"]`, isSet);
  const { "tdc-auto": auto, "tdc-manual": manual } = value as { [mode in ControllerMode]?: boolean };
  if (auto && manual) throw new RangeError(`${name} has both "tdc-auto" and "tdc-manual": only one can be set`);
}

function checkDelay(name: string, value: unknown): void {
  checkNames(name, value, ["tdcv", "tdco", "tdcf"]);
  for (const [part, periods] of given(value)) whole(0, U32_MAX)(`${name}.${part}`, periods);
  if ((value as TransmitterDelay).tdco === undefined) throw new TypeError(`${name}.tdco is missing`);
}

/**
 * Checks a network namespace: a name, a path or a process ID.
 *
 * @throws {TypeError} It is neither a string nor a number.
 * @throws {RangeError} No namespace can have that name, path or process ID.
 */
export function checkNamespace(name: string, value: unknown): void {
  if (typeof value === "number") checkWhole(name, value, 1, 0x7fffffff);
  else if (typeof value !== "string") {
    throw new TypeError(`${name} must be a name, a path or a process ID: ${show(value)}`);
  } else if (/^$|^\.{1,2}$|\0|^[^/].*\//s.test(value)) {
    throw new RangeError(`${name} is ${JSON.stringify(value)}: it must be a name without "/", or an absolute path`);
  }
}

function checkString(name: string, value: unknown): void {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string: ${show(value)}`);
}

/** Every setting: how it is checked, and whether the link must be down to change it. */
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

/** Options of creating links, and how they are checked. */
const createOptions: Record<string, Check> = {
  mtu: checkMtu,
  txQueueLength: whole(0, TX_QUEUE_MAX),
  up: checkBoolean,
  netns: checkNamespace,
  peerNetns: checkNamespace,
  libc: checkString,
};

/**
 * Checks a configuration as far as is possible without the link.
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

/** The names of the settings that can only be changed while the link is down. */
export function settingsThatNeedDown(configuration: LinkConfiguration): string[] {
  return given(configuration).filter(([name, value]) => settings[name as keyof LinkConfiguration][1] && !isEmpty(value))
    .map(([name]) => name);
}

/** Whether a value is an object without defined properties. */
function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && given(value).length === 0;
}

/**
 * Checks the options of `Link.create` or `Link.createPair`.
 *
 * @param what The caller's name, for errors.
 * @param netns The name of the option that holds the namespace.
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @throws {RangeError} A value is out of range.
 */
export function checkCreateOptions(
  what: string,
  options: unknown,
  kind: "vcan" | "vxcan",
  netns: "netns" | "peerNetns",
): LinkCreateOptions {
  checkNames(what, options, ["kind", "mtu", "txQueueLength", "up", netns, "libc"]);
  for (const [name, value] of given(options)) if (name !== "kind") createOptions[name](`Option ${name}`, value);
  const { kind: requested = kind } = options as { kind?: unknown };
  if (requested !== kind) {
    const hint = requested === "vxcan" ? `; a vxcan has two ends: Link.createPair("vxcan0", "vxcan1")` : "";
    throw new RangeError(`Option kind is ${show(requested)}: it must be "${kind}"${hint}`);
  }
  return options as LinkCreateOptions;
}

/**
 * Checks the options of a change.
 *
 * @throws {TypeError} An option is unknown or of the wrong type.
 */
export function checkChangeOptions(what: string, options: unknown): LinkChangeOptions {
  checkNames(what, options, ["restartLink"]);
  const { restartLink = false } = options as LinkChangeOptions;
  return { restartLink: checkBoolean("Option restartLink", restartLink) };
}

/**
 * Checks the options of `Link.open`, `Link.list` and `Link.statuses`.
 *
 * @throws {TypeError} An option is unknown or of the wrong type.
 */
export function checkLinkOptions(what: string, options: unknown): LinkOptions {
  checkNames(what, options, ["libc"]);
  const { libc } = options as LinkOptions;
  if (libc !== undefined) checkString("Option libc", libc);
  return { libc };
}

/**
 * Checks a new link's name.
 *
 * @throws {TypeError} It is not a string.
 * @throws {RangeError} No link can have that name.
 */
export function checkLinkName(what: string, name: unknown): string {
  if (typeof name !== "string") throw new TypeError(`${what} must be a string: ${show(name)}`);
  const bytes = new TextEncoder().encode(name);
  const { length } = bytes;
  // The kernel replaces "%d" in a name by a number.
  const forbidden = /[\s/:%\0]/.exec(name)?.[0];
  const why = length === 0 || length > 15
    ? "it must have 1 to 15 bytes"
    : forbidden !== undefined
    ? `it must not contain ${JSON.stringify(forbidden)}`
    : name === "." || name === ".."
    ? "that is the name of a directory"
    : name === "all" || name === "default"
    ? "the kernel reserves that name for all links together"
    : bytes.includes(0xa0)
    ? "the kernel treats the byte a0 in its UTF-8 as a space"
    : null;
  if (why !== null) throw new RangeError(`${what} is ${JSON.stringify(name)}: ${why}`);
  return name;
}
