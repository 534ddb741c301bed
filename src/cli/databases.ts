/**
 * The databases of `--dbc`.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { Database } from "../dbc/database.ts";
import type { Message } from "../message/message.ts";
import { type Names, where } from "../where/where.ts";
import { ExpressionError } from "../where/tokens.ts";
import type { Arguments, Flag } from "./command/arguments.ts";
import type { Terminal } from "./command/terminal.ts";
import { UsageError } from "./command/usage_error.ts";

/** The flags. */
export const databaseFlags = {
  dbc: { takes: "FILE", many: true, text: "decode with this database: DBC, KCD or SYM" },
  j1939: { text: "all extended messages of the database are J1939's, found by their PGN" },
} as const satisfies Record<string, Flag>;

/**
 * Reads the databases of the flags; null if there are none. What cannot be read in them is said on standard error.
 *
 * @param j1939 Whether all extended messages are J1939's; false leaves it to the databases.
 */
export function databaseOf(words: Arguments, terminal: Terminal, j1939 = words.has("j1939")): Database | null {
  const files = words.texts("dbc");
  if (files.length === 0) return null;
  const databases = files.map((file) => readDatabase(file, j1939, terminal));
  return databases.length === 1 ? databases[0] : Database.merge(...databases);
}

/** Reads a database. What cannot be read in it is said on standard error. */
export function readDatabase(file: string, j1939: boolean, terminal: Terminal): Database {
  const database = Database.parse(readFileSync(file), j1939 ? { j1939 } : {});
  for (const { line, column, reason } of database.diagnostics.slice(0, 5)) {
    terminal.warn(`can: ${file}, line ${line}, column ${column}: ${reason}`);
  }
  return database;
}

/**
 * Returns the condition of `--where`.
 *
 * @throws {UsageError} The expression is wrong; the error has the column.
 */
export function whereOf(expression: string, names: Names | null): (message: Message) => boolean {
  try {
    return where(expression, names);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new UsageError(`--where '${expression}', ${error.message}`);
  }
}
