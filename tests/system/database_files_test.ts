/**
 * Compares what is read of files with what cantools reads of them. The files are not in this repository: the test runs if
 * `DBC_FILES` is a folder of DBC files, and `DBC_EXPECTED` a JSON file about them.
 *
 * That file is a list with for each `file` its `version`, `nodes`, `messageCount`, `signalCount` and some `messages`, each with
 * its fields and signals as cantools has them; or the error with which cantools `refused` it.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Database, type DatabaseMessage, type Signal } from "../../src/dbc/mod.ts";

const { DBC_FILES: folder, DBC_EXPECTED: list } = process.env;
const skip = (!folder || !list) && "DBC_FILES and DBC_EXPECTED are not set";

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

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

describe("DBC files", { skip }, () => {
  const files: readonly ExpectedFile[] = skip ? [] : JSON.parse(readFileSync(list!, "utf8"));

  for (const expected of files) {
    const { file, refused } = expected;
    it(`${file}: ${refused ? "cantools refuses it" : "as cantools reads it"}`, () => {
      const database = Database.parse(readFileSync(`${folder}/${file}`));
      assertEquals(Database.parse(`${database}`), new Database(database));
      // It refuses standard identifiers of more than 11 bits: files without bit 31, of which we say so.
      if (refused) return assert(database.diagnostics.every(({ reason }) => /more than 11 bits/.test(reason)));
      const { messages } = database;
      assertEquals(database.version, expected.version ?? "");
      assertEquals(database.nodes.map(({ name }) => name), [...expected.nodes]);
      assertEquals(messages.length, expected.messageCount);
      assertEquals(messages.reduce((sum, { signals }) => sum + signals.length, 0), expected.signalCount);
      for (const { cases: _, signals, cycleTime, ...rest } of expected.messages) {
        const message = database.messageById(rest.id, rest.extended);
        assertEquals<unknown>(message && messageOf(message), {
          ...rest,
          cycleTime: cycleTime || null,
          signals: signals.map((signal) => ({
            ...signal,
            multiplexIds: signal.multiplexIds?.toSorted((one, other) => one - other) ?? null,
          })).sort(byName),
        });
      }
    });
  }
});
