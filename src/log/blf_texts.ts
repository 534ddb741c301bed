/**
 * The BLF objects that contain texts: comments and markers, and the names of channels.
 *
 *     65   APP_TEXT        u32 source, u32 about, u32 length, u32, text
 *     92   EVENT_COMMENT   u32, u32 length, u64, text
 *     96   GLOBAL_MARKER   u32 event type, u32 colours[2], u32, u32 lengths[3], …, texts from offset 40 on
 *
 * @module
 */

import { word } from "./blf_file.ts";
import type { Bytes } from "./bytes.ts";
import { textOf } from "./lines.ts";

const APP_TEXT = 65;
const EVENT_COMMENT = 92;
const GLOBAL_MARKER = 96;
/** The source of an APP_TEXT about a channel, and the kind of bus in it. */
const CHANNEL_TEXT = 1;
const CAN_BUS = 1;

/** Returns the number and the name of the channel that an object declares; null if it is another object. */
export function channelOfObject(
  type: number,
  object: Uint8Array,
  at: number,
): { readonly number: number; readonly name: string | null } | null {
  if (type !== APP_TEXT || object.length < at + 16 || word(object, at) !== CHANNEL_TEXT) return null;
  const about = word(object, at + 4);
  const [database, ...names] = textAt(object, at + 16, word(object, at + 8)).split(";");
  // With a database, the name is that of the network in it.
  if (database !== "" || names.length === 0 || (about >>> 16 & 0xff) !== CAN_BUS) return null;
  return { number: about >>> 8 & 0xff, name: names.join(";") || null };
}

/** Returns the text of an object that is a comment or marker; null for all others. */
export function textOfObject(type: number, object: Uint8Array, at: number): string | null {
  if (type === GLOBAL_MARKER && object.length >= at + 40) {
    const lengths = [word(object, at + 16), word(object, at + 20), word(object, at + 24)];
    const parts: string[] = [];
    let from = at + 40;
    for (const length of lengths) {
      if (length > 0) parts.push(textAt(object, from, length));
      from += length;
    }
    return parts.filter((part) => part !== "").join(": ");
  }
  if (type === EVENT_COMMENT && object.length >= at + 16) return textAt(object, at + 16, word(object, at + 4));
  if (type === APP_TEXT && object.length >= at + 16 && word(object, at) === 0) {
    return textAt(object, at + 16, word(object, at + 8));
  }
  return null;
}

function textAt(object: Uint8Array, from: number, length: number): string {
  return textOf(object.subarray(from, from + length)).replace(/\0+$/, "");
}

/** Appends a global marker: event type, colours, whether it can be moved, three texts. Returns its object type. */
export function writeMarker(text: string, out: Bytes): number {
  const from = out.length;
  out.u32(0);
  out.u32(0xffffff);
  out.u32(0xff3300);
  for (let i = 0; i < 7; i++) out.u32(0);
  const begin = out.length;
  out.text(text);
  out.patch32(from + 20, out.length - begin);
  return GLOBAL_MARKER;
}

/** Appends the text about a channel: no database, then its name. Returns its object type. */
export function writeChannel(number: number, name: string, out: Bytes): number {
  out.u32(CHANNEL_TEXT);
  out.u32(number << 8 | CAN_BUS << 16);
  const length = out.length;
  out.u32(0);
  out.u32(0);
  const begin = out.length;
  out.text(`;${name}`);
  out.patch32(length, out.length - begin);
  return APP_TEXT;
}
