/**
 * The status of a link.
 *
 * @module
 */

import type { BitTimingConst, BitTimingValues } from "../bit_timing/values.ts";
import { type CanBittiming, canTable } from "../kernel/can_netlink.ts";
import { ARPHRD_CAN, IFF_UP } from "../kernel/if.ts";
import { linkTable } from "../kernel/if_link.ts";
import { decodeAttributes } from "../kernel/nlattr.ts";
import { decodeLinkMessage } from "../kernel/rtnetlink.ts";
import {
  type ControllerMode,
  type ControllerState,
  flagNamesOf,
  modeNames,
  type OperState,
  operStateName,
  stateName,
} from "./names.ts";

/**
 * Transmitter delay compensation (TDC) in the data phase of CAN FD, in clock periods: IFLA_CAN_TDC of
 * `linux/can/netlink.h`. See ISO 11898-1 and the [kernel documentation](https://docs.kernel.org/networking/can.html).
 *
 * @category Links
 */
export interface TransmitterDelay {
  /** Delay, as set in the mode `tdc-manual`; with `tdc-auto` as measured, where the driver reports it. */
  readonly tdcv?: number;
  /** Offset, added to the delay. */
  readonly tdco?: number;
  /** Filter window within which the delay is measured. */
  readonly tdcf?: number;
}

/**
 * A controller's limits for `TransmitterDelay`, in clock periods.
 *
 * @category Links
 */
export interface TransmitterDelayConst {
  /** Minimum of `tdcv`; absent where it cannot be set. */
  readonly tdcvMin?: number;
  /** Maximum of `tdcv`. */
  readonly tdcvMax?: number;
  /** Minimum of `tdco`. */
  readonly tdcoMin?: number;
  /** Maximum of `tdco`. */
  readonly tdcoMax?: number;
  /** Least of `tdcf`; absent where it cannot be set. */
  readonly tdcfMin?: number;
  /** Most of `tdcf`. */
  readonly tdcfMax?: number;
}

/**
 * What the network stack knows about any link, CAN or not, as `ip -details link show` prints it: IFLA_* attributes of
 * `linux/if_link.h`. See [ip-link(8)](https://man7.org/linux/man-pages/man8/ip-link.8.html).
 *
 * @category Links
 */
export interface LinkDetails {
  /** The queueing discipline, such as `"pfifo_fast"`. */
  readonly qdisc: string | null;
  /** 0: default, 1: dormant. */
  readonly linkMode: number;
  /** Number of the interface group. */
  readonly group: number;
  /** Count of users in promiscuous mode. */
  readonly promiscuity: number;
  /** Count of users that receive all multicast packets; null before Linux 6.0. */
  readonly allMulti: number | null;
  /** Minimum MTU in bytes; 0 where the driver does not report it. */
  readonly minMtu: number;
  /** Maximum MTU in bytes; 0 where the driver does not report it. */
  readonly maxMtu: number;
  /** Number of transmit queues. */
  readonly txQueues: number;
  /** Number of receive queues. */
  readonly rxQueues: number;
  /**
   * How IPv6 generates addresses, an IN6_ADDR_GEN_MODE_* number. IPv6 attaches to every link whose MTU is 1280 or more,
   * so to those of CAN XL too; null for all others.
   */
  readonly ipv6AddressMode: number | null;
  /** Maximum size of a GSO packet in bytes; offloads are of no use to CAN. */
  readonly gsoMaxSize: number | null;
  /** Maximum number of segments of a GSO packet. */
  readonly gsoMaxSegs: number | null;
  /** Maximum size of a TSO packet in bytes. */
  readonly tsoMaxSize: number | null;
  /** Maximum number of segments of a TSO packet. */
  readonly tsoMaxSegs: number | null;
  /** Maximum size of a GRO packet in bytes. */
  readonly groMaxSize: number | null;
}

/**
 * A link's status at the time of reading. What the link does not have is null: a vcan has no controller. The
 * controller's fields are IFLA_CAN_* of `linux/can/netlink.h`, the others IFLA_* of `linux/if_link.h`.
 *
 * @category Links
 */
