/**
 * Time zones, for formats whose times are a wall clock's.
 *
 * @module
 */

import type { Zone } from "./format.ts";

const SECOND = 1_000_000_000n;

/**
 * A zone by its IANA name, such as `"Europe/Berlin"` or `"UTC"`.
 *
 * @param name Absent: the zone of this machine.
 * @throws {RangeError} There is no such zone.
 */
export function zoneOf(name?: string): Zone {
  const options: Intl.DateTimeFormatOptions = {
    timeZone: name,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    era: "short",
  };
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`timeZone is "${name}": it must be a name such as "Europe/Berlin" or "UTC"`, { cause: error });
  }
  /** Seconds that a wall clock there is ahead of UTC. */
  const offsetAt = (seconds: bigint): bigint => {
    const parts: Record<string, string> = {};
    const date = new Date(Number(seconds) * 1000);
    if (Number.isNaN(date.getTime())) return 0n;
    for (const { type, value } of format.formatToParts(date)) parts[type] = value;
    const { year, month, day, hour, minute, second } = parts;
    const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
    return BigInt(local / 1000) - seconds;
  };
  return {
    fromLocal(ns) {
      const local = ns / SECOND;
      // The offset before a change of the clocks may not be that after it: the second look settles it.
      const guess = local - offsetAt(local);
      return ns - offsetAt(guess) * SECOND;
    },
    toLocal: (ns) => ns + offsetAt(ns / SECOND) * SECOND,
  };
}
