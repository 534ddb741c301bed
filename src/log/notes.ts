/**
 * Notes in formats that only have comments. Dropped frames are noted in the words of `candump`.
 *
 * @module
 */

import { checkWhole, show } from "../check.ts";
import type { LogDropped, LogMarker, LogNote } from "./entry.ts";
import { SECOND } from "./time.ts";

/** The name written for an unknown channel: can-utils' name for all interfaces. */
export const NO_CHANNEL = "any";

const DROPCOUNT = /DROPCOUNT: dropped (?:(\d+) )?CAN frames? on '([^']*)' socket/;

/** Parses a comment as a note. */
export function noteOfText(text: string, timestampNs: bigint | null): LogMarker | LogDropped {
  const dropped = DROPCOUNT.exec(text);
  if (!dropped) return { type: "marker", timestampNs, text };
  const count = dropped[1] === undefined ? null : Number(dropped[1]);
  return { type: "dropped", timestampNs, channel: dropped[2] === NO_CHANNEL ? null : dropped[2], count };
}

/** Formats a note as a comment of one line. */
export function textOfNote(note: LogNote): string {
  if (note.type === "marker") return note.text.replace(/[\r\n]+/g, " ");
  if (note.type === "object") return note.kind;
  const { count, channel } = note;
  const frames = `${count === null ? "" : `${count} `}CAN frame${count === 1 ? "" : "s"}`;
  return `DROPCOUNT: dropped ${frames} on '${channel?.replace(/['\r\n]/g, "_") ?? NO_CHANNEL}' socket`;
}

/**
 * Checks a note that is to be written.
 *
 * @throws {TypeError | RangeError} A field is invalid.
 */
export function checkNote(note: LogNote): void {
  if (typeof note !== "object" || note === null) throw new TypeError(`A note must be an object: ${show(note)}`);
  const { type, timestampNs } = note;
  if (timestampNs !== null && typeof timestampNs !== "bigint") {
    throw new TypeError(`timestampNs must be a bigint of nanoseconds, or null: ${show(timestampNs)}`);
  }
  if (timestampNs !== null && (timestampNs < 0n || timestampNs >= 2n ** 53n * SECOND)) {
    throw new RangeError(`timestampNs must be 0n or more, and less than 2n ** 53n seconds: ${timestampNs}`);
  }
  if (type === "marker") checkText("text of a marker", note.text);
  else if (type === "object") checkText("kind of an object", note.kind);
  else if (type === "dropped") {
    if (note.channel !== null) checkText("channel of dropped frames", note.channel);
    if (note.count !== null) checkWhole("count of dropped frames", note.count, 0, Number.MAX_SAFE_INTEGER);
  } else throw new TypeError(`type of a note is ${show(type)}: it must be "marker", "dropped" or "object"`);
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== "string") throw new TypeError(`The ${name} must be a string: ${show(value)}`);
}
