/**
 * `can view`: a table of what is on buses, on the whole screen.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import type { MessageBus } from "../bus/message_bus.ts";
import { Link } from "../link/link.ts";
import { KnownRows } from "../live/known.ts";
import { LiveTable } from "../live/table.ts";
import { Decoding } from "../where/decoding.ts";
import { where } from "../where/where.ts";
import { bitrateFlag, givenBitrates } from "./bitrates.ts";
import type { Arguments } from "./command/arguments.ts";
import type { Command } from "./command/command.ts";
import type { Terminal } from "./command/terminal.ts";
import { UsageError } from "./command/usage_error.ts";
import { unlessStopped } from "./command/waiting.ts";
import { databaseFlags, databaseOf, whereOf } from "./databases.ts";
import { parseChannelWords } from "./frames/channel_words.ts";
import { reportLosses, writeFlags, writeOptionsOf } from "./log_flags.ts";
import { openReceivers, receiverFlags, receiverOptions } from "./open_bus.ts";
import { FADE } from "./view/body.ts";
import { FullScreen } from "./view/full_screen.ts";
import { Meters } from "./view/meters.ts";
import { Recorder } from "./view/recorder.ts";
import { Session } from "./view/session.ts";
import { type SortKey, sortKeys } from "./view/sort.ts";

/** Frames received at once. */
const BATCH = 256;
/** Milliseconds between two drawings at least, and how much longer than a drawing. */
const PAUSE = 50;
const SHARE = 5;
/** Milliseconds between two readings of the links. */
const REFRESH = 1000;

const now = () => performance.now() / 1000;

/** The command. */
export const command: Command = {
  usage: ["IF[,FILTER]… …"],
  about: [
    "A row for each identifier on each bus: how often it came, its period and jitter in milliseconds, its data, and with " +
    "--dbc what it says. What changed is underlined, and bold at first; known changes are faint. The key ? lists all keys.",
    "IF and FILTER are as in can dump. Error frames of all classes are shown, unless #ERRORMASK says otherwise. A filter, by " +
    "the key f or --where, hides rows whose last frame does not pass; they are still counted, and recorded.",
    "The bus load is that of the frames that the filters of IF let pass. What is known (muted rows, and bits that keep " +
    "changing) is kept in a text file: --known reads it, the keys w and o write and read it.",
    "The terminal is restored however it ends, but for kill -9: after that, type reset, or stty sane.",
  ],
  flags: {
    ...databaseFlags,
    where: { takes: "EXPRESSION", text: "show only rows whose last frame it is true for, as in can dump" },
    sort: { takes: "COLUMN", choices: sortKeys, text: "the order of the rows; bus if not given" },
    unfold: { short: "u", text: "show the signals of all rows below them" },
    known: { takes: "FILE", text: "what is known: muted rows, and bits that keep changing" },
    bitrate: bitrateFlag,
    output: {
      short: "o",
      takes: "FILE",
      text: "record into this log, as can log does; the key m puts markers into it",
    },
    ...writeFlags,
    zone: { takes: "ZONE", text: "the time zone of formats with local times: UTC, Europe/Berlin" },
    ...receiverFlags,
  },
  examples: [
    { line: "view vcan0", text: "all that is on a bus" },
    { line: "view any --bitrate 500000 -o drive.log", text: "all buses, recorded" },
    { line: "view vcan0 --dbc car.dbc --unfold --where 'Speed > 80'", text: "signals, with their history" },
  ],
  permissions: ["--allow-ffi", "--allow-read (for --dbc, --known)", "--allow-write (for logs, w)"],
  async run(words, terminal) {
    const channels = words.words.map(parseChannelWords);
    if (channels.length === 0) throw new UsageError("can view takes an interface, such as vcan0, or any");
    words.requires("dbc", "j1939");
    const receiving = receiverOptions(words);
    const bitrates = givenBitrates(words);
    const output = words.text("output");
    if (output === "-") throw new UsageError("can view has the terminal for itself: give -o a file, not -");
    const writing = writeOptionsOf(words);
    const database = databaseOf(words, terminal);
    const decoding = database && new Decoding(database);
    const filter = words.text("where");
    FullScreen.check(terminal);

    const stop = new AbortController();
    await using recorder = new Recorder(writing);
    const session = new Session({
      table: new LiveTable({
        known: new KnownRows(),
        ...decoding && { decode: (message) => decoding.decode(message) },
      }),
      recorder,
      parseFilter: (expression) => where(expression, decoding),
      readFile: (path) => readFileSync(path, "utf8"),
      writeFile: writeFileSync,
      quit: (key) => key === "q" ? stop.abort() : terminal.stop("SIGINT"),
    });
    if (filter !== undefined) session.view.setFilter({ expression: filter, passes: whereOf(filter, decoding) });
    session.view.sort = (words.text("sort") ?? "bus") as SortKey;
    session.view.allUnfolded = words.has("unfold");
    openKnown(words, session);
    terminal.catchSignals();
    using buses = new DisposableStack();
    const opened = await openReceivers(channels, terminal, buses, {
      ...receiving,
      errors: true,
      logger: { warn: (text) => session.say(text, true) },
    });
    if (output !== undefined) recorder.begin(output);
    const meters = new Meters(opened.map(({ channel }) => channel), bitrates, () => Link.statuses());
    await watch(opened, session, meters, terminal, stop.signal);

    const { log } = recorder;
    reportLosses(await recorder.end(), terminal);
    if (log !== null) terminal.warn(`can: ${log.count} frames in ${log.path}`);
    if (recorder.failure === null) return 0;
    terminal.warn(`can: ${recorder.failure.message}`);
    return 1;
  },
};

