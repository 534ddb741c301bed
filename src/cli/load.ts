/**
 * `can load`: how busy buses are.
 *
 * @module
 */

import type { MessageBus } from "../bus/message_bus.ts";
import { Link } from "../link/link.ts";
import type { Stuffing } from "../live/frame_bits.ts";
import { type Bitrates, Traffic } from "../live/traffic.ts";
import { bitratesOf, parseBitrates } from "./bitrates.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { unlessStopped } from "./command/waiting.ts";
import { identifierText } from "../message/hex.ts";
import { openReceiver } from "./open_bus.ts";

/** A bus, and what came in the current second. */
interface Watched {
  readonly name: string;
  readonly bus: MessageBus;
  readonly bitrates: Bitrates;
  readonly traffic: Traffic;
  readonly loads: number[];
  readonly byId: Map<string, { frames: number; busy: number }>;
}

/** The command. */
export const command: Command = {
  usage: ["IF[@BITRATE[,DATABITRATE]]…"],
  about: [
    "Each second a line: frames, bits, bits of data, and how much of the second they took. The bitrates are the link's " +
    "where it has them; a virtual interface has none. Bits of CAN XL and of error frames are not counted.",
  ],
  flags: {
    stuffing: {
      takes: "KIND",
      choices: ["exact", "worst", "none"],
      text: "stuff bits: those of each frame (the default), the most possible, or none",
    },
    ignore: { short: "i", text: "the same as --stuffing none" },
    exact: { short: "e", text: "the same as --stuffing exact" },
    bar: { short: "b", text: "show the load as a bar" },
    time: { short: "t", text: "show the time" },
    interval: { takes: "SECONDS", text: "how often; 1 if not given" },
    count: { short: "n", takes: "COUNT", text: "end after so many lines of each bus" },
    ids: { text: "at the end, the load by identifier" },
    json: { text: "write JSON, an object a line" },
  },
  examples: [
    { line: "load can0", text: "a real bus" },
    { line: "load vcan0@500000,2000000 -b -n 3", text: "three seconds of a virtual one, as if it had these bitrates" },
  ],
  permissions: ["--allow-ffi"],
  async run(words, terminal) {
    if (words.words.length === 0) {
      throw new UsageError("can load takes an interface: can load can0, can load vcan0@500000");
    }
    words.exclusive("stuffing", "ignore", "exact");
    words.exclusive("json", "bar");
    words.exclusive("json", "time");
    const stuffing = (words.has("ignore") ? "none" : words.text("stuffing") ?? "exact") as Stuffing;
    const interval = words.number("interval", 0.01, 3600) ?? 1;
    const most = words.whole("count", 1) ?? Infinity;
    terminal.catchSignals();
    using buses = new DisposableStack();
    const watched = await Promise.all(words.words.map(async (word): Promise<Watched> => {
      const { name, ...bitrates } = namedBitrates(word);
      const bus = buses.use(
        await openReceiver(
          { channel: name, filters: null, joinFilters: false, errorMask: null },
          terminal,
        ),
      );
      return { name, bus, bitrates, traffic: new Traffic(stuffing), loads: [], byId: new Map() };
    }));

    const { signal } = terminal;
    const start = performance.now();
    for (let line = 1; line <= most && !signal.aborted; line++) {
      const end = start + 1000 * interval * line;
      await Promise.all(watched.map((each) => gather(each, end, signal)));
      if (signal.aborted) break;
      if (words.has("time") && !words.has("json")) terminal.out.line(new Date().toISOString());
      for (const each of watched) {
        const { name, traffic, bitrates: { bitrate } } = each;
        const { frames, bits, payload, busy } = traffic;
        const load = busy / interval;
        each.loads.push(load);
        const dropped = each.bus.droppedFrames;
        if (words.has("json")) terminal.out.line(JSON.stringify({ name, frames, bits, payload, load, dropped }));
        else {
          const bar = words.has("bar") ? ` ${barOf(load)}` : "";
          const lost = dropped > 0 ? ` ${dropped} dropped` : "";
          terminal.out.line(
            `${name}@${bitrate} ${String(frames).padStart(5)} ${String(bits).padStart(7)} ` +
              `${String(payload).padStart(6)} ${(100 * load).toFixed(1).padStart(5)}%${bar}${lost}`,
          );
        }
        traffic.reset();
      }
      terminal.out.flush();
    }
    for (const each of watched) summarize(each, words.has("ids"), interval, (text) => terminal.warn(text));
    return 0;
  },
};

/** Counts what comes until a time in milliseconds. */
async function gather(watched: Watched, end: number, signal: AbortSignal): Promise<void> {
  for (let rest; (rest = end - performance.now()) > 0 && !signal.aborted;) {
    const wait = watched.bus.recvManyAsync(1000, { timeout: rest / 1000, signal });
    for (const message of await unlessStopped(wait, signal, [])) {
      const busy = watched.traffic.add(message, watched.bitrates);
      const id = identifierText(message.arbitrationId, message.isExtendedId);
      const known = watched.byId.get(id);
      if (known) {
        known.frames++;
        known.busy += busy;
      } else watched.byId.set(id, { frames: 1, busy });
    }
  }
}

/** The load as a bar of twenty parts. */
function barOf(load: number): string {
  const full = Math.min(Math.round(20 * load), 20);
  return `|${"X".repeat(full)}${".".repeat(20 - full)}|`;
}

function summarize(
  { name, loads, byId }: Watched,
  ids: boolean,
  interval: number,
  write: (text: string) => void,
): void {
  if (loads.length === 0) return;
  const percent = (load: number) => `${(100 * load).toFixed(1)}%`;
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  const most = loads.reduce((one, other) => Math.max(one, other));
  const least = loads.reduce((one, other) => Math.min(one, other));
  write(`${name}: least ${percent(least)}, mean ${percent(mean)}, most ${percent(most)}`);
  if (!ids) return;
  for (const [id, { frames, busy }] of [...byId].sort(([, one], [, other]) => other.busy - one.busy)) {
    write(`    ${id.padStart(8)} ${frames} frames ${percent(busy / (interval * loads.length))}`);
  }
}

/** @throws {UsageError} There is no bitrate. */
function namedBitrates(word: string): { name: string } & Bitrates {
  const [, name, rates] = /^([^@]+)(?:@([^@]*))?$/.exec(word) ?? [];
  if (name === undefined) throw new UsageError(`"${word}" is no interface: write can0 or can0@500000`);
  if (rates !== undefined) return { name: name === "any" ? "" : name, ...parseBitrates(rates, word) };
  const bitrates = bitratesOf(Link.statuses().find((each) => each.name === name));
  if (bitrates !== null) return { name, ...bitrates };
  throw new UsageError(`${name} has no bitrate of its own: say it, as in ${name}@500000`);
}
