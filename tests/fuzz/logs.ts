/**
 * Fuzzes the log readers with files of every format in which bytes are changed, removed, repeated and inserted. A reader
 * may return any messages or throw a SyntaxError, in bounded time and memory, but must never throw another error.
 *
 * `deno run --allow-read tests/fuzz/logs.ts [COUNT] [SEED]`, or with `bun`.
 *
 * @module
 */

import { Message } from "../../mod.ts";
import type { LogFormat } from "../../src/log/format.ts";
import { allFormats } from "../../src/log/formats.ts";
import { LogReader } from "../../src/log/mod.ts";
import { randomLogMessage, written } from "../support/logs.ts";
import { type Below, generator, oneOf } from "../support/random.ts";

/** Numbers that are most likely to break lengths and offsets. */
const hostile = [0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** Returns small valid files of a format, to be mutated. */
export async function seedsOf(format: LogFormat, below: Below): Promise<Uint8Array[]> {
  if (format.encoder === null || format.database) return [];
  const seeds: Uint8Array[] = [];
  for (const count of [0, 1, 3, 40]) {
    const items = Array.from({ length: count }, () => randomLogMessage(below, 1_581_670_628));
    const note = { type: "marker", timestampNs: 1_581_670_628_000_000_000n, text: "note" } as const;
    seeds.push(await written([note, ...items], { format: format.name }));
  }
  return seeds;
}

/** Returns a copy of a file with one to four random changes. */
export function mutated(bytes: Uint8Array, below: Below): Uint8Array {
  let copy = bytes.slice();
  for (let changes = 1 + below(4); changes > 0; changes--) {
    if (copy.length === 0) return copy;
    const at = below(copy.length);
    const kind = below(7);
    if (kind === 0) copy[at] = below(256);
    else if (kind === 1) copy[at] ^= 1 << below(8);
    else if (kind === 2) copy = copy.slice(0, at);
    else if (kind === 3) copy = spliced(copy, at, 1 + below(16), new Uint8Array(0));
    else if (kind === 4) copy = spliced(copy, at, 0, copy.slice(at, at + 1 + below(64)));
    else if (kind === 5) {
      const view = new DataView(copy.buffer);
      const value = oneOf(below, ...hostile);
      if (at + 4 <= copy.length) view.setUint32(at & ~3, value, true);
    } else copy[at] = oneOf(below, 0, 10, 13, 32, 0x23, 0x28, 0x2c, 0x2e, 0x30, 0x39, 0x5f, 0xff);
  }
  return copy;
}

function spliced(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array<ArrayBuffer> {
  const rest = bytes.subarray(at + remove);
  const out = new Uint8Array(at + insert.length + rest.length);
  out.set(bytes.subarray(0, at));
  out.set(insert, at);
  out.set(rest, at + insert.length);
  return out;
}

/** Reads a file and returns the number of messages. Throws any error that is not a SyntaxError. */
export async function attempt(
  bytes: Uint8Array,
  options: { format?: LogFormat["name"]; strict?: boolean },
): Promise<number> {
  let messages = 0;
  try {
    const reader = LogReader.open(bytes, { ...options, timeZone: "UTC", inflateLimit: 1 << 20 });
    for await (const items of reader.batches()) {
      for (const item of items) {
        if (!(item instanceof Message)) continue;
        messages++;
        if (item.dlc > 2048 || item.data.length > item.dlc || item.timestampNs < 0n) throw new Error(`${item}`);
      }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return messages;
}

/** Reads `count` mutated files of all formats, and returns the number of messages read from them. */
export async function fuzzLogs(count: number, seed: number): Promise<{ tried: number; messages: number }> {
  const below = generator(seed);
  const formats = allFormats().filter(({ database }) => !database);
  const seeds = new Map<LogFormat, Uint8Array[]>();
  for (const format of formats) seeds.set(format, await seedsOf(format, below));
  const all = [...seeds.values()].flat();
  let messages = 0;
  for (let tried = 0; tried < count; tried++) {
    const format = formats[tried % formats.length];
    const own = seeds.get(format)!;
    // Occasionally a file of another format, read as this one.
    const bytes = mutated(own.length > 0 && below(10) > 0 ? oneOf(below, ...own) : oneOf(below, ...all), below);
    try {
      messages += await attempt(bytes, { format: format.name, strict: below(4) === 0 });
      if (below(8) === 0) await attempt(bytes, {});
    } catch (error) {
      throw new Error(`case ${tried} of seed ${seed}, ${format.name}: ${toHex(bytes)}`, { cause: error });
    }
  }
  return { tried: count, messages };
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 4096), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

if (import.meta.main) {
  const { process } = globalThis as unknown as { process: { argv: string[] } };
  const [count = 100_000, seed = 1] = process.argv.slice(2).map(Number);
  console.log(await fuzzLogs(count, seed));
}
