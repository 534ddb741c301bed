/**
 * Logs in memory, and what remains of a message in a format.
 *
 * @module
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { assert, assertEquals } from "@std/assert";
import { Message, type MessageInit } from "../../mod.ts";
import { type Capacity, type LogFormat, lossesOf } from "../../src/log/format.ts";
import { formatNamed } from "../../src/log/formats.ts";
import { type LogLoss, LogReader, type LogReadOptions, type LogWriteOptions, LogWriter } from "../../src/log/mod.ts";
import type { LogFormatName, LogItem } from "../../src/log/mod.ts";
import { type Below, oneOf, randomMessageOfAnyKind } from "./random.ts";

/** Returns a stream that collects the bytes written to it. */
export function sink(): { stream: WritableStream<Uint8Array>; bytes(): Uint8Array } {
  const chunks: Uint8Array[] = [];
  const stream = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk.slice()) });
  return {
    stream,
    bytes() {
      const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const chunk of chunks) {
        all.set(chunk, at);
        at += chunk.length;
      }
      return all;
    },
  };
}

/** Returns the bytes that `run` writes to a target: a stream, or a temporary file if the format needs one. */
export async function bytesWritten(
  format: LogFormatName | undefined,
  run: (target: string | WritableStream<Uint8Array>) => Promise<unknown>,
): Promise<Uint8Array> {
  if (format === undefined || !formatNamed(format).database) {
    const { stream, bytes } = sink();
    await run(stream);
    return bytes();
  }
  const folder = mkdtempSync(`${tmpdir()}/logs-`);
  try {
    await run(`${folder}/log`);
    return new Uint8Array(readFileSync(`${folder}/log`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the bytes of a log with these items. */
export function written(items: Iterable<LogItem>, options: LogWriteOptions): Promise<Uint8Array> {
  return bytesWritten(options.format, async (target) => {
    await using log = LogWriter.open(target, { timeZone: "UTC", ...options });
    for (const item of items) {
      if (item instanceof Message) log.write(item);
      else log.note(item);
    }
    await log.close();
  });
}

/** Reads all items of a log. */
export async function readItems(
  bytes: Uint8Array,
  options: LogReadOptions = {},
): Promise<{ items: LogItem[]; reader: LogReader }> {
  const reader = LogReader.open(bytes, { timeZone: "UTC", ...options });
  const items: LogItem[] = [];
  for await (const batch of reader.batches()) items.push(...batch);
  return { items, reader };
}

/** Returns a stream of the bytes in chunks of random size. */
export function pieces(bytes: Uint8Array, below: Below): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const length = 1 + below(oneOf(below, 3, 100, 10_000));
      controller.enqueue(bytes.slice(at, at + length));
      at += length;
    },
  });
}

/** Returns a random message with a time that every format can store, except for its fraction of a second. */
export function randomLogMessage(below: Below, startSeconds: number): Message {
  const { timestamp: _, ...init } = randomMessageOfAnyKind(below) as MessageInit & { timestamp?: number };
  const nanoseconds = oneOf(below, 0, 1000 * below(1e6), below(1e9));
  const seconds = startSeconds + below(100_000);
  return new Message({
    ...init,
    channel: oneOf(below, null, "can0", "can1", "can7", "vcan0"),
    timestampNs: BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds),
    timestampSource: oneOf(below, null, null, "software", "hardware"),
    // One or more of the kernel's error classes, and all of its data.
    ...init.isErrorFrame && {
      isExtendedId: false,
      arbitrationId: oneOf(below, 1 << below(10), 1 + below(0x3ff)),
      data: Array.from({ length: 8 }, () => below(256)),
    },
  });
}

/** The kinds of frames that a format can store or not, with their field in its capacity. */
const kinds = { isFd: "fd", isXl: "xl", isRemoteFrame: "remote", isErrorFrame: "error" } as const;

/**
 * Asserts that a log lost what its writer reported and nothing else: that every difference between the messages and what
 * was read is one of its losses, by field and number.
 */
export function assertLosses(
  sent: readonly Message[],
  found: readonly LogItem[],
  losses: readonly LogLoss[],
  { capacity }: LogFormat,
): void {
  const counts: Record<string, number> = {};
  let read = 0;
  for (const message of sent) {
    const kind = (Object.keys(kinds) as (keyof typeof kinds)[]).find((each) => message[each]);
    if (kind !== undefined && !capacity[kinds[kind]]) counts[kind] = (counts[kind] ?? 0) + 1;
    else for (const field of differing(message, found[read++])) counts[field] = (counts[field] ?? 0) + 1;
  }
  assertEquals(found.length, read);
  assertEquals(counts, Object.fromEntries(losses.map(({ field, count }) => [field, count])));
}

/** Returns the fields in which two messages differ. */
function differing(message: Message, found: LogItem): Set<string> {
  const [one, other] = [fieldsOf(message), fieldsOf(found)] as Record<string, unknown>[];
  const names = Object.keys({ ...one, ...other }).filter((name) => `${one[name]}` !== `${other[name]}`);
  const ofErrors = ["arbitrationId", "data"];
  return new Set(names.map((name) => message.isErrorFrame && ofErrors.includes(name) ? "error" : name));
}

/** Returns what remains of a message in a format; null if the format cannot store the message at all. */
export function kept(message: Message, capacity: Capacity): Message | null {
  const losses = lossesOf(message, capacity);
  if (["isFd", "isXl", "isRemoteFrame", "isErrorFrame"].includes(losses[0])) return null;
  const ns = message.timestampNs;
  return message.with({
    timestampNs: ns - ns % BigInt(capacity.resolution),
    ...!capacity.timestampSource && { timestampSource: null },
    ...losses.includes("isRx") && { isRx: true },
    ...losses.includes("len8Dlc") && { len8Dlc: 0 },
    ...losses.includes("dlc") && { dlc: 0 },
    ...losses.includes("error") && { arbitrationId: 0x80, data: new Uint8Array(8) },
    ...capacity.channel === "none" && { channel: null },
  });
}

/** Returns everything that a message says. */
function fieldsOf(item: LogItem): object {
  if (!(item instanceof Message)) return item;
  const { timestamp: _, ...fields } = item.toJSON() as unknown as Record<string, unknown>;
  return { ...fields, timestampNs: item.timestampNs, timestampSource: item.timestampSource };
}

/** Asserts that a message is as expected. Channels are not compared in a format that stores their numbers only. */
export function assertSame(found: LogItem, expected: LogItem, format?: LogFormat): void {
  const [one, other] = [fieldsOf(found), fieldsOf(expected)] as Record<string, unknown>[];
  if (format?.capacity.channel === "number") {
    delete one.channel, delete other.channel;
  }
  assertEquals(one, other);
}

/** Asserts that a log has the messages with the numbers 0 to `end`, or a note of exactly those that are missing. */
export async function assertGapsNoted(log: string | Uint8Array, end: number): Promise<void> {
  let next = 0;
  let notes = 0;
  for await (const entry of LogReader.open(log).entries()) {
    if (entry.type === "message") assertEquals(entry.message.arbitrationId, next++);
    else if (entry.type === "dropped") {
      next += entry.count!;
      notes++;
    }
  }
  assertEquals(next, end);
  assert(notes > 0, "no frame was dropped");
}
