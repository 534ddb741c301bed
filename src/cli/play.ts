/**
 * `can play`: sends the frames of a log, with its timing.
 *
 * @module
 */

import type { MessageBus } from "../bus/message_bus.ts";
import { Link } from "../link/link.ts";
import { LogReader } from "../log/reader.ts";
import { replay } from "../log/replay.ts";
import type { Message } from "../message/message.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { shower } from "./frames/sent.ts";
import { inputOf, readFlags, readOptionsOf, selectionOf } from "./log_flags.ts";
import { carriesXl, openBusNamed } from "./open_bus.ts";

const { channel: _, ...flags } = readFlags;

/** The command. */
export const command: Command = {
  usage: ["FILE [IF[=CHANNEL]]…"],
  about: [
    "FILE is a log in any format, or - for standard input. Its channels go to the interfaces of the same names; vcan0=can0 " +
    "sends to vcan0 what was recorded on can0, as in canplayer; vcan0 alone gets everything.",
  ],
  flags: {
    ...flags,
    speed: { takes: "FACTOR", text: "2 takes half the time; inf sends without waiting" },
    step: { takes: "SECONDS", text: "a fixed interval between frames, instead of the log's" },
    "skip-gaps": { short: "s", takes: "SECONDS", text: "cut longer gaps to this" },
    loop: { short: "l", takes: "TIMES", text: "play it so many times; i or inf for ever" },
    "no-loopback": { short: "x", text: "do not show the frames to this host's other programs" },
    verbose: { short: "v", text: "show each frame that was sent" },
    precise: { text: "wait for each frame in a busy loop, which needs a processor" },
    "error-frames": { text: "send error frames too, which only virtual interfaces can" },
  },
  examples: [
    { line: "play drive.log vcan0=can0", text: "what was recorded on can0, on vcan0" },
    { line: "play drive.log vcan0 --speed 10 --from 60 --to 120", text: "the second minute, ten times as fast" },
  ],
  permissions: ["--allow-ffi", "--allow-read"],
  async run(words, terminal) {
    const [file, ...targets] = words.words;
    if (file === undefined) throw new UsageError("can play takes a log: can play drive.log vcan0=can0");
    const input = inputOf(file);
    const read = readOptionsOf(words);
    const speed = words.positive("speed");
    const loops = words.text("loop") === "i" || words.text("loop") === "inf" ? "i" : words.whole("loop", 1);
    const step = words.number("step");
    const skipGaps = words.positive("skip-gaps");
    terminal.catchSignals();

    using buses = new DisposableStack();
    const open = async (channel: string) => {
      const bus = buses.use(
        await openBusNamed({
          channel,
          fd: true,
          xl: carriesXl(channel),
          receive: false,
          errorMask: 0,
          localLoopback: !words.has("no-loopback"),
        }),
      );
      if (words.has("verbose")) showSent(bus, shower(bus.channel, terminal));
      return bus;
    };
    const openAll = async (names: readonly (readonly [name: string, channel: string])[]) =>
      Object.fromEntries(
        await Promise.all(names.map(async ([name, channel]) => [channel, await open(name)] as const)),
      );
    const pairs = targets.map(targetOf);
    const twice = pairs.find(([, channel], i) =>
      pairs.some((pair, j) => j < i && channel !== undefined && pair[1] === channel)
    );
    if (twice) throw new UsageError(`${twice[1]} goes to two interfaces: give one`);
    const everything = pairs.find((pair) => pair.length === 1);
    if (everything && pairs.length > 1) {
      throw new UsageError(`${everything[0]} alone gets everything: write ${everything[0]}=CHANNEL beside others`);
    }
    let onto: MessageBus | Record<string, MessageBus>;
    if (everything) onto = await open(everything[0]);
    else if (pairs.length > 0) onto = await openAll(pairs.map(([name, channel]) => [name, channel]));
    else onto = await openAll((await namesIn(input, read)).map((name) => [name, name]));

    const report = await replay(input, onto, {
      ...selectionOf(words),
      read,
      signal: terminal.signal,
      precise: words.has("precise"),
      errorFrames: words.has("error-frames"),
      ...speed !== undefined && { speed },
      ...step !== undefined && { step },
      ...skipGaps !== undefined && { skipGaps },
      ...loops !== undefined && { loops: loops === "i" ? Infinity : loops },
    }).done;
    const late = (seconds: number) => `${(1000 * seconds).toFixed(1)} ms`;
    terminal.warn(
      `can: ${report.messages} frames${report.leftOut > 0 ? `, ${report.leftOut} left out` : ""}; late by at most ` +
        `${late(report.late.most)}, ${late(report.late.mean)} on average`,
    );
    return 0;
  },
};

/** Makes a bus show what it has sent. */
function showSent(bus: MessageBus, show: (messages: readonly Message[]) => void): void {
  const send = bus.sendManyAsync.bind(bus);
  bus.sendManyAsync = async (messages, options) => {
    const count = await send(messages, options);
    show(messages.slice(0, count));
    return count;
  };
}

/**
 * Splits an interface and the channel that it gets, if one is named.
 *
 * @throws {UsageError} It is neither.
 */
function targetOf(word: string): string[] {
  if (!/^[^=]+(?:=[^=]+)?$/.test(word)) {
    throw new UsageError(`"${word}" is no interface, and none with its channel: write vcan0 or vcan0=can0`);
  }
  return word.split("=");
}

/** The channels of a log, each of which must be an interface. */
async function namesIn(input: string | Uint8Array, read: ReturnType<typeof readOptionsOf>): Promise<string[]> {
  const names = new Set<string>();
  let unnamed = false;
  for await (const { channel } of LogReader.open(input, read)) {
    if (channel === null) unnamed = true;
    else names.add(channel);
  }
  if (unnamed && names.size === 0) {
    throw new UsageError(
      "the log names no channels: say which interface gets everything, as in can play drive.csv vcan0",
    );
  }
  const known = Link.list().map(({ name }) => name);
  const missing = [...names].filter((name) => !known.includes(name));
  if (missing.length > 0) {
    throw new UsageError(
      `the log has the channel ${missing[0]}, and there is no such interface: map it, as in vcan0=${missing[0]}`,
    );
  }
  return [...names];
}
