/**
 * The options of a bus.
 *
 * @module
 */

import { checkChoice, fillOptions, type OptionTable, show } from "../check.ts";
import { checkCommon, type CommonOptions } from "../endpoint/options.ts";
import { CAN_ERR_MASK, type RawFilter } from "../kernel/can.ts";
import { toErrorMask } from "../message/error_frame.ts";
import type { ErrorClass } from "../message/error_names.ts";
import { type CanFilter, toRawFilters } from "../message/filter.ts";

/**
 * The options of a bus. Those named after a kernel option are described in the kernel's documentation of
 * [raw CAN sockets](https://docs.kernel.org/networking/can.html), and declared in `linux/can/raw.h`.
 *
 * @category Bus
 */
export interface BusOptions extends CommonOptions {
  /**
   * The name of the network interface, such as `"can0"`; `""` binds to every CAN interface. For a virtual bus, the name of
   * the wire that all buses of this process with the same channel share.
   */
  readonly channel: string;
  /**
   * The kind of bus: `"socketcan"` uses the kernel's CAN interfaces, `"virtual"` a wire inside this process, which needs
   * neither SocketCAN nor permissions. Default `"socketcan"`.
   */
  readonly interface?: "socketcan" | "virtual";
  /** Whether to send and receive CAN FD frames as well (`CAN_RAW_FD_FRAMES`). Default false; `xl` implies it. */
  readonly fd?: boolean;
  /** Whether to send and receive CAN XL frames as well (`CAN_RAW_XL_FRAMES`, Linux 6.1 or newer). Default false; implies `fd`. */
  readonly xl?: boolean;
  /**
   * Whether to receive at all. With false the kernel delivers nothing to the socket, not even error frames: for a bus that
   * only sends, whose unread frames would only fill its receive buffer. Receiving and `setFilters` then throw a TypeError;
   * `errors` works. The options `filters`, `joinFilters`, `errorMask` and `receiveOwnMessages` cannot be combined with
   * false. Default true.
   */
  readonly receive?: boolean;
  /** The frames to receive, at most 512 filters; null or an empty array receives everything. Default null. */
  readonly filters?: readonly CanFilter[] | null;
  /**
   * Whether a frame must match all filters instead of any one of them (`CAN_RAW_JOIN_FILTERS`). With two or more joined
   * filters the kernel delivers no error frames. Default false.
   */
  readonly joinFilters?: boolean;
  /** Whether the bus receives the messages that it sends itself (`CAN_RAW_RECV_OWN_MSGS`). Default false. */
  readonly receiveOwnMessages?: boolean;
  /** Whether the other sockets of this host receive what this bus sends (`CAN_RAW_LOOPBACK`). Default true. */
  readonly localLoopback?: boolean;
  /**
   * The classes of error frames to receive (`CAN_RAW_ERR_FILTER`): an array of names, or a number with the bits of
   * `linux/can/error.h`, 0 to 0x1fffffff. 0 or an empty array receives none. Default 0x1fffffff, all classes.
   */
  readonly errorMask?: number | readonly ErrorClass[];
  /**
   * The source of the timestamps: `"software"` for the kernel's (`SO_TIMESTAMPNS`), `"hardware"` for the controller's where
   * it has any, and the kernel's otherwise (`SO_TIMESTAMPING`). `Message.timestampSource` says which one a message has.
   * Default `"software"`.
   */
  readonly timestamps?: "software" | "hardware";
  /**
   * Whether to wait for an interface that is down or missing, when the bus is opened and later, instead of throwing an
   * error. Receiving continues when the interface is up again, or was created again under the same name; sending waits for
   * it as it does for room. The logger is warned when the wait begins and when it ends; without a logger, a misspelt
   * channel is waited for in silence. Until there has been an interface, `fd`, `receiveBuffer` and `sendBuffer` throw
   * `ENODEV`, and `sendPeriodic` fails. Default false.
   */
  readonly reconnect?: boolean;
}

/** The options of a bus with all defaults filled in. */
export type FullBusOptions =
  & BusOptions
  & Required<Omit<BusOptions, "errorMask" | keyof CommonOptions>>
  & {
    /** The classes of error frames, as the kernel's bits. */
    readonly errorMask: number;
    /** The filters, in the kernel's form. */
    readonly rawFilters: readonly RawFilter[];
  };

const table: OptionTable<BusOptions> = {
  channel: ["string"],
  interface: ["string", "socketcan"],
  fd: ["boolean", false],
  xl: ["boolean", false],
  receive: ["boolean", true],
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
 * Checks the options of a bus and fills in the defaults.
 *
 * @throws {TypeError} An option is unknown or of the wrong type, or `channel` is missing.
 * @throws {RangeError} A value is out of range.
 */
export function fullOptions(given: string | BusOptions): FullBusOptions {
  const options: BusOptions = typeof given === "string" ? { channel: given } : given;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Bus takes the name of a channel or options, not ${show(options)}`);
  }
  const full = fillOptions("Bus", options, table);
  if (options.channel === undefined) {
    throw new TypeError(`Option channel is missing: the name of an interface, or "" for every CAN interface`);
  }
  const { filters, receive, joinFilters, receiveOwnMessages } = full as unknown as FullBusOptions;
  checkChoice("Option interface", full.interface, ["socketcan", "virtual"]);
  checkChoice("Option timestamps", full.timestamps, ["software", "hardware"]);
  checkCommon(full);
  if (full.xl) full.fd = true; // as in the kernel
  const errorMask = toErrorMask(full.errorMask as number | readonly ErrorClass[]);
  const rawFilters = toRawFilters(filters, joinFilters);
  if (receive) return { ...full as unknown as FullBusOptions, errorMask, rawFilters };
  const conflicting = Object.entries({
    filters: filters !== null && filters.length > 0,
    joinFilters,
    receiveOwnMessages,
    errorMask: options.errorMask !== undefined && errorMask !== 0,
  }).find(([, given]) => given);
  if (conflicting) {
    throw new TypeError(`Option ${conflicting[0]} cannot be combined with receive: false, which receives nothing`);
  }
  return { ...full as unknown as FullBusOptions, errorMask: 0, rawFilters: [] };
}