export interface LinkStatus {
  /** The kernel's index of the interface, which stays the same when it is renamed. */
  readonly index: number;
  /** The interface's name, such as `"can0"`. */
  readonly name: string;
  /** `"can"` for a physical device, `"vcan"`, `"vxcan"`; null where the driver does not report it. */
  readonly kind: string | null;
  /** Flags as `ip` prints them, such as `"NOARP"`, `"UP"`, `"LOWER_UP"`, `"ECHO"`. */
  readonly flags: readonly string[];
  /** Whether the link is up. */
  readonly isUp: boolean;
  /** Operational state: whether the link can carry frames. */
  readonly operState: OperState;
  /** Bytes of the longest frame: 16 for classic CAN, 72 for CAN FD, up to 2060 for CAN XL. */
  readonly mtu: number;
  /** Length of the transmit queue, in frames. */
  readonly txQueueLength: number;
  /** The hardware device, such as `"0000:00:02.0"`; null also before Linux 5.14. */
  readonly parent: string | null;
  /** The bus that the device is on, such as `"pci"`, `"spi"` or `"usb"`; null also before Linux 5.14. */
  readonly parentBus: string | null;
  /** The driver's name, such as `"mcp251xfd"`. */
  readonly driver: string | null;
  /** The other end of a vxcan: its index, and its network namespace's number; `netnsId` is null for this namespace. */
  readonly peer: { readonly index: number; readonly netnsId: number | null } | null;
  /** A free-text description, set with `ip link set alias`. */
  readonly alias: string | null;
  /** Alternative names, set with `ip link property add altname`. */
  readonly altNames: readonly string[];
  /** The controller's state. */
  readonly state: ControllerState | null;
  /** The controller's error counters; null where the driver does not report them. */
  readonly errorCounters: { readonly tx: number; readonly rx: number } | null;
  /** Milliseconds after which a controller that went bus-off restarts automatically; 0 for never. */
  readonly restartMs: number | null;
  /** The bit timing, with CAN FD that of the arbitration phase; null also while none is set. */
  readonly bitTiming: BitTimingValues | null;
  /** The controller's limits of bit timing; null where it has `bitrateConst` instead. */
  readonly bitTimingConst: BitTimingConst | null;
  /** The only bitrates that the controller supports, in bits per second. */
  readonly bitrateConst: readonly number[] | null;
  /** The bit timing of CAN FD's data phase; null also while none is set. */
  readonly dataBitTiming: BitTimingValues | null;
  /** The controller's limits of bit timing in the data phase. */
  readonly dataBitTimingConst: BitTimingConst | null;
  /** The only bitrates that the controller supports in the data phase, in bits per second. */
  readonly dataBitrateConst: readonly number[] | null;
  /** The transceiver's maximum bitrate, in bits per second; null where it is unknown. */
  readonly bitrateMax: number | null;
  /** The controller's clock in hertz. */
  readonly clock: number | null;
  /** The modes that are set. */
  readonly modes: readonly ControllerMode[] | null;
  /** The modes that can be set; null also before Linux 5.18. */
  readonly supportedModes: readonly ControllerMode[] | null;
  /** The modes that are set and cannot be cleared; null also before Linux 5.18. */
  readonly staticModes: readonly ControllerMode[] | null;
  /** The termination in ohms, 0 for none; null where it is not switchable. */
  readonly termination: number | null;
  /** The terminations to choose from, in ohms. */
  readonly terminationConst: readonly number[] | null;
  /** Transmitter delay compensation; null while it is off. */
  readonly tdc: TransmitterDelay | null;
  /** The controller's limits of `tdc`. */
  readonly tdcConst: TransmitterDelayConst | null;
  /** What the network stack knows about any link, CAN or not. */
  readonly details: LinkDetails;
  /** Attributes unknown to this library, by their numbers in `linux/if_link.h`, as the kernel sent them. */
  readonly unknown: ReadonlyMap<number, Uint8Array>;
  /** The controller's unknown attributes, by their numbers in `linux/can/netlink.h`, as the kernel sent them. */
  readonly unknownCan: ReadonlyMap<number, Uint8Array>;
}

