/**
 * `can dump`: shows what is on a bus.
 *
 * @module
 */

import type { MessageBus } from "../bus/message_bus.ts";
import { LogWriter } from "../log/writer.ts";
import { droppedBefore } from "../message/losses.ts";
import type { Message } from "../message/message.ts";
import { Decoding } from "../where/decoding.ts";
import type { Arguments } from "./command/arguments.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import type { Output, Terminal } from "./command/terminal.ts";
import { unlessStopped } from "./command/waiting.ts";
import { databaseFlags, databaseOf, whereOf } from "./databases.ts";
import { parseChannelWords } from "./frames/channel_words.ts";
import { Screen } from "./frames/screen.ts";
import { frames, json, type Show, signals } from "./frames/show.ts";
import { date, type TimeMode, timeModes, timeWriter } from "./frames/times.ts";
import { outputOf } from "./log_flags.ts";
import { openReceivers, receiverFlags, receiverOptions } from "./open_bus.ts";

/** Frames received at once. */
const BATCH = 256;

/** What becomes of the frames. */
interface Sink {
  frame(message: Message): void;
  /** Frames were lost. */
  lost(count: number, channel: string, total: number): void;
  /** All frames that had arrived were passed on. */
  flush(): void | Promise<void>;
}

/** What is shown of a loss, with its line end. */
type ShowLoss = (count: number, channel: string, total: number) => string;

const lossText: ShowLoss = (count, channel, total) =>
  `DROPCOUNT: dropped ${count} CAN frame${count > 1 ? "s" : ""} on '${channel}' socket (total drops ${total})\n`;

const lossJson: ShowLoss = (count, channel) =>
  `${JSON.stringify({ type: "dropped", timestampNs: null, channel, count })}\n`;

/** Text on standard output. */
class TextSink implements Sink {
  readonly #show: Show;
  readonly #showLoss: ShowLoss;
  readonly #out: Output;

  constructor(show: Show, showLoss: ShowLoss, out: Output) {
    this.#show = show;
    this.#showLoss = showLoss;
    this.#out = out;
  }

  frame(message: Message): void {
    this.#out.write(this.#show(message));
  }

  lost(count: number, channel: string, total: number): void {
    this.#out.write(this.#showLoss(count, channel, total));
  }

  flush(): void {
    this.#out.flush();
  }
}

/** A log, in a file or on standard output. */
class LogSink implements Sink {
  readonly #writer: LogWriter;

  constructor(writer: LogWriter) {
    this.#writer = writer;
  }

  /** Writes what candump's log has: microseconds, and no direction. */
  frame(message: Message): void {
    this.#writer.write(message.with({ timestampNs: message.timestampNs / 1000n * 1000n, isRx: true }));
  }

  lost(count: number, channel: string): void {
    this.#writer.note({ type: "dropped", timestampNs: null, channel, count });
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }
}

