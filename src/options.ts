/**
 * How a bus is opened.
 *
 * @module
 */

import type { CanFilter } from "./filter.ts";
import { CAN_ERR_MASK } from "./kernel/can.ts";

/** Where debugging output goes; `console` fits. */
export interface Logger {
  /** Each step: opening, options, each frame sent and received, waits, closing. */
  debug(message: string): void;
  /** What deserves attention and is no error. */
  warn(message: string): void;
}

/** Options of a bus. */
export interface BusOptions {
  /** Name of the interface, such as `"vcan0"`; `""` binds to every CAN interface. */
  readonly channel: string;
  /** `"socketcan"`, the kernel's, or `"virtual"`, inside this process. Default `"socketcan"`. */
  readonly interface?: "socketcan" | "virtual";
  /** Whether CAN FD frames may be sent and received. Default false. */
  readonly fd?: boolean;
  /** What to receive; null or an empty list: everything. Default null. */
  readonly filters?: readonly CanFilter[] | null;
  /** Whether a frame must pass all filters instead of one of them. Default false. */
  readonly joinFilters?: boolean;
  /** Whether this bus receives what it sends itself. Default false. */
  readonly receiveOwnMessages?: boolean;
  /** Whether the other sockets of this host receive what this bus sends. Default true. */
  readonly localLoopback?: boolean;
  /** Classes of error frames to receive, as in `linux/can/error.h`; 0 for none. Default 0x1fffffff, all. */
  readonly errorMask?: number;
  /** Bytes for frames that wait to be received. The kernel doubles it and caps it at `net.core.rmem_max`. */
  readonly receiveBuffer?: number;
  /** Bytes for frames that wait to be sent. The kernel doubles it and caps it at `net.core.wmem_max`. */
  readonly sendBuffer?: number;
  /** Receives debugging output. Costs nothing when absent. */
  readonly logger?: Logger;
  /** Path of the C library, where its usual names do not find it. Loaded once for each path. */
  readonly libc?: string;
}

/** Options with every default filled in. */
export type FullBusOptions =
  & Required<Omit<BusOptions, "receiveBuffer" | "sendBuffer" | "logger" | "libc">>
  & Pick<BusOptions, "receiveBuffer" | "sendBuffer" | "logger" | "libc">;

const types: Record<keyof BusOptions, string> = {
  channel: "string",
  interface: "string",
  fd: "boolean",
  filters: "object",
  joinFilters: "boolean",
  receiveOwnMessages: "boolean",
  localLoopback: "boolean",
  errorMask: "number",
  receiveBuffer: "number",
  sendBuffer: "number",
  logger: "object",
  libc: "string",
};

/**
 * Checks options and fills in the defaults.
 *
 * @throws {TypeError} An option is unknown or of the wrong type, or `channel` is missing.
 * @throws {RangeError} A number is out of range.
 */
export function fullOptions(given: string | BusOptions): FullBusOptions {
  const options = typeof given === "string" ? { channel: given } : given;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Bus takes a channel's name or options, not ${options}`);
  }
  for (const [name, value] of Object.entries(options)) {
    const type = types[name as keyof BusOptions];
    if (!type) {
      throw new TypeError(`Bus has no option "${name}"; it has ${Object.keys(types).join(", ")}`);
    }
    if (value !== undefined && typeof value !== type) {
      throw new TypeError(`Option ${name} must be of type ${type}: ${value}`);
    }
  }
  if (options.channel === undefined) {
    throw new TypeError(`Option channel is missing: the name of an interface, or "" for every CAN interface`);
  }
  const kind = options.interface ?? "socketcan";
  if (kind !== "socketcan" && kind !== "virtual") {
    throw new RangeError(`Option interface is "${kind}": it must be "socketcan" or "virtual"`);
  }
  whole("errorMask", options.errorMask, 0, CAN_ERR_MASK);
  whole("receiveBuffer", options.receiveBuffer, 1, 2 ** 30);
  whole("sendBuffer", options.sendBuffer, 1, 2 ** 30);
  return {
    ...options,
    interface: kind,
    fd: options.fd ?? false,
    filters: options.filters ?? null,
    joinFilters: options.joinFilters ?? false,
    receiveOwnMessages: options.receiveOwnMessages ?? false,
    localLoopback: options.localLoopback ?? true,
    errorMask: options.errorMask ?? CAN_ERR_MASK,
  };
}

function whole(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new RangeError(`Option ${name} is ${value}: it must be a whole number from ${least} to ${most}`);
}
