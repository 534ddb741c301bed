/**
 * How a bus is opened.
 *
 * @module
 */

import { checkChoice, fillOptions, type OptionTable } from "../check.ts";
import { checkCommon, type CommonOptions } from "../endpoint/options.ts";
import { CAN_ERR_MASK, type RawFilter } from "../kernel/can.ts";
import { toErrorMask } from "../message/error_frame.ts";
import type { ErrorClass } from "../message/error_names.ts";
import { type CanFilter, toRawFilters } from "./filter.ts";

/** Options of a bus. */
export interface BusOptions extends CommonOptions {
  /** Name of the interface, such as `"vcan0"`; `""` binds to every CAN interface. */
  readonly channel: string;
  /** `"socketcan"`, the kernel's, or `"virtual"`, inside this process. Default `"socketcan"`. */
  readonly interface?: "socketcan" | "virtual";
  /** Whether CAN FD frames may be sent and received. Default false; `xl` sets it too. */
  readonly fd?: boolean;
  /** Whether CAN XL frames, and FD frames, may be sent and received. Default false. */
  readonly xl?: boolean;
  /** What to receive; null or an empty list: everything. Default null. */
  readonly filters?: readonly CanFilter[] | null;
  /** Whether a frame must pass all filters instead of one of them; error frames pass only a single one. Default false. */
  readonly joinFilters?: boolean;
  /** Whether this bus receives what it sends itself. Default false. */
  readonly receiveOwnMessages?: boolean;
  /** Whether the other sockets of this host receive what this bus sends. Default true. */
  readonly localLoopback?: boolean;
  /**
   * Classes of error frames to receive: names, or bits as in `linux/can/error.h`; 0 or an empty list for none. Default
   * 0x1fffffff, all.
   */
  readonly errorMask?: number | readonly ErrorClass[];
  /**
   * Whose times messages carry: the kernel's, or the controller's where it has any (each message says whose it has, see
   * `Message.timestampSource`). Default `"software"`.
   */
  readonly timestamps?: "software" | "hardware";
  /**
   * Whether an interface that goes down or away is waited for instead of being an error: receiving goes on when it is up
   * again, or made anew under its name, and sending waits as for room. The logger is warned. Default false.
   */
  readonly reconnect?: boolean;
}

/** Options with every default filled in. */
export type FullBusOptions =
  & BusOptions
  & Required<Omit<BusOptions, "errorMask" | keyof CommonOptions>>
  & {
    /** The classes of error frames as the kernel takes them. */
    readonly errorMask: number;
    /** The filters as the kernel takes them. */
    readonly rawFilters: readonly RawFilter[];
  };

const table: OptionTable<BusOptions> = {
  channel: ["string"],
  interface: ["string", "socketcan"],
  fd: ["boolean", false],
  xl: ["boolean", false],
  filters: ["object", null],
  joinFilters: ["boolean", false],
  receiveOwnMessages: ["boolean", false],
  localLoopback: ["boolean", true],
  errorMask: ["number or array", CAN_ERR_MASK],
  receiveBuffer: ["number"],
  sendBuffer: ["number"],
  timestamps: ["string", "software"],
  reconnect: ["boolean", false],
  logger: ["object"],
  libc: ["string"],
};

/**
 * Checks options and fills in the defaults.
 *
 * @throws {TypeError} An option is unknown or of the wrong type, or `channel` is missing.
 * @throws {RangeError} A value is out of range.
 */
export function fullOptions(given: string | BusOptions): FullBusOptions {
  const options: BusOptions = typeof given === "string" ? { channel: given } : given;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Bus takes a channel's name or options, not ${options}`);
  }
  const full = fillOptions("Bus", options, table);
  if (options.channel === undefined) {
    throw new TypeError(`Option channel is missing: the name of an interface, or "" for every CAN interface`);
  }
  const { filters } = full as unknown as FullBusOptions;
  checkChoice("Option interface", full.interface, ["socketcan", "virtual"]);
  checkChoice("Option timestamps", full.timestamps, ["software", "hardware"]);
  checkCommon(full);
  const errorMask = toErrorMask(full.errorMask as number | readonly ErrorClass[]);
  if (full.xl) full.fd = true; // as in the kernel
  return { ...full as unknown as FullBusOptions, errorMask, rawFilters: toRawFilters(filters) };
}
