/**
 * Times of frames, as candump writes them.
 *
 * @module
 */

import type { Message } from "../../message/message.ts";

/** What has a time: a message of any protocol. */
type Timed = Pick<Message, "timestampNs">;

/** The ways of `-t`: absolute, since the frame before, since the first, absolute with the date, none. */
export const timeModes = ["a", "d", "z", "A", "n"] as const;

/** One of `timeModes`. */
export type TimeMode = (typeof timeModes)[number];

/** Returns a function that writes the time of each frame, in the order in which it is called; "" for no times. */
export function timeWriter(mode: TimeMode, utc: boolean): (message: Timed) => string {
  let before: bigint | null = null;
  switch (mode) {
    case "a":
      return ({ timestampNs }) => `(${seconds(timestampNs, 10)}) `;
    case "A":
      return ({ timestampNs }) => `(${date(timestampNs, utc)}) `;
    case "d":
    case "z":
      return ({ timestampNs }) => {
        const since = microseconds(timestampNs) - (before ?? microseconds(timestampNs));
        if (mode === "d" || before === null) before = microseconds(timestampNs);
        return `(${seconds(since > 0n ? since * 1000n : 0n, 3)}) `;
      };
    case "n":
      return () => "";
  }
}

/** Times are cut to microseconds before they are subtracted, as in candump. */
function microseconds(timestampNs: bigint): bigint {
  return timestampNs / 1000n;
}

/** Seconds with at least so many digits, and six decimals. */
function seconds(ns: bigint, digits: number): string {
  const whole = Number(ns / 1_000_000_000n);
  const rest = Number(ns % 1_000_000_000n);
  return `${String(whole).padStart(digits, "0")}.${String(Math.floor(rest / 1000)).padStart(6, "0")}`;
}

/** Date and time with six decimals, in local time or UTC: `2026-11-28 17:05:28.123456`. */
export function date(timestampNs: bigint, utc: boolean): string {
  const milliseconds = Number(timestampNs / 1_000_000n);
  const moment = new Date(milliseconds);
  const micros = String(Number(timestampNs / 1000n % 1_000_000n)).padStart(6, "0");
  if (utc) return `${moment.toISOString().slice(0, 19).replace("T", " ")}.${micros}`;
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${day} ${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}.${micros}`;
}
