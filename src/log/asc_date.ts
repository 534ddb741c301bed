/**
 * Dates in Vector ASC files: `Fri Feb 14 08:51:20.000 am 2020`, in English or German, with or without am and pm.
 *
 * @module
 */

import type { Zone } from "./format.ts";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/** German month names that differ from the English ones, also spelled without umlauts. */
const german: Record<string, number> = { mär: 2, mrz: 2, mae: 2, maerz: 2, märz: 2, mai: 4, okt: 9, dez: 11 };

const DATE =
  /^(?:\p{L}+\.?\s+)?(\p{L}+)\.?\s+(\d{1,2})\s+(\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:\s+([ap]m))?\s+(\d{4})$/iu;

/** Parses a date as nanoseconds since 1970; null if it is invalid. */
export function parseAscDate(text: string, zone: Zone): bigint | null {
  const found = DATE.exec(text.trim());
  if (!found) return null;
  const [, monthName, day, hour, minute, second, fraction = "", half, year] = found;
  const name = monthName.toLowerCase();
  const month = german[name] ?? months.findIndex((each) => each.toLowerCase() === name.slice(0, 3));
  if (month < 0) return null;
  const hours = half === undefined ? Number(hour) : Number(hour) % 12 + (half.toLowerCase() === "pm" ? 12 : 0);
  const local = Date.UTC(Number(year), month, Number(day), hours, Number(minute), Number(second));
  if (Number.isNaN(local) || hours > 23) return null;
  const ns = zone.fromLocal(BigInt(local) * 1_000_000n + BigInt(fraction.padEnd(9, "0")));
  return ns < 0n ? null : ns;
}

/** Formats a date as CANoe does in English, with three digits of milliseconds: it rejects any other format. */
export function formatAscDate(ns: bigint, zone: Zone): string {
  const date = new Date(Number(zone.toLocal(ns) / 1_000_000n));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = date.getUTCHours();
  const time = `${two(hours % 12 || 12)}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const milliseconds = String(date.getUTCMilliseconds()).padStart(3, "0");
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${two(date.getUTCDate())} ${time}.${milliseconds} ` +
    `${hours < 12 ? "am" : "pm"} ${date.getUTCFullYear()}`;
}
