/**
 * The options of a J1939 socket.
 *
 * @module
 */

import { checkWhole, fillOptions, type OptionTable, show } from "../check.ts";
import { checkCommon, type CommonOptions } from "../endpoint/options.ts";
import { J1939_MAX_UNICAST_ADDR, type RawJ1939Filter } from "../kernel/j1939.ts";
import { DYNAMIC_ADDRESSES } from "./address_claim.ts";
import { type J1939Filter, toRawJ1939Filters } from "./filter.ts";
import { checkName, Name } from "./name.ts";

/**
 * Options for claiming an address, SAE J1939-81.
 *
 * @category J1939
 */
export interface ClaimOptions {
  /**
   * The first and last address, 0 to 253, to choose from when `address` is lost or absent. The NAME must be
   * `arbitraryAddressCapable`. Default 128 and 247: the addresses that the standard assigns to no function.
   */
  readonly range?: readonly [first: number, last: number];
  /** Whether other nodes may command this one to claim another address (commanded address, PGN 0xfed8). Default false. */
  readonly commandable?: boolean;
}

/**
 * Options of a `J1939Socket`.
 *
 * @category J1939
 */
export interface J1939SocketOptions extends CommonOptions {
  /** The name of the interface, such as `"vcan0"`. */
  readonly channel: string;
  /**
   * The address to send from and to receive at, 0 to 253. With a `name`, the address to claim first. Without one, the
   * address is used as it is: it is neither claimed nor defended against another node that claims it. By default the
   * socket has no address: it receives only messages to all nodes, and cannot send.
   */
  readonly address?: number;
  /**
   * The NAME to send from and to receive for. Its address is the one that `claim`, or another program on this host, has
   * claimed for it; until then, the socket receives only messages to all nodes, and cannot send.
   */
  readonly name?: bigint | Name;
  /** The filters, at most 512; null or an empty list receives everything. Default null. */
  readonly filters?: readonly J1939Filter[] | null;
  /** The priority of messages without one, 0 (highest) to 7; 0 and 1 need CAP_NET_ADMIN. Default 6. */
  readonly priority?: number;
  /** Whether the socket receives messages to all nodes and may send them (`SO_BROADCAST`). Default true. */
  readonly broadcast?: boolean;
  /** Options for `claim`. They need a `name`. */
  readonly claim?: ClaimOptions;
  /**
   * Whether the socket also receives messages between other nodes (`SO_J1939_PROMISC`). The kernel does not reassemble
   * those of several frames between other hosts. Default false.
   */
  readonly promiscuous?: boolean;
}

/** Options with all defaults filled in. */
export type FullJ1939Options =
  & CommonOptions
  & Required<Pick<J1939SocketOptions, "channel" | "filters" | "priority" | "broadcast" | "promiscuous">>
  & {
    readonly address: number | null;
    readonly name: bigint | null;
    readonly claim: Required<ClaimOptions>;
    /** The filters in the kernel's form. */
    readonly rawFilters: readonly RawJ1939Filter[];
  };

const table: OptionTable<J1939SocketOptions> = {
  channel: ["string"],
  address: ["number", null],
  name: ["bigint or object", null],
  filters: ["object", null],
  priority: ["number", 6],
  broadcast: ["boolean", true],
  claim: ["object", {}],
  promiscuous: ["boolean", false],
  receiveBuffer: ["number"],
  sendBuffer: ["number"],
  logger: ["object"],
  libc: ["string"],
};

/**
 * Checks options and fills in the defaults.
 *
 * @throws {TypeError} An option is unknown or of the wrong type, or `channel` is missing.
 * @throws {RangeError} A value is out of range.
 */
export function fullJ1939Options(given: string | J1939SocketOptions): FullJ1939Options {
  const options = typeof given === "string" ? { channel: given } : given;
  const full = fillOptions("J1939Socket", options, table) as unknown as FullJ1939Options;
  const { channel, address, name, priority, filters } = full;
  if (!channel) throw new TypeError("Option channel is missing: it must be the name of one interface");
  if (address !== null) checkWhole("Option address", address, 0, J1939_MAX_UNICAST_ADDR);
  if (name !== null && checkName("Option name", name) === 0n) {
    throw new RangeError("Option name is 0, which is not a valid NAME");
  }
  checkWhole("Option priority", priority, 0, 7);
  checkCommon(full);
  return {
    ...full,
    name: name === null ? null : checkName("Option name", name),
    claim: fullClaimOptions(full.claim, name === null ? null : new Name(checkName("Option name", name))),
    rawFilters: toRawJ1939Filters(filters),
  };
}

const claimTable: OptionTable<ClaimOptions> = {
  range: ["array", [DYNAMIC_ADDRESSES.first, DYNAMIC_ADDRESSES.last]],
  commandable: ["boolean", false],
};

function fullClaimOptions(given: ClaimOptions, name: Name | null): Required<ClaimOptions> {
  const full = fillOptions("Option claim", given, claimTable) as unknown as Required<ClaimOptions>;
  const [first, last] = full.range;
  checkWhole("The first address of claim.range", first, 0, J1939_MAX_UNICAST_ADDR);
  checkWhole("The last address of claim.range", last, first, J1939_MAX_UNICAST_ADDR);
  if (full.range.length !== 2) throw new TypeError(`claim.range must have two addresses: ${show(full.range)}`);
  if (name === null && Object.keys(given).length > 0) {
    throw new TypeError("Option claim has no effect without a name: only a NAME can claim an address");
  }
  if (given.range !== undefined && !name!.arbitraryAddressCapable) {
    throw new TypeError(
      "claim.range has no effect: the NAME is not arbitraryAddressCapable, so it keeps to option address",
    );
  }
  return full;
}