/** Reads what is known. A file that is not there yet can be written later. */
function openKnown(words: Arguments, session: Session): void {
  const path = words.text("known");
  if (path === undefined) return;
  try {
    session.openKnown(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    session.say(`${path} is not there yet: w writes it`);
  }
}

/** Shows what the buses receive, until a key, a signal or an error. */
async function watch(
  buses: readonly MessageBus[],
  session: Session,
  meters: Meters,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([terminal.signal, stop, failed.signal]);
  const fail = (error: unknown) => failed.abort(error);
  let changedAt = now();
  const changed = () => {
    changedAt = now();
  };
  let keys = Promise.resolve();
  using screen = new FullScreen(terminal, {
    key: (key) => {
      keys = keys.then(() => session.press(key)).catch(fail);
      changed();
    },
    resized: changed,
    gone: fail,
  });
  session.redraw = () => screen.clear();
  let timer: ReturnType<typeof setTimeout>;
  let refreshed = -Infinity;
  const tick = () => {
    const start = performance.now();
    try {
      const refresh = start - refreshed >= REFRESH;
      if (refresh) {
        meters.refresh(start / 1000);
        refreshed = start;
      }
      // As long as a change fades, it looks different from time to time.
      if (refresh || start / 1000 - changedAt <= FADE + 1) screen.show(session.draw(meters.states, screen.size, now()));
    } catch (error) {
      fail(error);
      return;
    }
    timer = setTimeout(tick, Math.max(PAUSE, SHARE * (performance.now() - start)));
  };
  tick();
  const follow = async (bus: MessageBus) => {
    while (!signal.aborted) {
      const batch = await bus.recvManyAsync(BATCH, { signal });
      const time = now();
      for (const message of batch) {
        session.table.add(message, time);
        meters.add(message);
      }
      changed();
      await session.record(batch, bus.channel);
    }
  };
  try {
    await Promise.all(buses.map((bus) => unlessStopped(follow(bus), signal, undefined)));
    await keys;
  } finally {
    clearTimeout(timer!);
  }
  failed.signal.throwIfAborted();
}
