/**
 * What the kernel says of the interfaces of buses.
 *
 * @module
 */

import { Bus } from "../bus/bus.ts";
import type { MessageBus } from "../bus/message_bus.ts";
import { CanError } from "../errors.ts";
import { Link } from "../link/link.ts";
import type { LinkReading } from "./meter.ts";

/**
 * Reads the interfaces of buses, by their names. Buses that are virtual or beyond this machine have none.
 */
export function readLinks(buses: readonly MessageBus[]): Map<string, LinkReading> {
  const readings = new Map<string, LinkReading>();
  const own = buses.filter((bus) => bus instanceof Bus && bus.channelInfo.startsWith("socketcan"));
  if (own.length === 0) return readings;
  const wanted = new Set(own.map(({ channel }) => channel));
  for (const { name, isUp, state, errorCounters, bitTiming, dataBitTiming } of Link.statuses()) {
    if (!wanted.has(name) && !wanted.has("")) continue;
    const statistics = statisticsOf(name);
    if (statistics === null) continue;
    const { rx, device } = statistics;
    const bitrates = bitTiming &&
      { bitrate: bitTiming.bitrate, dataBitrate: dataBitTiming?.bitrate ?? bitTiming.bitrate };
    const dropped = rx.dropped + rx.overErrors + rx.missedErrors;
    readings.set(name, { state, up: isUp, errorCounters, bitrates, restarts: device?.restarts ?? null, dropped });
  }
  return readings;
}

function statisticsOf(name: string): ReturnType<Link["statistics"]> | null {
  try {
    return Link.open(name).statistics();
  } catch (error) {
    if (error instanceof CanError) return null; // it was removed just now
    throw error;
  }
}
