/**
 * Time zones, for formats that store local time.
 *
 * @module
 */

import type { Zone } from "./format.ts";
import { SECOND } from "./time.ts";

/** The fields of a local time. */
const fields: Intl.DateTimeFormatOptions = {
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  era: "short",
};

/**
 * Returns a time zone by its IANA name, such as `"Europe/Berlin"` or `"UTC"`.
 *
 * @param name The name. Default: the time zone of this machine.
 * @throws {RangeError} There is no time zone with this name.
 */
export function zoneOf(name?: string): Zone {
  // The zone of this machine is looked up at its first use: that takes milliseconds, and most formats need no zone.
  let format = name === undefined ? undefined : formatIn(name);
  /** Returns the offset from UTC at a time, in seconds; positive east of Greenwich. */
  const offsetAt = (seconds: bigint): bigint => {
    const date = new Date(Number(seconds) * 1000);
    if (Number.isNaN(date.getTime())) return 0n;
    format ??= new Intl.DateTimeFormat("en-US", fields);
    const parts: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(date)) parts[type] = value;
    const { year, month, day, hour, minute, second } = parts;
    const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
    return BigInt(local / 1000) - seconds;
  };
  return {
    get name() {
      return (format ??= new Intl.DateTimeFormat("en-US", fields)).resolvedOptions().timeZone;
    },
    fromLocal(ns) {
      const local = ns / SECOND;
      // Around a change of the clocks the offset at the guessed time may differ: the second lookup settles it.
      const guess = local - offsetAt(local);
      return ns - offsetAt(guess) * SECOND;
    },
    toLocal: (ns) => ns + offsetAt(ns / SECOND) * SECOND,
  };
}

function formatIn(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", { ...fields, timeZone });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`timeZone is "${timeZone}": it must be a name such as "Europe/Berlin" or "UTC"`, {
      cause: error,
    });
  }
}
