/**
 * The registry of formats. To add one, write a file next to this one and add a line here.
 *
 * @module
 */

import { asc } from "./asc.ts";
import { blf } from "./blf.ts";
import { candump } from "./candump.ts";
import { candumpScreen } from "./candump_screen.ts";
import { crtd } from "./crtd.ts";
import { csv, csvFull } from "./csv.ts";
import type { LogFormat, LogFormatName } from "./format.ts";
import { gvret } from "./gvret.ts";
import { jsonl } from "./jsonl.ts";
import { mf4 } from "./mf4/mod.ts";
import { pcap } from "./pcap.ts";
import { pcapng } from "./pcapng.ts";
import { sqliteLog } from "./sqlite.ts";
import { trc, trc11, trc20 } from "./trc.ts";

const formats: readonly LogFormat[] = [
  candump,
  candumpScreen,
  asc,
  blf,
  trc,
  trc20,
  trc11,
  csv,
  csvFull,
  gvret,
  crtd,
  jsonl,
  mf4,
  pcap,
  pcapng,
  sqliteLog,
];

/**
 * Returns the format with the given name.
 *
 * @throws {RangeError} No format has this name.
 */
export function formatNamed(name: string): LogFormat {
  const format = formats.find((each) => each.name === name);
  if (format) return format;
  throw new RangeError(`format is "${name}": it must be "${formats.map((each) => each.name).join('", "')}"`);
}

/**
 * Detects the format of a file by its first bytes, or by its file name extension if they are inconclusive.
 *
 * @param head The first bytes, up to 64 KiB.
 * @param name The name or path of the file; null for bytes and streams.
 * @returns Null if the format cannot be detected.
 */
export function detectFormat(head: Uint8Array, name: string | null): LogFormat | null {
  let best: LogFormat | null = null;
  let sure = 0;
  for (const format of formats) {
    const score = format.detect(head);
    const named = name !== null && format.extensions.some((ending) => name.toLowerCase().endsWith(ending));
    const total = score === 0 ? 0 : score + (named ? 0.5 : 0);
    if (total > sure) [best, sure] = [format, total];
  }
  return best ?? (name === null ? null : formatOfName(name));
}

/** Returns the format of a file name extension, ignoring a trailing `.gz`; null if no format uses it. */
export function formatOfName(name: string): LogFormat | null {
  const plain = name.toLowerCase().replace(/\.gz$/, "");
  return formats.find(({ extensions }) => extensions.some((ending) => plain.endsWith(ending))) ?? null;
}

/** Returns all formats, for tables and tests. */
export function allFormats(): readonly LogFormat[] {
  return formats;
}

/** Returns the names of all formats. */
export function formatNames(): readonly LogFormatName[] {
  return formats.map(({ name }) => name);
}
