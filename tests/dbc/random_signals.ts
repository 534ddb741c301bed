/**
 * Random signals and messages, decoded and encoded, beside a slow second way:
 * `deno run tests/dbc/random_signals.ts [SIGNALS [SEED]]`, `bun tests/dbc/random_signals.ts …`.
 *
 * @module
 */

import process from "node:process";
import { assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { MessageDecoder } from "../../src/dbc/decode.ts";
import { encodeData } from "../../src/dbc/encode.ts";
import type { DatabaseMessage, Signal } from "../../src/dbc/model.ts";
import { SignalValues } from "../../src/dbc/signal_values.ts";
import { type Below, generator, oneOf } from "../support/random.ts";
import {
  bitText,
  lastByte,
  messageOf,
  randomData,
  randomLayout,
  randomSignal,
  referenceRaw,
} from "../support/signals.ts";

/** Checks so many random signals, each in a message of its own. */
export function checkRandomSignals(count: number, seed: number): void {
  repeat(count, seed, (below) => {
    const length = oneOf(below, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 12, 24, 64, 100);
    checkMessage(messageOf([randomSignal(below, "s", length)], { length }), below);
  });
}

/** Checks so many random messages of many signals. */
export function checkRandomMessages(count: number, seed: number): void {
  repeat(count, seed, (below) => {
    const length = oneOf(below, 1, 2, 4, 8, 8, 24, 64);
    const message = messageOf(randomLayout(below, length), { length });
    for (let i = 0; i < 4; i++) checkMessage(message, below);
  });
}

function repeat(count: number, seed: number, check: (below: Below) => void): void {
  const below = generator(seed);
  for (let i = 0; i < count; i++) {
    try {
      check(below);
    } catch (error) {
      throw new Error(`case ${i} of seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
}

/** Decodes random data, also cut off, and encodes it again. */
function checkMessage(message: DatabaseMessage, below: Below): void {
  const data = randomData(below, message.length);
  const decoder = new MessageDecoder(message);
  const cut = data.slice(0, below(message.length + 1));
  checkDecoded(message, cut, decoder);
  checkDecoded(message, data, decoder);
  checkEncoded(message, data, decoder, below(2) as 0 | 1);
}

function checkDecoded(message: DatabaseMessage, data: Uint8Array, decoder: MessageDecoder): void {
  const { signals, missing } = decoder.decode(data);
  const expected = message.signals.filter((signal) => isExpected(signal, message, data));
  const whole = expected.filter((signal) => lastByte(signal) < data.length);
  const raws = whole.map((signal): [string, number | bigint] => [signal.name, referenceRaw(data, signal)]);
  assertEquals(Object.entries(signals).map(([name, { raw }]): [string, number | bigint] => [name, raw]), raws);
  assertEquals(missing, expected.filter((signal) => !whole.includes(signal)).map(({ name }) => name));
  for (const [i, signal] of whole.entries()) assertEquals(signals[signal.name].value, valueOf(signal, raws[i][1]));

  const into = new SignalValues(message.signals.length);
  const isFrame = data.length <= 8;
  if (isFrame) assertEquals(decoder.decode(new Message({ data })).signals, signals);
  decoder.decodeInto(isFrame ? new Message({ data }) : data, into);
  for (const [i, signal] of message.signals.entries()) {
    const raw = whole.includes(signal) ? Number(referenceRaw(data, signal)) : NaN;
    assertEquals(into.present[i], whole.includes(signal) ? 1 : 0);
    assertEquals(into.values[i], raw * signal.scale + signal.offset);
  }
}

/** Whether a signal should be in some data, as far as its multiplexers say. */
function isExpected({ multiplexer }: Signal, message: DatabaseMessage, data: Uint8Array): boolean {
  if (multiplexer === null) return true;
  const selecting = message.signals.find(({ name }) => name === multiplexer.signal)!;
  if (!isExpected(selecting, message, data) || lastByte(selecting) >= data.length) return false;
  const value = BigInt(`0b${bitText(data, selecting)}`);
  return multiplexer.ranges.some(([first, last]) => first <= value && value <= last);
}

function valueOf({ scale, offset }: Signal, raw: number | bigint): number | bigint {
  if (typeof raw === "number") return raw * scale + offset;
  const isWhole = scale % 1 === 0 && offset % 1 === 0;
  return isWhole ? raw * BigInt(scale) + BigInt(offset) : Number(raw) * scale + offset;
}

/** What is encoded has the bits of the decoded signals, and padding everywhere else. */
function checkEncoded(message: DatabaseMessage, data: Uint8Array, decoder: MessageDecoder, padding: 0 | 1): void {
  const { signals } = decoder.decode(data);
  // There are many NaNs, of which JavaScript knows one.
  if (Object.values(signals).some(({ raw }) => Number.isNaN(raw))) return;
  const encoded = encodeData(message, signals, { padding });
  const present = message.signals.filter(({ name }) => name in signals);
  const bits = present.map((signal) => bitText(data, signal)).join("");
  assertEquals(present.map((signal) => bitText(encoded, signal)).join(""), bits);
  const rest = 8 * message.length - bits.length;
  assertEquals(ones(encoded), [...bits].filter((bit) => bit === "1").length + padding * rest);
}

function ones(data: Uint8Array): number {
  return Array.from(data, (byte) => byte.toString(2).replaceAll("0", "").length).reduce((sum, each) => sum + each, 0);
}

if (import.meta.main) {
  const [signals = 1_000_000, seed = 1] = process.argv.slice(2).map(Number);
  checkRandomSignals(signals, seed);
  console.log(`${signals} signals were decoded and encoded without a difference`);
  checkRandomMessages(signals / 100, seed);
  console.log(`${signals / 100} messages were decoded and encoded four times without a difference`);
}