/** The command. */
export const command: Command = {
  usage: ["IF[,FILTER]… …"],
  about: [
    "IF is an interface, any for all of them, or a bus on a network: socketcand://host/can0, cannelloni://host, cannelloni+tcp://host, udp-multicast://. Filters, in hexadecimal digits as in candump: ID:MASK, ID~MASK for all " +
    "others, ID alone, #ERRORMASK for error frames, j to join them (a frame must pass all). Eight digits are an extended " +
    "identifier.",
    "--where takes an expression over id, len, data[0], ext, rtr, err, fd, xl, brs, esi, rx, tx, channel and time, with " +
    "&& || ! == != < <= > >= + - * / % & | ^ ~ << >> and parentheses.",
  ],
  flags: {
    time: {
      short: "t",
      takes: "MODE",
      choices: timeModes,
      text: "times: absolute, since the frame before (d), since the first (z), with the date (A), none",
    },
    utc: { text: "dates in UTC instead of local time" },
    direction: { short: "x", text: "show the direction, and the flags BRS and ESI" },
    errors: { short: "e", text: "show error frames, in words; all of them where no #ERRORMASK is given" },
    hardware: receiverFlags.hardware,
    len8: { short: "8", text: "show the length codes 9 to F of classic frames with 8 bytes" },
    ascii: { short: "a", text: "show the data as text too" },
    binary: { short: "i", text: "show the data in binary digits" },
    swap: { short: "S", text: "show the data from the last byte to the first" },
    count: { short: "n", takes: "COUNT", text: "end after so many frames" },
    idle: { short: "T", takes: "MSECS", text: "end after so many milliseconds without a frame" },
    where: {
      takes: "EXPRESSION",
      text: "show only frames for which it is true; with --dbc it knows the signals' names",
    },
    ...databaseFlags,
    signals: { text: "with --dbc: show only what was decoded, without the bytes" },
    "log-format": { short: "L", text: "write the lines of a candump log" },
    json: { text: "write JSON, an object a line" },
    log: { short: "l", text: "write a log file, candump-DATE_TIME.log, and show nothing" },
    "receive-buffer": receiverFlags["receive-buffer"],
    colors: { short: "c", text: "the same as --color always" },
    "drop-count": { short: "d", text: "accepted for candump's sake: lost frames are always reported" },
    reconnect: receiverFlags.reconnect,
  },
  examples: [
    { line: "dump vcan0 -n 10", text: "show ten frames" },
    { line: "dump -ta -x -e any,0:0,#FFFFFFFF", text: "all interfaces, times, directions, error frames in words" },
    { line: "dump vcan0,123:7FF --where 'data[0] > 16' --json", text: "some frames, as JSON" },
    { line: "dump vcan0 --dbc car.dbc --where 'Speed > 80'", text: "by the signals that they hold, decoded" },
  ],
  permissions: ["--allow-ffi", "--allow-read (for --dbc)", "--allow-write (for -l)"],
  async run(words, terminal) {
    const channels = words.words.map(parseChannelWords);
    if (channels.length === 0) throw new UsageError("can dump takes an interface, such as vcan0, or any");
    const limit = words.whole("count", 1) ?? Infinity;
    const idle = words.number("idle", 0);
    const receiving = receiverOptions(words);
    const expression = words.text("where");
    words.exclusive("json", "log-format", "log", "signals");
    words.requires("dbc", "signals", "j1939");
    if (words.has("dbc") && !words.has("where") && (words.has("log") || words.has("log-format"))) {
      throw new UsageError("a candump log has no signals: with -l and -L, --dbc serves --where alone");
    }
    const database = databaseOf(words, terminal);
    const decoding = database && new Decoding(database);
    const wanted = expression === undefined ? null : whereOf(expression, decoding);
    terminal.catchSignals();

    await using writer = openLog(words, terminal);
    using buses = new DisposableStack();
    const stop = new AbortController();
    const signal = AbortSignal.any([terminal.signal, stop.signal]);
    let count = 0;
    let last = performance.now();
    const follow = async (bus: MessageBus) => {
      const { channel } = bus;
      let lost = 0;
      while (!signal.aborted) {
        const batch = await bus.recvManyAsync(Math.min(BATCH, limit - count), {
          signal,
          timeout: idle === undefined ? null : Math.max(last + idle - performance.now(), 0) / 1000,
        });
        const from = count;
        for (const message of batch) {
          if (count === limit) break; // by another interface
          const dropped = droppedBefore(message);
          if (dropped > 0) sink.lost(dropped, channel || "any", lost += dropped);
          if (wanted !== null && !wanted(message)) continue;
          sink.frame(message);
          count++;
        }
        await sink.flush();
        if (count > from) last = performance.now();
        if (count === limit || (idle !== undefined && performance.now() - last >= idle)) stop.abort();
      }
    };
    const opened = await openReceivers(channels, terminal, buses, { ...receiving, errors: words.has("errors") });
    const sink = sinkOf(words, writer, decoding, terminal, Math.max(...opened.map(({ channel }) => channel.length)));
    await Promise.all(opened.map((bus) => unlessStopped(follow(bus), signal, undefined)));
    return 0;
  },
};

/** Opens the log of `-l` or `-L`; null without them. */
function openLog(words: Arguments, { out }: Terminal): LogWriter | null {
  if (words.has("log")) return LogWriter.open(fileName());
  return words.has("log-format") ? LogWriter.open(outputOf("-", out), { format: "candump" }) : null;
}

function sinkOf(
  words: Arguments,
  log: LogWriter | null,
  decoding: Decoding | null,
  terminal: Terminal,
  width: number,
): Sink {
  const { out } = terminal;
  if (log !== null) return new LogSink(log);
  if (words.has("json")) return new TextSink(json(decoding), lossJson, out);
  const time = timeWriter((words.text("time") ?? "n") as TimeMode, words.has("utc"));
  if (words.has("signals")) return new TextSink(signals(time, decoding!), lossText, out);
  const screen = new Screen({
    time,
    direction: words.has("direction"),
    ascii: words.has("ascii"),
    binary: words.has("binary"),
    swap: words.has("swap"),
    errors: words.has("errors"),
    len8: words.has("len8"),
    colors: words.has("colors") || terminal.colors,
    width,
  });
  return new TextSink(frames(screen, decoding), lossText, out);
}

/** The file of -l, as candump names it. */
function fileName(): string {
  const now = date(BigInt(Date.now()) * 1_000_000n, false);
  return `candump-${now.slice(0, 10)}_${now.slice(11, 19).replaceAll(":", "")}.log`;
}
