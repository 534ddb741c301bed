/**
 * Compares what is read of files with what cantools reads of them: `deno run -A tests/dbc/files.ts FOLDER EXPECTED`, `bun …`.
 *
 * FOLDER holds files of all formats. EXPECTED is what `expected.py` prints of it, a JSON file: a list with for each `file` its `version`, `nodes`, `messageCount`,
 * `signalCount` and some `messages`, each with its fields and signals as cantools has them; or the error with which cantools
 * `refused` it.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { Database, type DatabaseMessage, type Signal } from "../../src/dbc/mod.ts";

interface ExpectedFile {
  readonly file: string;
  readonly refused?: string;
  readonly version: string | null;
  readonly nodes: readonly string[];
  readonly messageCount: number;
  readonly signalCount: number;
  readonly messages: readonly ExpectedMessage[];
}

interface ExpectedMessage {
  readonly id: number;
  readonly extended: boolean;
  readonly cycleTime: number | null;
  readonly signals: readonly { readonly name: string; readonly multiplexIds: readonly number[] | null }[];
  readonly cases: unknown;
}

/** A message as cantools describes it. */
function messageOf(message: DatabaseMessage) {
  const { name, frameId: id, isExtendedId: extended, length, senders, isFd, comment, signals } = message;
  const cycleTime = message.cycleTime === null ? null : Math.round(message.cycleTime * 1000);
  return { id, extended, name, length, senders, cycleTime, isFd, comment, signals: signals.map(signalOf).sort(byName) };
}

/** A signal as cantools describes it. */
function signalOf(signal: Signal) {
  const { name, start, length, byteOrder, isSigned: signed, isFloat: float, scale, offset, labels, isMultiplexer } =
    signal;
  return {
    ...{ name, start, length, byteOrder: byteOrder.replace("-", "_"), signed, float, scale, offset },
    ...{ min: signal.minimum, max: signal.maximum, unit: signal.unit || null, multiplexer: isMultiplexer },
    multiplexIds: signal.multiplexer?.ranges.flatMap(valuesOf) ?? null,
    choices: labels.size === 0 ? null : Object.fromEntries([...labels].map(([value, label]) => [`${value}`, label])),
  };
}

function valuesOf([first, last]: readonly [bigint, bigint]): number[] {
  return Array.from({ length: Number(last - first) + 1 }, (_, index) => Number(first) + index);
}

function checkWritten(database: Database, file: string): void {
  const again = Database.parse(`${database}`);
  if (/\.dbc$/i.test(file)) return assertEquals(again, new Database(database));
  // Other formats have words where a DBC has attributes, and a DBC names messages by their identifiers.
  const keys = database.messages.map(({ frameId, isExtendedId }) => `${frameId} ${isExtendedId}`);
  if (new Set(keys).size < keys.length) return;
  assertEquals(again.messages.map(withoutAttributes), database.messages.map(withoutAttributes));
}

function withoutAttributes(message: DatabaseMessage): DatabaseMessage {
  const signals = message.signals.map((signal) => ({ ...signal, attributes: new Map() }));
  return { ...message, attributes: new Map(), signals };
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

const [folder, expected] = process.argv.slice(2);
if (!folder || !expected) throw new TypeError("usage: files.ts FOLDER EXPECTED");

const counts = { files: 0, messages: 0, signals: 0, refused: 0 };

for (const file of JSON.parse(readFileSync(expected, "utf8")) as ExpectedFile[]) {
  try {
    check(Database.parse(readFileSync(`${folder}/${file.file}`)), file);
  } catch (error) {
    throw new Error(`${file.file}: ${error}`, { cause: error });
  }
}
console.log(
  `${counts.files} files are read as by cantools: ${counts.messages} messages with ${counts.signals} signals, field by field; ` +
    `of ${counts.refused} that it refuses, what there is. All are the same when they are written and read again.`,
);

function check(database: Database, { file, refused, messages, ...rest }: ExpectedFile): void {
  checkWritten(database, file);
  if (refused) {
    counts.refused++;
    // It refuses standard identifiers of more than 11 bits: files without bit 31, of which we say so.
    return assert(
      database.diagnostics.length > 0 && database.diagnostics.every(({ reason }) => /more than 11/.test(reason)),
    );
  }
  counts.files++;
  assertEquals(database.version, rest.version ?? "");
  assertEquals(database.nodes.map(({ name }) => name), [...rest.nodes]);
  assertEquals(database.messages.length, rest.messageCount);
  assertEquals(database.messages.reduce((sum, { signals }) => sum + signals.length, 0), rest.signalCount);
  for (const { cases: _, signals, cycleTime, ...fields } of messages) {
    counts.messages++;
    counts.signals += signals.length;
    const message = database.messageById(fields.id, fields.extended);
    assertEquals<unknown>(message && messageOf(message), {
      ...fields,
      cycleTime: cycleTime || null,
      signals: signals.map((signal) => ({
        ...signal,
        multiplexIds: signal.multiplexIds?.toSorted((one, other) => one - other) ?? null,
      })).sort(byName),
    });
  }
}
