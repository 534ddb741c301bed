/**
 * The statistics of a link.
 *
 * @module
 */

import { type DeviceStatistics, deviceStats } from "../kernel/can_netlink.ts";
import { type LinkCounters, linkTable } from "../kernel/if_link.ts";
import { decodeAttributes } from "../kernel/nlattr.ts";
import { decodeLinkMessage } from "../kernel/rtnetlink.ts";

export type { DeviceStatistics } from "../kernel/can_netlink.ts";

/**
 * A link's receive counters: the `rx_*` fields of `struct rtnl_link_stats64` in `linux/if_link.h`, described in the
 * [kernel documentation](https://docs.kernel.org/networking/statistics.html).
 *
 * @category Links
 */
export interface ReceiveStatistics {
  /** Frames received; with drivers that echo sent frames themselves (most devices), only frames of other nodes. */
  readonly packets: number;
  /** Payload bytes of these frames. */
  readonly bytes: number;
  /** Frames received with errors. */
  readonly errors: number;
  /** Frames dropped because this host had no room for them. */
  readonly dropped: number;
  /** Frames dropped because the controller's buffer overflowed. */
  readonly overErrors: number;
  /** Frames dropped because the driver's FIFO was full. */
  readonly fifoErrors: number;
  /** Frames missed by the host. */
  readonly missedErrors: number;
  /** Frames with an invalid length. */
  readonly lengthErrors: number;
  /** Frames with a CRC error. */
  readonly crcErrors: number;
  /** Frames with a format error. */
  readonly frameErrors: number;
  /** Multicast packets, which CAN does not have. */
  readonly multicast: number;
  /** Compressed packets, which CAN does not have. */
  readonly compressed: number;
  /** Frames that no protocol handler took. */
  readonly noHandler: number;
  /** Packets for other hosts, which CAN does not have. */
  readonly otherHostDropped: number;
}

/**
 * A link's send counters: the `tx_*` fields of `struct rtnl_link_stats64` in `linux/if_link.h`, described in the
 * [kernel documentation](https://docs.kernel.org/networking/statistics.html).
 *
 * @category Links
 */
export interface SendStatistics {
  /** Frames sent. */
  readonly packets: number;
  /** Payload bytes of these frames. */
  readonly bytes: number;
  /** Frames that could not be sent. */
  readonly errors: number;
  /** Frames dropped before they were sent, such as those sent to a listen-only controller. */
  readonly dropped: number;
  /** Frames whose transmission was aborted. */
  readonly abortedErrors: number;
  /** Frames lost for want of a carrier. */
  readonly carrierErrors: number;
  /** Frames lost to an underrun of the device's FIFO. */
  readonly fifoErrors: number;
  /** Not used by CAN. */
  readonly heartbeatErrors: number;
  /** Not used by CAN. */
  readonly windowErrors: number;
  /** Lost arbitrations, where the driver counts them here. */
  readonly collisions: number;
  /** How often the carrier was lost or regained: a controller has a carrier while it is not bus-off. */
  readonly carrierChanges: number;
  /** Not used by CAN. */
  readonly compressed: number;
}

/**
 * A link's counters since it was created: `struct rtnl_link_stats64` of `linux/if_link.h` and `struct can_device_stats`
 * of `linux/can/netlink.h`. The numbers are exact up to 2^53.
 *
 * @category Links
 */
export interface LinkStatistics {
  /** The link's index. */
  readonly index: number;
  /** The link's name at the time of reading. */
  readonly name: string;
  /** The time of reading, in seconds of the monotonic clock (`performance.now() / 1000`). */
  readonly time: number;
  /** Receive counters. */
  readonly rx: ReceiveStatistics;
  /** Send counters. */
  readonly tx: SendStatistics;
  /** The controller's counters; null for a link without a controller. */
  readonly device: DeviceStatistics | null;
}

/**
 * The differences between two readings of a link's statistics, from `Link.delta`.
 *
 * @category Links
 */
export interface LinkStatisticsDelta extends Pick<LinkStatistics, "index" | "name" | "rx" | "tx" | "device"> {
  /** Seconds between the two readings. */
  readonly seconds: number;
  /**
   * Whether the counters started again from 0 in between, because the link was deleted and created again under its
   * name, say. The counts are then those since the restart.
   */
  readonly reset: boolean;
}

/**
 * Decodes the statistics in an RTM_NEWLINK message.
 *
 * @param payload The message without its netlink header.
 * @param time The time of reading, in seconds.
 * @throws {RangeError} The payload is malformed.
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

/** 32-bit counters, which wrap to 0 after 0xffffffff; an unterminated bus makes that many errors within days. */
const counters32: ReadonlySet<string> = new Set([
  "busError",
  "errorWarning",
  "errorPassive",
  "busOff",
  "arbitrationLost",
  "restarts",
  "carrierChanges",
]);

/** The differences between two readings. */
export function statisticsDelta(before: LinkStatistics, after: LinkStatistics): LinkStatisticsDelta {
  const { index, name } = after;
  const parts = ["rx", "tx"] as const;
  const reset = before.index !== index || parts.some((part) => hasDecreased(before[part], after[part]));
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

/** Whether a 64-bit counter has decreased; these do not wrap within a link's lifetime. */
function hasDecreased(before: Counts, after: Counts): boolean {
  const now = after as unknown as Record<string, number>;
  return Object.entries(before).some(([name, count]) => !counters32.has(name) && now[name] < count);
}

function difference<T extends Counts>(after: T, before: T): T {
  const then = before as unknown as Record<string, number>;
  return Object.fromEntries(
    Object.entries(after).map(([name, count]: [string, number]) => {
      const increase = count - then[name];
      return [name, increase < 0 && counters32.has(name) ? increase + 2 ** 32 : increase];
    }),
  ) as unknown as T;
}
