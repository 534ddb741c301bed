/**
 * Time zones, for formats that store local time.
 *
 * @module
 */

import type { Zone } from "./format.ts";

const SECOND = 1_000_000_000n;

/**
 * Returns a time zone by its IANA name, such as `"Europe/Berlin"` or `"UTC"`.
 *
 * @param name The name. Default: the time zone of this machine.
 * @throws {RangeError} There is no time zone with this name.
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
  /** Returns the offset from UTC at a time, in seconds; positive east of Greenwich. */
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
      // Around a change of the clocks the offset at the guessed time may differ: the second lookup settles it.
      const guess = local - offsetAt(local);
      return ns - offsetAt(guess) * SECOND;
    },
    toLocal: (ns) => ns + offsetAt(ns / SECOND) * SECOND,
  };
}
