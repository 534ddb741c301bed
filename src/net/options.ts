/**
 * The options that every bus on a network accepts.
 *
 * @module
 */

import { fillOptions, type OptionTable } from "../check.ts";
import { type BusOptions, type FullBusOptions, fullOptions } from "../raw/options.ts";

/** The receive buffer in bytes if no other size is given: some ten thousand frames. */
const RECEIVE_BUFFER = 8 * 2 ** 20;
/** The same for sending: bytes that the network has not taken yet. */
const SEND_BUFFER = 256 * 2 ** 10;

/**
 * The options that every bus on a network accepts. Most are those of `Bus`, with the same meaning: filters are applied in
 * this process.
 *
 * `receiveBuffer` is the memory for frames that wait to be received, of which each takes 768 bytes; 8 MiB by default. A
 * connection (TCP) is not read further while it is full; datagrams (UDP) are lost then, and counted. `sendBuffer` is the
 * number of bytes that may wait to be sent, 256 KiB by default; it is not doubled, as the kernel's buffers are.
 *
 * @category Network
 */
export interface NetBusOptions extends
  Pick<
    BusOptions,
    "fd" | "receive" | "filters" | "joinFilters" | "errorMask" | "receiveBuffer" | "sendBuffer" | "logger"
  > {
  /** What the bus's and its messages' `channel` says. Each type of bus has its own default. */
  readonly name?: string;
}

/** The options of every bus on a network, for `fillOptions`. */
const shared: OptionTable<NetBusOptions> = {
  name: ["string"],
  fd: ["boolean"],
  receive: ["boolean"],
  filters: ["object"],
  joinFilters: ["boolean"],
  errorMask: ["number or array"],
  receiveBuffer: ["number"],
  sendBuffer: ["number"],
  logger: ["object"],
};

/** The options of every bus with their defaults, in the form of those of `Bus`. */
export type NetOptions = FullBusOptions & { readonly receiveBuffer: number; readonly sendBuffer: number };

/**
 * Checks the options of a bus and fills in the defaults.
 *
 * @param owner The class, for errors.
 * @param table Its own options.
 * @param nameOf Its default of `name`.
 * @throws {TypeError | RangeError} An option is unknown, of the wrong type or out of range.
 */
export function fullNetOptions<Own extends object>(
  owner: string,
  given: NetBusOptions & Own,
  table: OptionTable<Own>,
  nameOf: (own: Own) => string,
): { own: Own; bus: NetOptions } {
  const all = fillOptions(owner, given, { ...shared, ...table } as OptionTable<NetBusOptions & Own>);
  const names = Object.keys(shared);
  const pick = (isShared: boolean) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name) === isShared));
  const own = pick(false) as Own;
  const bus = pick(true) as NetBusOptions;
  return { own, bus: netOptions(bus, bus.name ?? nameOf(own)) };
}

/**
 * Checks the options that every bus on a network has, and fills in the defaults.
 *
 * @throws {TypeError | RangeError} An option is of the wrong type or out of range.
 */
export function netOptions({ name: _, ...bus }: NetBusOptions, channel: string): NetOptions {
  return fullOptions({ receiveBuffer: RECEIVE_BUFFER, sendBuffer: SEND_BUFFER, ...bus, channel }) as NetOptions;
}
