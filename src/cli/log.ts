/**
 * `can log`: records buses into a log.
 *
 * @module
 */

import { record, type RecordReport } from "../log/record.ts";
import { LogWriter } from "../log/writer.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { parseChannelWords } from "./frames/channel_words.ts";
import { outputOf, reportLosses, writeFlags, writeOptionsOf } from "./log_flags.ts";
import { openReceivers, receiverFlags, receiverOptions } from "./open_bus.ts";

/** The command. */
export const command: Command = {
  usage: ["IF[,FILTER]… … -o FILE"],
  about: [
    "IF and FILTER are as in can dump. The ending of FILE tells the format: .log, .asc, .blf, .trc, .csv, .db, .mf4, .pcap, " +
    ".pcapng, .jsonl, and .gz after it. With --rotate, %n in FILE is the number of the file, and %F, %T date and time. " +
    "Error frames of all classes are recorded, unless #ERRORMASK says otherwise. Ctrl-C ends the log in order.",
  ],
  flags: {
    output: { short: "o", takes: "FILE", text: "the log; - for standard output, with --as" },
    ...writeFlags,
    zone: { takes: "ZONE", text: "the time zone of formats with local times: UTC, Europe/Berlin" },
    count: { short: "n", takes: "COUNT", text: "end after so many frames" },
    duration: { takes: "SECONDS", text: "end after so many seconds" },
    hardware: receiverFlags.hardware,
    reconnect: receiverFlags.reconnect,
  },
  examples: [
    { line: "log vcan0 -o drive.log -n 100", text: "a hundred frames in candump's format" },
    {
      line: "log can0 can1 -o 'drive-%n.blf' --rotate 100M --keep 10",
      text: "two buses, in files of 100 MB, the last ten of them",
    },
  ],
  permissions: ["--allow-ffi", "--allow-read", "--allow-write"],
  async run(words, terminal) {
    const channels = words.words.map(parseChannelWords);
    const output = words.text("output");
    if (channels.length === 0 || output === undefined) {
      throw new UsageError("can log takes an interface and a file: can log vcan0 -o drive.log");
    }
    if (output === "-" && !words.has("as")) {
      throw new UsageError("to standard output, say in which format: --as candump");
    }
    const count = words.whole("count", 1);
    const duration = words.number("duration", 0);
    if (count !== undefined && channels.length > 1) {
      throw new UsageError("--count counts the frames of one interface: give one, or any");
    }
    terminal.catchSignals();
    using buses = new DisposableStack();
    const opened = await openReceivers(channels, terminal, buses, { ...receiverOptions(words), errors: true });
    await using writer = LogWriter.open(outputOf(output, terminal.out), writeOptionsOf(words));
    const reports = await Promise.all(opened.map((bus) =>
      record(bus, writer, {
        signal: terminal.signal,
        ...count !== undefined && { count },
        ...duration !== undefined && { duration },
        logger: terminal.logger,
      })
    ));
    await writer.close();
    // Without -H all times are the kernel's, which goes without saying.
    const losses = writer.losses.filter(({ field }) => field !== "timestampSource" || words.has("hardware"));
    reportLosses(losses, terminal);
    const sum = (field: "messages" | "dropped") => reports.reduce((total, report) => total + report[field], 0);
    terminal.warn(`can: ${sum("messages")} frames, ${sum("dropped")} dropped by the kernel`);
    return reports.map(lostLink).reduce((all, each) => all || each, false) ? 1 : 0;

    function lostLink({ error }: RecordReport): boolean {
      if (error !== null) terminal.warn(`can: ${error.message}`);
      return error !== null;
    }
  },
};
