/**
 * Fuzzes the database readers with files of every format in which texts are changed, removed, repeated and inserted. Read
 * leniently, any file gives a database, which can be written, read again and used; read strictly, a database or a SyntaxError.
 *
 * `deno run tests/fuzz/databases.ts [COUNT] [SEED]`, or with `bun`.
 *
 * @module
 */

import { Database, type DatabaseFormatName } from "../../src/dbc/mod.ts";
import { randomDatabase } from "../support/databases.ts";
import { kcdText, symText } from "../support/database_files.ts";
import { type Below, generator, oneOf } from "../support/random.ts";

/** What is most likely to break a reader. */
const hostile = [
  ...[
    '"',
    '\\"',
    ";",
    ":",
    "|",
    "@",
    "(",
    ")",
    "[",
    "]",
    ",",
    "-",
    "+",
    "=",
    "<",
    ">",
    "&",
    "/",
    "//",
    "{",
    "}",
    "\n",
    "\r",
    " ",
  ],
  ...[
    "0",
    "1",
    "64",
    "65",
    "-1",
    "1e308",
    "1e309",
    "0x10",
    "4294967295",
    "3221225472",
    "2147483648",
    "99999999999999999999",
  ],
  ...[
    "m0",
    "M",
    "m1M",
    "BO_",
    " SG_ ",
    "\nBO_ 1 M: 8 X",
    "BA_",
    "VAL_ 1 ",
    "CM_ ",
    "Vector__XXX",
    "\nSG_MUL_VAL_ 1 a b 0-9;",
  ],
  ...[
    "<!--",
    "]]>",
    "</Message>",
    "<Signal ",
    '"/>',
    "&#1;",
    "Enum=",
    "Sig=",
    "[M]",
    "{SEND}",
    "ID=1h-7FFh",
    "Mux=a 0,8 1",
  ],
  ...["\u0000", "\ufeff", "\ud800", "𝄞", "__proto__", "constructor"],
];

/** Returns a text with one to four random changes. */
export function mutated(text: string, below: Below): string {
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(text.length + 1);
    const kind = below(6);
    const rest = text.slice(at);
    const head = text.slice(0, at);
    if (kind === 0) text = head + oneOf(below, ...hostile) + rest;
    else if (kind === 1) text = head + oneOf(below, ...hostile) + rest.slice(1 + below(8));
    else if (kind === 2) text = head + rest.slice(1 + below(oneOf(below, 2, 16, 200)));
    else if (kind === 3) text = head + rest.slice(0, 1 + below(100)) + rest;
    else if (kind === 4) text = head + rest.slice(below(rest.length + 1));
    else text = below(8) > 0 ? head + String.fromCharCode(below(128)) + rest.slice(1) : head;
  }
  return text;
}

/** Reads a text, and uses what was read. Returns the number of signals. Throws any error that is not documented. */
export function attempt(source: string | Uint8Array, format: DatabaseFormatName | undefined, below: Below): number {
  const options = { format, ...oneOf(below, {}, {}, { j1939: true }) };
  try {
    Database.parse(source, { ...options, strict: true });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const database = Database.parse(source, options);
  const signals = database.messages.flatMap((message) => message.signals);
  for (const { length, start, scale, offset } of signals) {
    if (!(length >= 1 && length <= 64 && start >= 0 && Number.isFinite(scale) && Number.isFinite(offset))) {
      throw new Error(`${length} bits at ${start} times ${scale} plus ${offset}`);
    }
  }
  if (below(8) === 0) use(database, below);
  return signals.length;
}

function use(database: Database, below: Below): void {
  database.filters();
  const text = `${database}`;
  const again = Database.parse(text, { format: "dbc" });
  const counts = ({ messages }: Database) => messages.map(({ signals }) => signals.length).join();
  if (counts(again) !== counts(database)) {
    throw new Error(`${counts(database)} signals were written as ${counts(again)}`);
  }
  for (const { name, length } of database.messages) {
    database.decodeData(name, Uint8Array.from({ length: Math.min(length, 64) }, () => below(256)));
  }
}

/** Reads `count` mutated files of all formats, and returns the number of signals read from them. */
export function fuzzDatabases(count: number, seed: number): { tried: number; signals: number } {
  const below = generator(seed);
  const seeds: [DatabaseFormatName, string][] = [["kcd", kcdText], ["sym", symText]];
  while (seeds.length < 22) {
    // Without the list of keywords, which is longer than what many a small database has beside it.
    const text = `${new Database(randomDatabase(below))}`.replace(/^NS_[^]*(?=^BS_)/m, "");
    if (text.length < 1000) seeds.push(["dbc", text]);
  }
  let signals = 0;
  for (let tried = 0; tried < count; tried++) {
    const [own, text] = below(6) === 0 ? seeds[below(2)] : seeds[2 + below(20)];
    const format = oneOf(below, own, own, own, own, "dbc", "kcd", "sym", undefined);
    const changed = mutated(text, below);
    try {
      signals += attempt(below(8) === 0 ? bytesOf(changed) : changed, format, below);
    } catch (error) {
      throw new Error(`case ${tried} of seed ${seed}, ${format}: ${JSON.stringify(changed)}`, { cause: error });
    }
  }
  return { tried: count, signals };
}

/** A byte a character, most of which are no UTF-8. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

if (import.meta.main) {
  const { process } = globalThis as unknown as { process: { argv: string[] } };
  const [count = 100_000, seed = 1] = process.argv.slice(2).map(Number);
  console.log(fuzzDatabases(count, seed));
}
