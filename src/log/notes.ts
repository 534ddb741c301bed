/**
 * Notes in formats that have only comments: candump's own words for dropped frames.
 *
 * @module
 */

import type { LogDropped, LogMarker, LogNote } from "./entry.ts";

/** What stands for a channel that is not known: can-utils' name for every interface. */
export const NO_CHANNEL = "any";

const DROPCOUNT = /DROPCOUNT: dropped (?:(\d+) )?CAN frames? on '([^']*)' socket/;

/** The note that a comment is. */
export function noteOfText(text: string, timestampNs: bigint | null): LogMarker | LogDropped {
  const dropped = DROPCOUNT.exec(text);
  if (!dropped) return { type: "marker", timestampNs, text };
  const count = dropped[1] === undefined ? null : Number(dropped[1]);
  return { type: "dropped", timestampNs, channel: dropped[2] === NO_CHANNEL ? null : dropped[2], count };
}

/** The comment of a note, in one line. */
export function textOfNote(note: LogNote): string {
  if (note.type === "marker") return note.text.replace(/[\r\n]+/g, " ");
  if (note.type === "object") return note.kind;
  const { count, channel } = note;
  const frames = `${count === null ? "" : `${count} `}CAN frame${count === 1 ? "" : "s"}`;
  return `DROPCOUNT: dropped ${frames} on '${channel ?? NO_CHANNEL}' socket`;
}
