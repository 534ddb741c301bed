/**
 * What the kernel tells of a link.
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

/** How a controller compensates its transceiver's delay in the data phase of CAN FD, in clock periods. */
export interface TransmitterDelay {
  /** The delay itself: as set with the mode `tdc-manual`, or as measured with `tdc-auto` where the driver tells it. */
  readonly tdcv?: number;
  /** The offset that is added to it. */
  readonly tdco?: number;
  /** The width of the window in which it is measured. */
  readonly tdcf?: number;
}

/** What a controller takes for `TransmitterDelay`, in clock periods. */
export interface TransmitterDelayConst {
  /** Least of `tdcv`; absent where it cannot be set. */
  readonly tdcvMin?: number;
  /** Most of `tdcv`. */
  readonly tdcvMax?: number;
  /** Least of `tdco`. */
  readonly tdcoMin?: number;
  /** Most of `tdco`. */
  readonly tdcoMax?: number;
  /** Least of `tdcf`; absent where it cannot be set. */
  readonly tdcfMin?: number;
  /** Most of `tdcf`. */
  readonly tdcfMax?: number;
}

/** What the network stack knows of any link, CAN or not; as `ip -details link show` shows it. */
export interface LinkDetails {
  /** The queueing discipline, such as `"pfifo_fast"`. */
  readonly qdisc: string | null;
  /** 0: default, 1: dormant. */
  readonly linkMode: number;
  /** Number of the group. */
  readonly group: number;
  /** Users who want all frames. */
  readonly promiscuity: number;
  /** Users who want all multicasts; null before Linux 6.0. */
  readonly allMulti: number | null;
  /** Least MTU; 0 where the driver does not say. */
  readonly minMtu: number;
  /** Most MTU; 0 where the driver does not say. */
  readonly maxMtu: number;
  /** Queues for sending. */
  readonly txQueues: number;
  /** Queues for receiving. */
  readonly rxQueues: number;
  /**
   * How IPv6 makes addresses, by IN6_ADDR_GEN_MODE_*'s number: it takes every link whose MTU is 1280 or more for its own,
   * those of CAN XL too. Null on all others.
   */
  readonly ipv6AddressMode: number | null;
  /** Of offloads, of no use to CAN. */
  readonly gsoMaxSize: number | null;
  /** Of offloads. */
  readonly gsoMaxSegs: number | null;
  /** Of offloads. */
  readonly tsoMaxSize: number | null;
  /** Of offloads. */
  readonly tsoMaxSegs: number | null;
  /** Of offloads. */
  readonly groMaxSize: number | null;
}

/** A link as it was when it was read. What a link does not have is null: a vcan has no controller. */
export interface LinkStatus {
  /** The kernel's number, which a link keeps when it is renamed. */
  readonly index: number;
  /** The name, such as `"can0"`. */
  readonly name: string;
  /** `"can"` for a device, `"vcan"`, `"vxcan"`; null where the driver does not say. */
  readonly kind: string | null;
  /** Flags as `ip` shows them, such as `"NOARP"`, `"UP"`, `"LOWER_UP"`, `"ECHO"`. */
  readonly flags: readonly string[];
  /** Whether it is up. */
  readonly isUp: boolean;
  /** Whether it can carry frames. */
  readonly operState: OperState;
  /** Bytes of the longest frame: 16 for classic CAN, 72 for CAN FD, up to 2060 for CAN XL. */
  readonly mtu: number;
  /** Frames that may wait to be sent. */
  readonly txQueueLength: number;
  /** The device behind it, such as `"0000:00:02.0"`; null also before Linux 5.14. */
  readonly parent: string | null;
  /** The bus that the device is on, such as `"pci"`, `"spi"` or `"usb"`; null also before Linux 5.14. */
  readonly parentBus: string | null;
  /** The driver's name, such as `"mcp251xfd"`. */
  readonly driver: string | null;
  /** The other end of a vxcan: its index in the network namespace of that number, or in this one if that is null. */
  readonly peer: { readonly index: number; readonly netnsId: number | null } | null;
  /** A description that somebody gave it. */
  readonly alias: string | null;
  /** Other names that it has. */
  readonly altNames: readonly string[];
  /** The controller's state. */
  readonly state: ControllerState | null;
  /** The controller's error counters; null where it does not tell them. */
  readonly errorCounters: { readonly tx: number; readonly rx: number } | null;
  /** Milliseconds after which a controller that went bus-off is restarted; 0 for never. */
  readonly restartMs: number | null;
  /** The bit timing, or that of the arbitration phase; null also while none is set. */
  readonly bitTiming: BitTimingValues | null;
  /** What the controller can do; null where it has `bitrateConst`. */
  readonly bitTimingConst: BitTimingConst | null;
  /** All bitrates that the controller has, in bits per second. */
  readonly bitrateConst: readonly number[] | null;
  /** The bit timing of the data phase of CAN FD. */
  readonly dataBitTiming: BitTimingValues | null;
  /** What the controller can do in the data phase. */
  readonly dataBitTimingConst: BitTimingConst | null;
  /** All bitrates that the controller has in the data phase, in bits per second. */
  readonly dataBitrateConst: readonly number[] | null;
  /** The most that the transceiver can do, in bits per second; null where that is not known. */
  readonly bitrateMax: number | null;
  /** The controller's clock in hertz. */
  readonly clock: number | null;
  /** The modes that are set. */
  readonly modes: readonly ControllerMode[] | null;
  /** The modes that can be set; null also before Linux 5.18. */
  readonly supportedModes: readonly ControllerMode[] | null;
  /** The modes that are set and cannot be cleared; null also before Linux 5.18. */
  readonly staticModes: readonly ControllerMode[] | null;
  /** The termination in ohms, 0 for none; null where it cannot be switched. */
  readonly termination: number | null;
  /** What the termination can be, in ohms. */
  readonly terminationConst: readonly number[] | null;
  /** The compensation of the transceiver's delay; null while it is off. */
  readonly tdc: TransmitterDelay | null;
  /** What it can be. */
  readonly tdcConst: TransmitterDelayConst | null;
  /** What any link has. */
  readonly details: LinkDetails;
  /** Attributes that this library does not know, by their numbers in `linux/if_link.h`, as the kernel sent them. */
  readonly unknown: ReadonlyMap<number, Uint8Array>;
  /** Likewise, of the controller, by their numbers in `linux/can/netlink.h`. */
  readonly unknownCan: ReadonlyMap<number, Uint8Array>;
}

const nothing: ReadonlyMap<number, Uint8Array> = new Map();

/**
 * Reads RTM_NEWLINK or RTM_DELLINK.
 *
 * @param payload What follows the message's header.
 * @param driver The driver's name, which the message does not have.
 * @returns Null if the link is not CAN.
 * @throws {RangeError} It is no such message.
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
    // Some kinds name themselves, or nobody.
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
  // A bitrate of 0 is what some drivers tell while none is set.
  return timing && timing.bitrate !== 0 ? { ...timing, samplePoint: timing.samplePoint / 1000 } : null;
}
