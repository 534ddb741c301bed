/**
 * The flags of the log library, for the commands that read and write logs.
 *
 * @module
 */

import process from "node:process";
import { Readable } from "node:stream";
import { formatNames } from "../log/formats.ts";
import type { LogReadOptions } from "../log/options.ts";
import type { LogSelection } from "../log/select.ts";
import type { LogInput } from "../log/source.ts";
import type { LogWriteOptions } from "../log/write_options.ts";
import type { LogLoss } from "../log/writer.ts";
import type { LogDiagnostic } from "../log/diagnostics.ts";
import type { Arguments, Flag } from "./command/arguments.ts";
import { suggestion } from "../where/nearest.ts";
import { type Output, readInput, type Terminal } from "./command/terminal.ts";
import { UsageError } from "./command/usage_error.ts";
import { parseFilter } from "./frames/channel_words.ts";

/** What to read, and how. */
export const readFlags = {
  from: { takes: "SECONDS", text: "begin so many seconds after the first frame, or at a time: 2026-11-28T17:05:00Z" },
  to: { takes: "SECONDS", text: "end before that" },
  filter: { takes: "FILTER", many: true, text: "only frames that pass: ID:MASK, ID~MASK or ID, as in can dump" },
  channel: { takes: "NAME[=NEW]", many: true, text: "only this channel, renamed if a new name is given" },
  format: { takes: "FORMAT", text: "the format of the log read; found out if not given" },
  strict: { text: "fail at the first thing that cannot be read, instead of listing it" },
  zone: { takes: "ZONE", text: "the time zone of formats with local times: UTC, Europe/Berlin" },
} as const satisfies Record<string, Flag>;

/** What to write, and how. */
export const writeFlags = {
  as: { takes: "FORMAT", text: "the format of the log written; by the name's ending if not given" },
  gzip: { text: "compress with gzip; so does a name that ends in .gz" },
  append: { text: "append to the file instead of replacing it" },
  rotate: { takes: "SIZE|TIME|COUNT", many: true, text: "a new file after 100M, after 60s, or after 1000f(rames)" },
  keep: { takes: "COUNT|SIZE", many: true, text: "with --rotate: keep so many files, or so many bytes (1G)" },
} as const satisfies Record<string, Flag>;

/** Returns the messages that the flags select. */
export function selectionOf(words: Arguments): LogSelection {
  const filters = words.texts("filter").map((text) => parseFilter(text));
  const channels = words.texts("channel").map((text) => {
    const [name, to] = text.split("=");
    return [name, to || true] as const;
  });
  const from = timeOf(words, "from");
  const to = timeOf(words, "to");
  return {
    ...filters.length > 0 && { filters },
    ...channels.length > 0 && { channels: Object.fromEntries(channels) },
    ...from !== undefined && { from },
    ...to !== undefined && { to },
  };
}

function timeOf(words: Arguments, flag: "from" | "to"): number | Date | undefined {
  const text = words.text(flag);
  if (text === undefined || /^[\d.eE+-]+$/.test(text) && !Number.isNaN(Number(text))) return words.number(flag);
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    throw new UsageError(
      `--${flag} takes seconds after the first frame, or a time such as 2026-11-28T17:05:00Z, not "${text}"`,
    );
  }
  return date;
}

/** Returns the options for reading. */
export function readOptionsOf(words: Arguments): Pick<LogReadOptions, "format" | "strict" | "timeZone"> {
  const format = formatOf(words, "format");
  const timeZone = words.text("zone");
  return { ...format && { format }, ...words.has("strict") && { strict: true }, ...timeZone && { timeZone } };
}

/** Returns the options for writing. */
export function writeOptionsOf(words: Arguments): LogWriteOptions {
  const format = formatOf(words, "as");
  const timeZone = words.text("zone");
  const rotate = words.texts("rotate").map((text) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)([kMG]|s|f)?$/.exec(text) ?? [];
    if (number === undefined) throw new UsageError(`--rotate takes 100M, 60s or 1000f, not "${text}"`);
    if (unit === "s") return { seconds: Number(number) };
    if (unit === "f") return { messages: Number(number) };
    return { bytes: bytesOf(number, unit) };
  });
  const keep = words.texts("keep").map((text) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)([kMG])?$/.exec(text) ?? [];
    if (number === undefined) throw new UsageError(`--keep takes a number of files, or 1G, not "${text}"`);
    return unit === undefined ? { files: Number(number) } : { bytes: bytesOf(number, unit) };
  });
  return {
    ...format && { format },
    ...words.has("gzip") && { gzip: true },
    ...words.has("append") && { append: true },
    ...timeZone && { timeZone },
    ...rotate.length > 0 && { rotate: Object.assign({}, ...rotate) },
    ...keep.length > 0 && { keep: Object.assign({}, ...keep) },
  };
}

function bytesOf(number: string, unit = ""): number {
  return Math.round(Number(number) * 1000 ** ["", "k", "M", "G"].indexOf(unit));
}

function formatOf(words: Arguments, flag: "format" | "as"): LogReadOptions["format"] {
  const name = words.text(flag);
  const names = formatNames();
  if (name !== undefined && !(names as readonly string[]).includes(name)) {
    throw new UsageError(`--${flag} is "${name}": it must be one of ${names.join(", ")}${suggestion(name, names)}`);
  }
  return name as LogReadOptions["format"];
}

/** Returns a log to read: a file, or all of standard input for `-`. */
export function inputOf(word: string): string | Uint8Array {
  return word === "-" ? readInput() : word;
}

/** Returns a log to read once, as it arrives: a file, or standard input for `-`. */
export function streamOf(word: string): LogInput {
  return word === "-" ? Readable.toWeb(process.stdin) as unknown as ReadableStream<Uint8Array> : word;
}

/** Returns where to write a log: a file, or standard output for `-`. */
export function outputOf(word: string, out: Output): string | WritableStream<Uint8Array> {
  return word === "-" ? new WritableStream({ write: (bytes: Uint8Array) => out.bytes(bytes) }) : word;
}

/** Says on standard error what a format could not hold. */
export function reportLosses(losses: readonly LogLoss[], terminal: Terminal): void {
  for (const { field, count, first } of losses) {
    terminal.warn(`can: this format has no ${field}: ${count} frames lost it, the first of which is ${first}`);
  }
}

/** Says on standard error what could not be read. */
export function reportDiagnostics(diagnostics: readonly LogDiagnostic[], skipped: number, terminal: Terminal): void {
  for (const { line, column, offset, reason } of diagnostics.slice(0, 10)) {
    terminal.warn(`can: ${line === null ? `byte ${offset}` : `line ${line}, column ${column}`}: ${reason}`);
  }
  if (skipped > 10) terminal.warn(`can: and ${skipped - 10} more`);
}
