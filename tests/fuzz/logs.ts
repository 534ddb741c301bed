/**
 * Fuzzes the log readers with changed files of every format. A reader may return any messages, and what it cannot read is
 * a diagnostic or, in strict mode, a SyntaxError with its place. Anything else is a fault: another error, a message that
 * `Message` itself would refuse, messages that depend on how the bytes are divided into chunks, or much processor time.
 *
 * Every case has a number and follows from it, the format and the seed. `logs_run.ts` tries them by the million.
 *
 * @module
 */

import process from "node:process";
import { gzipSync } from "node:zlib";
import { Message } from "../../mod.ts";
import { Diagnostics } from "../../src/log/diagnostics.ts";
import type { DecodeContext, LogFormat } from "../../src/log/format.ts";
import { formatNamed } from "../../src/log/formats.ts";
import { type LogFormatName, type LogItem, LogReader } from "../../src/log/mod.ts";
import { memorySource } from "../../src/log/random.ts";
import { zoneOf } from "../../src/log/zone.ts";
import { pieces } from "../support/logs.ts";
import { type Below, generator, oneOf } from "../support/random.ts";
import { logFiles } from "./log_files.ts";
import { mutated } from "./log_mutations.ts";

/** Cases whose processor time is measured together, as asking for it costs as much as a short case. */
const TOGETHER = 16;
/** Seconds of processor time after which these, of some kilobytes each, are a fault on any machine. */
const SLOW = 20;
const INFLATE_LIMIT = 1 << 20;
const zone = zoneOf("UTC");

/** What was tried, in cases, and read from them. */
export interface FuzzCounts {
  cases: number;
  messages: number;
  /** The diagnostics of all cases. */
  skipped: number;
  /** The largest processor time of 16 cases in seconds. */
  slowest: number;
}

/** Tries the readers with the cases of one format. */
export class LogFuzzer {
  readonly counts: FuzzCounts = { cases: 0, messages: 0, skipped: 0, slowest: 0 };
  readonly #format: LogFormat;
  readonly #seed: number;
  readonly #files: readonly Uint8Array[];

  private constructor(format: LogFormat, seed: number, files: readonly Uint8Array[]) {
    this.#format = format;
    this.#seed = seed;
    this.#files = files;
  }

  static async create(name: LogFormatName, seed: number): Promise<LogFuzzer> {
    const format = formatNamed(name);
    return new LogFuzzer(format, seed, await logFiles(format, generator(seed)));
  }

