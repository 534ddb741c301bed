/**
 * `can convert`: rewrites a log in another format.
 *
 * @module
 */

import { convert } from "../log/convert.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import {
  outputOf,
  readFlags,
  readOptionsOf,
  reportDiagnostics,
  reportLosses,
  selectionOf,
  streamOf,
  writeFlags,
  writeOptionsOf,
} from "./log_flags.ts";

/** The command. */
export const command: Command = {
  usage: ["FROM TO"],
  about: [
    "The formats are candump, asc, blf, trc, csv, sqlite, mf4, pcap, pcapng, gvret, crtd and jsonl, recognised by the content " +
    "of FROM and by the ending of TO. - is standard input or output. What TO cannot hold is listed at the end.",
  ],
  flags: {
    ...readFlags,
    ...writeFlags,
    shift: { takes: "SECONDS", text: "add so many seconds to every time; may be negative" },
  },
  examples: [
    { line: "convert drive.log drive.asc", text: "candump's log as Vector ASC" },
    {
      line: "convert drive.log - --as jsonl --filter 123:7FF --from 10",
      text: "some of it as JSON, to standard output",
    },
  ],
  permissions: ["--allow-read", "--allow-write"],
  async run(words, terminal) {
    const [from, to, more] = words.words;
    if (from === undefined || to === undefined || more !== undefined) {
      throw new UsageError("can convert takes two logs: can convert drive.blf drive.asc");
    }
    if (to === "-" && !words.has("as")) throw new UsageError("to standard output, say in which format: --as candump");
    terminal.catchSignals();
    const report = await convert(streamOf(from), outputOf(to, terminal.out), {
      ...selectionOf(words),
      shift: words.number("shift", -Infinity) ?? 0,
      read: readOptionsOf(words),
      write: writeOptionsOf(words),
      signal: terminal.signal,
    });
    reportDiagnostics(report.diagnostics, report.skipped, terminal);
    reportLosses(report.losses, terminal);
    terminal.warn(`can: ${report.messages} frames${report.leftOut > 0 ? `, ${report.leftOut} left out` : ""}`);
    return 0;
  },
};
