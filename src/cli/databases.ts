/**
 * The databases of `--dbc`.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { Database } from "../dbc/database.ts";
import type { DecodedMessage, DecodedSignal } from "../dbc/decode.ts";
import type { Message } from "../message/message.ts";
import type { Arguments, Flag } from "./command/arguments.ts";
import type { Terminal } from "./command/terminal.ts";
import type { Names, Value } from "./where/where.ts";

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
  const databases = files.map((file) => {
    const database = Database.parse(readFileSync(file), j1939 ? { j1939 } : {});
    for (const { line, column, reason } of database.diagnostics.slice(0, 5)) {
      terminal.warn(`can: ${file}, line ${line}, column ${column}: ${reason}`);
    }
    return database;
  });
  return databases.length === 1 ? databases[0] : Database.merge(...databases);
}

/** Decodes messages one after the other; the last one is decoded once, however often it is asked for. */
export class Decoding implements Names {
  readonly all: ReadonlySet<string>;
  readonly #database: Database;
  #message: Message | null = null;
  #decoded: DecodedMessage | null = null;

  constructor(database: Database) {
    this.#database = database;
    this.all = new Set(database.messages.flatMap(({ signals }) => signals.map(({ name }) => name)));
  }

  has(name: string): boolean {
    return this.all.has(name);
  }

  /** Returns what a message says; null if it is not in the database. */
  decode(message: Message): DecodedMessage | null {
    if (message !== this.#message) {
      this.#message = message;
      this.#decoded = this.#database.decode(message);
    }
    return this.#decoded;
  }

  value(message: Message, name: string): Value {
    return this.#signal(message, name)?.value;
  }

  label(message: Message, name: string): string | undefined {
    return this.#signal(message, name)?.label ?? undefined;
  }

  #signal(message: Message, name: string): DecodedSignal | undefined {
    const signals = this.decode(message)?.signals;
    return signals && Object.hasOwn(signals, name) ? signals[name] : undefined;
  }
}

/** Writes a decoded message: `EngineData: Speed 81.5 km/h, Gear Drive`. */
export function decodedText({ name, signals, missing, unknownMultiplexers }: DecodedMessage): string {
  const parts = Object.entries(signals).map(([signal, decoded]) => `${signal} ${valueText(decoded)}`);
  if (missing.length > 0) parts.push(`(too short for ${missing.join(", ")})`);
  if (unknownMultiplexers.length > 0) parts.push(`(nothing is selected by ${unknownMultiplexers.join(", ")})`);
  return `${name}: ${parts.join(", ")}`;
}

function valueText({ value, label, unit, inRange }: DecodedSignal): string {
  // At most 15 digits, which is what a double holds: 0.1 * 3 is 0.3.
  const number = typeof value === "number" ? `${Number(value.toPrecision(15))}` : `${value}`;
  return `${label ?? number}${label === null && unit !== "" ? ` ${unit}` : ""}${inRange ? "" : " (out of range)"}`;
}

/** Returns a decoded message for JSON: bigints as texts, as in `Message.toJSON`. */
export function decodedJson({ name, signals, missing, unknownMultiplexers }: DecodedMessage): unknown {
  const plain = (value: number | bigint) => typeof value === "bigint" ? `${value}` : value;
  return {
    name,
    signals: Object.fromEntries(
      Object.entries(signals).map(([signal, { raw, value, label, unit }]) => [signal, {
        raw: plain(raw),
        value: plain(value),
        ...label !== null && { label },
        ...unit !== "" && { unit },
      }]),
    ),
    ...missing.length > 0 && { missing },
    ...unknownMultiplexers.length > 0 && { unknownMultiplexers },
  };
}
