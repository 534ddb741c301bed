/**
 * `can decode`: shows a log, decoded.
 *
 * @module
 */

import { LogReader } from "../log/reader.ts";
import { Selector } from "../log/select.ts";
import { Decoding } from "../where/decoding.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { databaseFlags, databaseOf, whereOf } from "./databases.ts";
import { Screen } from "./frames/screen.ts";
import { frames, json, signals } from "./frames/show.ts";
import { type TimeMode, timeModes, timeWriter } from "./frames/times.ts";
import { readFlags, readOptionsOf, reportDiagnostics, selectionOf, streamOf } from "./log_flags.ts";

/** The command. */
export const command: Command = {
  usage: ["FILE|- --dbc FILE"],
  about: ["Reads a log in any format, and shows each frame as can dump does, with its signals. - is standard input."],
  flags: {
    ...databaseFlags,
    ...readFlags,
    time: { short: "t", takes: "MODE", choices: timeModes, text: "times, as in can dump; a if not given" },
    utc: { text: "dates in UTC instead of local time" },
    where: { takes: "EXPRESSION", text: "only frames for which it is true, as in can dump; signals by their names" },
    signals: { text: "show only what was decoded, without the bytes" },
    json: { text: "write JSON, an object a line" },
  },
  examples: [
    { line: "decode drive.log --dbc car.dbc", text: "all frames, with the signals of those that the database has" },
    { line: "decode drive.log --dbc car.dbc --where 'Speed > 80' --json", text: "some, for another program" },
  ],
  permissions: ["--allow-read"],
  async run(words, terminal) {
    const [file, more] = words.words;
    const database = databaseOf(words, terminal);
    if (file === undefined || more !== undefined || database === null) {
      throw new UsageError("can decode takes a log and a database: can decode drive.log --dbc car.dbc");
    }
    words.exclusive("json", "signals");
    const decoding = new Decoding(database);
    const expression = words.text("where");
    const wanted = expression === undefined ? null : whereOf(expression, decoding);
    const time = timeWriter((words.text("time") ?? "a") as TimeMode, words.has("utc"));
    const show = words.has("json")
      ? json(decoding)
      : words.has("signals")
      ? signals(time, decoding)
      : frames(new Screen({ time, colors: terminal.colors, width: 0 }), decoding);
    const selector = new Selector(selectionOf(words));
    terminal.catchSignals();
    await using reader = LogReader.open(streamOf(file), { ...readOptionsOf(words), signal: terminal.signal });
    for await (const each of reader) {
      const message = selector.apply(each);
      if (message === null || "type" in message || (wanted !== null && !wanted(message))) continue;
      terminal.out.write(show(message));
    }
    reportDiagnostics(reader.diagnostics, reader.skipped, terminal);
    return 0;
  },
};
