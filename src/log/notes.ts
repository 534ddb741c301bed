/**
 * Notes in formats that only have comments. Dropped frames are noted in the words of `candump`.
 *
 * @module
 */

import type { LogDropped, LogMarker, LogNote } from "./entry.ts";

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
  return `DROPCOUNT: dropped ${frames} on '${channel ?? NO_CHANNEL}' socket`;
}
