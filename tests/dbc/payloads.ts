/**
 * Compares what is decoded with what cantools decodes: `deno run -A tests/dbc/payloads.ts FOLDER EXPECTED`, `bun …`.
 *
 * FOLDER holds files of all formats. EXPECTED is what `expected.py` prints of it, a JSON file: a list with for each `file` its `messages`, each with `id`, `extended`, `name`
 * and `cases`: `data` in hexadecimal with the `raw`, `physical` and `labels` of its signals by name, or the `error` with which
 * cantools refuses it. Whole numbers beyond 2^53 are strings.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { Database, type DecodedMessage } from "../../src/dbc/mod.ts";
import { bytesOf, referenceRaw } from "../support/signals.ts";

interface Expected {
  readonly file: string;
  readonly messages?: readonly {
    readonly id: number;
    readonly extended: boolean;
    readonly name: string;
    readonly cases: readonly Payload[];
  }[];
}

interface Payload {
  readonly data: string;
  readonly raw?: Values;
  readonly physical?: Values;
  readonly labels?: Readonly<Record<string, string>>;
  readonly error?: string;
}

type Values = Readonly<Record<string, number | string>>;

const [folder, expected] = process.argv.slice(2);
const counts = { payloads: 0, signals: 0, refused: 0 };

for (const { file, messages = [] } of JSON.parse(readFileSync(expected, "utf8")) as Expected[]) {
  const database = Database.parse(readFileSync(`${folder}/${file}`));
  for (const { id, extended, name, cases } of messages) {
    for (const payload of cases) {
      try {
        check(decode(database, id, extended, name, bytesOf(payload.data)), payload);
      } catch (error) {
        throw new Error(`${file}, ${name}, ${payload.data}: ${error}`, { cause: error });
      }
    }
  }
}
console.log(
  `${counts.payloads} payloads with ${counts.signals} signals are decoded as by cantools, to the last bit; ` +
    `of ${counts.refused} that it refuses, what there is`,
);

/** As a frame where one holds the data. */
function decode(database: Database, id: number, isExtendedId: boolean, name: string, data: Uint8Array): DecodedMessage {
  const isFd = data.length > 8;
  if (isFd && ![12, 16, 20, 24, 32, 48, 64].includes(data.length)) return database.decodeData(name, data);
  const decoded = database.decode(new Message({ arbitrationId: id, isExtendedId, data, isFd }));
  assert(decoded !== null && decoded.name === name);
  return decoded;
}

function check({ message, signals, missing, unknownMultiplexers }: DecodedMessage, payload: Payload): void {
  if (payload.error !== undefined) {
    counts.refused++;
    // It refuses unknown values of multiplexers, signals that are outside of the data, and some that share bits.
    if (payload.error.includes("multiplexer")) {
      const isAbsent = message.signals.some(({ name, isMultiplexer }) => isMultiplexer && !(name in signals));
      assert(unknownMultiplexers.length > 0 || isAbsent, payload.error);
    }
    for (const signal of message.signals) {
      const { name, multiplexer } = signal;
      if (name in signals) assertEquals(signals[name].raw, referenceRaw(bytesOf(payload.data), signal));
      else assert(multiplexer !== null || missing.includes(name), name);
    }
    return;
  }
  counts.payloads++;
  assertEquals({ missing, unknownMultiplexers }, { missing: [], unknownMultiplexers: [] });
  assertEquals(Object.keys(signals).sort(), Object.keys(payload.raw!).sort());
  for (const [name, { raw, value, label }] of Object.entries(signals)) {
    counts.signals++;
    const want = [payload.raw![name], payload.physical![name], payload.labels![name] ?? null];
    assertEquals([shown(raw, want[0]), shown(value, want[1]), label], want, name);
  }
}

/** A bigint as a string, where the other is one. */
function shown(value: number | bigint, other: unknown): unknown {
  return typeof value === "bigint" && typeof other === "string" ? `${value}` : Number(value);
}