const nothing: ReadonlyMap<number, Uint8Array> = new Map();

/**
 * Decodes the status in an RTM_NEWLINK or RTM_DELLINK message.
 *
 * @param payload The message without its netlink header.
 * @param driver The driver's name, which the message does not contain.
 * @returns Null if the link is not a CAN interface.
 * @throws {RangeError} The payload is malformed.
 */
export function readStatus(payload: Uint8Array, driver: string | null): LinkStatus | null {
  const { type, index, flags, attributes } = decodeLinkMessage(payload);
  if (type !== ARPHRD_CAN) return null;
  const link = decodeAttributes(linkTable, attributes);
  return {
    index,
    name: link.name ?? "",
    kind: link.info?.kind ?? null,
    flags: flagNamesOf(flags),
    isUp: (flags & IFF_UP) !== 0,
    operState: operStateName(link.operState),
    mtu: link.mtu ?? 0,
    txQueueLength: link.txQueueLength ?? 0,
    parent: link.parent ?? null,
    parentBus: link.parentBus ?? null,
    driver,
    // IFLA_LINK is 0, or the link itself, for kinds without a peer.
    peer: link.link ? { index: link.link, netnsId: link.linkNetnsId ?? null } : null,
    alias: link.alias ?? null,
    altNames: link.altNames ?? [],
    ...readController(link.info?.kind === "can" ? link.info.data : undefined),
    details: {
      qdisc: link.qdisc ?? null,
      linkMode: link.linkMode ?? 0,
      group: link.group ?? 0,
      promiscuity: link.promiscuity ?? 0,
      allMulti: link.allMulti ?? null,
      minMtu: link.minMtu ?? 0,
      maxMtu: link.maxMtu ?? 0,
      txQueues: link.txQueues ?? 1,
      rxQueues: link.rxQueues ?? 1,
      ipv6AddressMode: link.families?.inet6?.addressMode ?? null,
      gsoMaxSize: link.gsoMaxSize ?? null,
      gsoMaxSegs: link.gsoMaxSegs ?? null,
      tsoMaxSize: link.tsoMaxSize ?? null,
      tsoMaxSegs: link.tsoMaxSegs ?? null,
      groMaxSize: link.groMaxSize ?? null,
    },
    unknown: link.unknown ?? nothing,
  };
}

function readController(data: Uint8Array | undefined) {
  const can = decodeAttributes(canTable, data ?? new Uint8Array(0));
  const set = can.ctrlmode?.flags;
  const supported = can.ctrlmodeExt?.supported;
  const { tdcv, tdco, tdcf, unknown: _, ...tdcConst } = can.tdc ?? {};
  const tdc = {
    ...tdcv !== undefined && { tdcv },
    ...tdco !== undefined && { tdco },
    ...tdcf !== undefined && { tdcf },
  };
  return {
    state: stateName(can.state),
    errorCounters: can.berrCounter ?? null,
    restartMs: can.restartMs ?? null,
    bitTiming: readTiming(can.bittiming),
    bitTimingConst: can.bittimingConst ?? null,
    bitrateConst: can.bitrateConst ?? null,
    dataBitTiming: readTiming(can.dataBittiming),
    dataBitTimingConst: can.dataBittimingConst ?? null,
    dataBitrateConst: can.dataBitrateConst ?? null,
    bitrateMax: can.bitrateMax || null,
    clock: can.clock ?? null,
    modes: set === undefined ? null : modeNames(set),
    supportedModes: supported === undefined ? null : modeNames(supported),
    staticModes: set === undefined || supported === undefined ? null : modeNames(set & ~supported),
    termination: can.termination ?? null,
    terminationConst: can.terminationConst ?? null,
    tdc: Object.keys(tdc).length > 0 ? tdc : null,
    tdcConst: can.tdc ? tdcConst : null,
    unknownCan: can.unknown ?? nothing,
  };
}

function readTiming(timing: CanBittiming | undefined): BitTimingValues | null {
  // Some drivers report a bitrate of 0 while none is set.
  return timing && timing.bitrate !== 0 ? { ...timing, samplePoint: timing.samplePoint / 1000 } : null;
}
