/**
 * What a link has counted.
 *
 * @module
 */

import { type DeviceStatistics, deviceStats } from "../kernel/can_netlink.ts";
import { type LinkCounters, linkTable } from "../kernel/if_link.ts";
import { decodeAttributes } from "../kernel/nlattr.ts";
import { decodeLinkMessage } from "../kernel/rtnetlink.ts";

export type { DeviceStatistics } from "../kernel/can_netlink.ts";

/** What came in. */
export interface ReceiveStatistics {
  /** Frames; with a driver that echoes (most devices'), only those of others. */
  readonly packets: number;
  /** Bytes of data in them. */
  readonly bytes: number;
  /** Frames that came wrong. */
  readonly errors: number;
  /** Frames that this host had no room for. */
  readonly dropped: number;
  /** Frames that the controller had no room for. */
  readonly overErrors: number;
  /** Frames that the driver had no room for. */
  readonly fifoErrors: number;
  /** Frames that the host missed. */
  readonly missedErrors: number;
  /** Frames of a wrong length. */
  readonly lengthErrors: number;
  /** Frames with a wrong checksum. */
  readonly crcErrors: number;
  /** Frames of a wrong form. */
  readonly frameErrors: number;
  /** Frames to several. */
  readonly multicast: number;
  /** Compressed packets, which CAN does not have. */
  readonly compressed: number;
  /** Frames that nobody wanted. */
  readonly noHandler: number;
  /** Packets for other hosts, which CAN does not have. */
  readonly otherHostDropped: number;
}

/** What went out. */
export interface SendStatistics {
  /** Frames. */
  readonly packets: number;
  /** Bytes of data in them. */
  readonly bytes: number;
  /** Frames that could not be sent. */
  readonly errors: number;
  /** Frames that were dropped before. */
  readonly dropped: number;
  /** Frames that were given up. */
  readonly abortedErrors: number;
  /** Frames for which there was no bus. */
  readonly carrierErrors: number;
  /** Frames that came to the controller too late. */
  readonly fifoErrors: number;
  /** Not of CAN. */
  readonly heartbeatErrors: number;
  /** Not of CAN. */
  readonly windowErrors: number;
  /** Arbitrations lost, with some drivers. */
  readonly collisions: number;
  /** How often the carrier came or went: a controller has one while it is not bus-off. */
  readonly carrierChanges: number;
  /** Not of CAN. */
  readonly compressed: number;
}

/**
 * What a link has counted since it was made: the kernel's `struct rtnl_link_stats64` and `struct can_device_stats`. The
 * numbers are exact up to 2^53.
 */
export interface LinkStatistics {
  /** The link's number. */
  readonly index: number;
  /** The link's name when this was read. */
  readonly name: string;
  /** When this was read, in seconds of the monotonic clock (`performance.now()`). */
  readonly time: number;
  /** What came in. */
  readonly rx: ReceiveStatistics;
  /** What went out. */
  readonly tx: SendStatistics;
  /** What the controller counted; null where there is none. */
  readonly device: DeviceStatistics | null;
}

/** What a link counted between two readings. */
export interface LinkStatisticsDelta extends Pick<LinkStatistics, "index" | "name" | "rx" | "tx" | "device"> {
  /** Seconds between the two. */
  readonly seconds: number;
  /**
   * Whether the link began to count anew in between, as one that was made anew under its name does: then these are the
   * counts since.
   */
  readonly reset: boolean;
}

/**
 * Reads RTM_NEWLINK.
 *
 * @throws {RangeError} It is no such message.
 */
export function readStatistics(payload: Uint8Array, time: number): LinkStatistics {
  const { index, attributes } = decodeLinkMessage(payload);
  const { name = "", counters, carrierChanges = 0, info } = decodeAttributes(linkTable, attributes);
  const counted = (key: keyof LinkCounters) => Number(counters?.[key] ?? 0n);
  const device = info?.kind === "can" && info.xstats ? deviceStats.decode(info.xstats) : undefined;
  return {
    index,
    name,
    time,
    rx: {
      packets: counted("rxPackets"),
      bytes: counted("rxBytes"),
      errors: counted("rxErrors"),
      dropped: counted("rxDropped"),
      overErrors: counted("rxOverErrors"),
      fifoErrors: counted("rxFifoErrors"),
      missedErrors: counted("rxMissedErrors"),
      lengthErrors: counted("rxLengthErrors"),
      crcErrors: counted("rxCrcErrors"),
      frameErrors: counted("rxFrameErrors"),
      multicast: counted("multicast"),
      compressed: counted("rxCompressed"),
      noHandler: counted("rxNohandler"),
      otherHostDropped: counted("rxOtherhostDropped"),
    },
    tx: {
      packets: counted("txPackets"),
      bytes: counted("txBytes"),
      errors: counted("txErrors"),
      dropped: counted("txDropped"),
      abortedErrors: counted("txAbortedErrors"),
      carrierErrors: counted("txCarrierErrors"),
      fifoErrors: counted("txFifoErrors"),
      heartbeatErrors: counted("txHeartbeatErrors"),
      windowErrors: counted("txWindowErrors"),
      collisions: counted("collisions"),
      carrierChanges,
      compressed: counted("txCompressed"),
    },
    device: device ?? null,
  };
}

type Counts = ReceiveStatistics | SendStatistics | DeviceStatistics;

/** Counters of 32 bits, which go on from 0 after 0xffffffff: a bus that is not terminated makes as many in days. */
const narrow: ReadonlySet<string> = new Set([
  "busError",
  "errorWarning",
  "errorPassive",
  "busOff",
  "arbitrationLost",
  "restarts",
  "carrierChanges",
]);

/** What was counted between two readings. */
export function statisticsDelta(before: LinkStatistics, after: LinkStatistics): LinkStatisticsDelta {
  const { index, name } = after;
  const parts = ["rx", "tx"] as const;
  const reset = before.index !== index || parts.some((part) => wentBack(before[part], after[part]));
  const minus = <T extends Counts>(now: T, then: T | null): T => reset || then === null ? now : difference(now, then);
  return {
    index,
    name,
    seconds: after.time - before.time,
    reset,
    rx: minus(after.rx, before.rx),
    tx: minus(after.tx, before.tx),
    device: after.device && minus(after.device, before.device),
  };
}

/** Whether a counter has become less that no link lives long enough to fill. */
function wentBack(before: Counts, after: Counts): boolean {
  const now = after as unknown as Record<string, number>;
  return Object.entries(before).some(([name, count]) => !narrow.has(name) && now[name] < count);
}

function difference<T extends Counts>(after: T, before: T): T {
  const then = before as unknown as Record<string, number>;
  return Object.fromEntries(
    Object.entries(after).map(([name, count]: [string, number]) => {
      const more = count - then[name];
      return [name, more < 0 && narrow.has(name) ? more + 2 ** 32 : more];
    }),
  ) as unknown as T;
}