  /** Returns the file of a case, and the generator of what is random in trying it. */
  case(number: number): { bytes: Uint8Array; below: Below } {
    const below = generator(Math.imul(this.#seed, 0x9e3779b1) ^ number);
    const [file, other] = [oneOf(below, ...this.#files), oneOf(below, ...this.#files)];
    return { bytes: mutated(this.#format.name, file, other, below), below };
  }

  /** Tries the cases from one number to below another, and passes on what each that found a fault says. */
  async run(from: number, to: number, fault: (text: string, cause: unknown) => void): Promise<void> {
    for (let first = from; first < to; first += TOGETHER) {
      const before = process.cpuUsage();
      const end = Math.min(first + TOGETHER, to);
      for (let number = first; number < end; number++) {
        try {
          await this.#try(number);
        } catch (error) {
          fault(`${this.#format.name}, seed ${this.#seed}, case ${number}: ${error}`, error);
        }
      }
      const { user, system } = process.cpuUsage(before);
      const seconds = (user + system) / 1e6;
      this.counts.slowest = Math.max(this.counts.slowest, seconds);
      if (seconds > SLOW) {
        const what = `${this.#format.name}, seed ${this.#seed}, cases ${first} to ${end - 1}`;
        fault(`${what}: they took ${seconds} seconds of processor time`, null);
      }
    }
  }

  async #try(number: number): Promise<void> {
    const { bytes, below } = this.case(number);
    const strict = below(4) === 0;
    const { counts } = this;
    counts.cases++;
    const way = below(64);
    const context = contextOf(this.#format, strict);
    const items: LogItem[] = [];
    try {
      if (way === 0) await readAsUsersDo(bytes, this.#format.name, strict, below, items);
      else decode(this.#format, context, way < 48 ? [bytes] : divided(bytes, below), items);
    } catch (error) {
      if (!isDocumented(error, strict, way === 0)) throw error;
    }
    counts.skipped += context.diagnostics.count;
    for (const item of items) {
      if (!(item instanceof Message)) continue;
      counts.messages++;
      check(item, way % 8 === 1);
    }
    if (way % 32 === 1 && !strict && this.#format.decoder) {
      const again: LogItem[] = [];
      decode(this.#format, contextOf(this.#format, false), divided(bytes, below), again);
      same(items, again);
    }
  }
}

function contextOf({ name: format }: LogFormat, strict: boolean): DecodeContext {
  return {
    info: { format, version: null, startTimeNs: null, timeZone: null, channels: new Set(), application: null },
    diagnostics: new Diagnostics("the log", strict),
    zone,
    inflateLimit: INFLATE_LIMIT,
  };
}

function decode(format: LogFormat, context: DecodeContext, chunks: Iterable<Uint8Array>, items: LogItem[]): void {
  if (format.read) {
    for (const chunk of chunks) for (const batch of format.read(memorySource(chunk), context)) items.push(...batch);
    return;
  }
  const decoder = format.decoder!(context);
  for (const chunk of chunks) {
    const lent = chunk.slice();
    decoder.decode(lent, items);
    lent.fill(0xaa); // it is valid during the call only
  }
  decoder.end(items);
}

/** Divides bytes into chunks of random size. */
function* divided(bytes: Uint8Array, below: Below): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const length = 1 + below(oneOf(below, 4, 64, 1024));
    yield bytes.subarray(at, at += length);
  }
}

/** Reads through the public class: from memory or a stream, compressed or not, with the format named or detected. */
async function readAsUsersDo(
  bytes: Uint8Array,
  format: LogFormatName,
  strict: boolean,
  below: Below,
  items: LogItem[],
): Promise<void> {
  let input = bytes;
  if (below(4) === 0) {
    input = new Uint8Array(gzipSync(bytes, { level: 1 }));
    if (below(2) === 0) input = mutated("pcap", input, input, below);
  }
  const options = { strict, timeZone: "UTC", inflateLimit: INFLATE_LIMIT, ...below(2) === 0 && { format } };
  const reader = LogReader.open(below(2) === 0 ? input : pieces(input, below), options);
  for await (const batch of reader.batches()) items.push(...batch);
}

/** Whether an error is one that the documentation names. */
function isDocumented(error: unknown, strict: boolean, unknownFormat: boolean): boolean {
  if (!(error instanceof SyntaxError)) return false;
  if (unknownFormat && error.message.includes("set the option format to")) return true;
  return strict && /^Cannot read the log, (byte \d+|line \d+, column \d+): ./s.test(error.message);
}

/** Checks that a message is one that the constructor accepts; if `deep`, by asking it. */
function check(message: Message, deep: boolean): void {
  const { dlc, data, timestampNs } = message;
  if (dlc > 2048 || data.length > dlc || timestampNs < 0n) throw new Error(`impossible message: ${message}`);
  if (!deep) return;
  const copy = message.with({});
  if (`${copy}` !== `${message}` || !copy.equals(message)) throw new Error(`not equal to its copy: ${message}`);
}

/** Checks that the same was read, up to how skipped bytes were reported. */
function same(one: readonly LogItem[], other: readonly LogItem[]): void {
  const text = (items: readonly LogItem[]) =>
    items.map((item) => item instanceof Message ? `${item}` : `${item.type} ${item.timestampNs}`).join("\n");
  if (text(one) !== text(other)) throw new Error(`in chunks it reads\n${text(other)}\ninstead of\n${text(one)}`);
}
