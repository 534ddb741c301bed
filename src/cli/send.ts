/**
 * `can send`: sends frames.
 *
 * @module
 */

import { Bus } from "../bus/bus.ts";
import type { MessageBus } from "../bus/message_bus.ts";
import type { Database } from "../dbc/database.ts";
import type { Message } from "../message/message.ts";
import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { readInput, type Terminal } from "./command/terminal.ts";
import { suggestion } from "../where/nearest.ts";
import { databaseFlags, databaseOf } from "./databases.ts";
import { parseFilter } from "./frames/channel_words.ts";
import { parseFrame } from "./frames/frame_words.ts";
import { Screen } from "./frames/screen.ts";
import { openBusNamed } from "./open_bus.ts";

/** Seconds that a send waits for room in the queue. */
const ROOM = 10;

/** The command. */
export const command: Command = {
  usage: ["IF FRAME…", "IF -", "IF --dbc FILE MESSAGE SIGNAL=VALUE…"],
  about: [
    "A frame, in hexadecimal digits as in cansend: 123#DEADBEEF, 12345678#11.22.33 (eight digits: extended), 123#R4 " +
    "(remote, with its length), 123#1122334455667788_E (length code), 123##1AABB (FD, after ## a digit of flags: 1 bit rate " +
    "switch, 2 error state), 45123#81:00:12345678#11 (XL). - reads frames from standard input, one a line.",
    "With --dbc, a message of the database and values of its signals, numbers or labels; those not given have the start " +
    "value of the database, or --start.",
  ],
  flags: {
    ...databaseFlags,
    start: { takes: "VALUE", text: "with --dbc: the raw value of signals that are not given and have no start value" },
    every: { takes: "SECONDS", text: "send them again and again, by the kernel's clock; with several frames, in turn" },
    count: { takes: "COUNT", text: "with --every: end after so many frames" },
    expect: { takes: "FILTER", text: "print the first frame that passes (ID:MASK or ID), and fail if none comes" },
    timeout: { takes: "SECONDS", text: "with --expect: how long to wait; 1 second if not given" },
  },
  examples: [
    { line: "send vcan0 123#DEADBEEF", text: "send a frame" },
    { line: "send vcan0 123#01 --every 0.1 --count 5", text: "send it five times, ten a second" },
    { line: "send vcan0 --dbc car.dbc EngineData Speed=81.5 Gear=Drive", text: "a message of a database" },
    { line: "send vcan0 7DF#0201000000000000 --expect 7E8:7F8 --timeout 2", text: "ask, and print the answer" },
  ],
  permissions: ["--allow-ffi", "--allow-read (for --dbc)"],
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
    words.requires("dbc", "start", "j1939");
    const database = databaseOf(words, terminal);
    const messages = database ? [encoded(database, given, words.whole("start"))] : await framesOf(given, terminal);
    if (messages.length === 0) return 0;

    const filters = expected === undefined ? null : [parseFilter(expected)];
    terminal.catchSignals();
    using bus = await openBusNamed({
      channel,
      fd: filters !== null || messages.some((message) => message.isFd),
      xl: messages.some((message) => message.isXl),
      ...filters === null ? { receive: false } : { filters },
      logger: terminal.logger,
    });
    if (period !== undefined) await repeat(bus, messages, period, count, terminal);
    else await bus.sendManyAsync(messages, { timeout: ROOM });
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

async function framesOf(given: readonly string[], terminal: Terminal): Promise<Message[]> {
  const messages: Message[] = [];
  for (const word of given.flatMap((each) => each === "-" ? inputLines() : [each])) {
    messages.push(await parseFrame(word, (text) => terminal.warn(`can: ${text}`)));
  }
  return messages;
}

/** Returns the message that the words name, with the values that they give. */
function encoded(database: Database, [name, ...given]: readonly string[], startValue?: number): Message {
  const message = database.messageByName(name);
  if (message === null) {
    throw new UsageError(`there is no message ${name}${suggestion(name, database.messages.map((each) => each.name))}`);
  }
  const values = given.map((word) => {
    const [, signal, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (signal === undefined) throw new UsageError(`"${word}" is no signal and value: write Speed=81.5`);
    const names = message.signals.map((each) => each.name);
    if (!names.includes(signal)) throw new UsageError(`${name} has no signal ${signal}${suggestion(signal, names)}`);
    return [signal, value.trim() === "" || Number.isNaN(Number(value)) ? value : numberIn(value)] as const;
  });
  return database.encode(name, Object.fromEntries(values), startValue === undefined ? {} : { startValue });
}

/** Whole numbers beyond 2^53 are bigints. */
function numberIn(text: string): number | bigint {
  const value = Number(text);
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(text) ? BigInt(text) : value;
}

/** Sends by the broadcast manager until the count is reached or a signal comes. */
async function repeat(
  bus: MessageBus,
  messages: readonly Message[],
  period: number,
  count: number | undefined,
  terminal: Terminal,
): Promise<void> {
  if (!(bus instanceof Bus)) throw new UsageError(`--every is for interfaces of this host, not for ${bus.channelInfo}`);
  using task = bus.sendPeriodic(messages, period, count === undefined ? {} : { count });
  terminal.signal.addEventListener("abort", () => task.stop());
  await task.done;
}

function inputLines(): string[] {
  return new TextDecoder().decode(readInput()).split(/\s+/).filter((word) => word !== "");
}
