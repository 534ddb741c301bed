/**
 * `can send`: sends frames.
 *
 * @module
 */

import { Bus } from "../bus/bus.ts";
import type { Message } from "../message/message.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { readInput, type Terminal } from "./command/terminal.ts";
import { parseFilter } from "./frames/channel_words.ts";
import { parseFrame } from "./frames/frame_words.ts";
import { Screen } from "./frames/screen.ts";

/** Seconds that a send waits for room in the queue. */
const ROOM = 10;

/** The command. */
export const command: Command = {
  usage: ["IF FRAME…", "IF -"],
  about: [
    "A frame, in hexadecimal digits as in cansend: 123#DEADBEEF, 12345678#11.22.33 (eight digits: extended), 123#R4 " +
    "(remote, with its length), 123#1122334455667788_E (length code), 123##1AABB (FD, after ## a digit of flags: 1 bit rate " +
    "switch, 2 error state), 45123#81:00:12345678#11 (XL). - reads frames from standard input, one a line.",
  ],
  flags: {
    every: { takes: "SECONDS", text: "send them again and again, by the kernel's clock; with several frames, in turn" },
    count: { takes: "COUNT", text: "with --every: end after so many frames" },
    expect: { takes: "FILTER", text: "print the first frame that passes (ID:MASK or ID), and fail if none comes" },
    timeout: { takes: "SECONDS", text: "with --expect: how long to wait; 1 second if not given" },
  },
  examples: [
    { line: "send vcan0 123#DEADBEEF", text: "send a frame" },
    { line: "send vcan0 123#01 --every 0.1 --count 5", text: "send it five times, ten a second" },
    { line: "send vcan0 7DF#0201000000000000 --expect 7E8:7F8 --timeout 0.2", text: "ask, and print the answer" },
  ],
  permissions: ["--allow-ffi"],
  async run(words, terminal) {
    const [channel, ...given] = words.words;
    if (channel === undefined || given.length === 0) {
      throw new UsageError("can send takes an interface and a frame: can send vcan0 123#DEADBEEF");
    }
    const period = words.number("every", 1e-6);
    const count = words.whole("count", 1);
    const expected = words.text("expect");
    const timeout = words.number("timeout") ?? 1;
    if (count !== undefined && period === undefined) throw new UsageError("--count needs --every: how often to send");
    if (words.has("timeout") && expected === undefined) {
      throw new UsageError("--timeout needs --expect: what to wait for");
    }
    const frames = given.flatMap((word) => word === "-" ? inputLines() : [word]);
    const messages: Message[] = [];
    for (const frame of frames) messages.push(await parseFrame(frame, (text) => terminal.warn(`can: ${text}`)));
    if (messages.length === 0) return 0;

    const filters = expected === undefined ? null : [parseFilter(expected)];
    terminal.catchSignals();
    using bus = new Bus({
      channel,
      fd: filters !== null || messages.some((message) => message.isFd),
      xl: messages.some((message) => message.isXl),
      ...filters === null ? { receive: false } : { filters },
      logger: { warn: (text) => terminal.warn(`can: ${text}`) },
    });
    if (period !== undefined) await repeat(bus, messages, period, count, terminal);
    else bus.sendMany(messages, ROOM);
    if (filters === null) return 0;
    const answer = await bus.recvAsync({ timeout, signal: terminal.signal });
    if (answer === null) {
      terminal.warn(`can: no frame passed ${expected} within ${timeout} s`);
      return 1;
    }
    terminal.out.write(new Screen({ time: () => "", colors: terminal.colors, width: channel.length }).line(answer));
    return 0;
  },
};

/** Sends by the broadcast manager until the count is reached or a signal comes. */
async function repeat(
  bus: Bus,
  messages: readonly Message[],
  period: number,
  count: number | undefined,
  terminal: Terminal,
): Promise<void> {
  using task = bus.sendPeriodic(messages, period, count === undefined ? {} : { count });
  terminal.signal.addEventListener("abort", () => task.stop());
  await task.done;
}

function inputLines(): string[] {
  return new TextDecoder().decode(readInput()).split(/\s+/).filter((word) => word !== "");
}
