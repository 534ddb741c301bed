/**
 * The databases of the buses.
 *
 * @module
 */

import { Database } from "../dbc/database.ts";
import type { DecodedMessage } from "../dbc/decode.ts";
import type { Message } from "../message/message.ts";
import { Decoding } from "../where/decoding.ts";
import type { Names, Value } from "../where/where.ts";
import type { DatabaseState } from "./protocol.ts";
import { Refusal } from "./refusal.ts";

/** The most databases. */
const MOST = 64;
/** The diagnostics that are shown of a file. */
const SHOWN = 20;

interface Entry {
  readonly state: DatabaseState;
  readonly database: Database;
}

/** All databases, and what they say of the frames of each bus. Their signals are names in expressions. */
export class Databases implements Names {
  #entries: Entry[] = [];
  #count = 0;
  /** Of each bus, made when it is asked for. */
  readonly #decodings = new Map<string, Decoding | null>();
  #all: ReadonlySet<string> = new Set();
  /** Grows with each change. */
  version = 0;

  get states(): DatabaseState[] {
    return this.#entries.map(({ state }) => state);
  }

  /** The names of all signals. */
  get all(): ReadonlySet<string> {
    return this.#all;
  }

  /** Adds a database, for one bus or, with "", for all. */
  add(database: Database, name: string, bus: string): DatabaseState {
    if (this.#entries.length >= MOST) throw new Refusal(409, `There are ${MOST} databases already: remove one first`);
    const { messages, diagnostics } = database;
    const state = {
      database: `d${++this.#count}`,
      name,
      bus,
      messages: messages.length,
      diagnostics: diagnostics.slice(0, SHOWN).map(({ line, column, reason }) =>
        `line ${line}, column ${column}: ${reason}`
      ),
      skipped: diagnostics.length,
    };
    this.#entries.push({ state, database });
    this.#changed();
    return state;
  }

  /** @throws {Refusal} There is no such database. */
  remove(id: string): void {
    const rest = this.#entries.filter(({ state }) => state.database !== id);
    if (rest.length === this.#entries.length) throw new Refusal(404, `There is no database "${id}"`);
    this.#entries = rest;
    this.#changed();
  }

  /** Returns the database of a bus, made of all that are for it; null if there is none. */
  of(bus: string): Database | null {
    return this.#decoding(bus)?.database ?? null;
  }

  /** Returns what a message says; null if it is in no database of its bus. */
  decode(message: Message): DecodedMessage | null {
    return message.isErrorFrame || message.isRemoteFrame || message.isXl
      ? null
      : this.#decoding(message.channel ?? "")?.decode(message) ?? null;
  }

  has(name: string): boolean {
    return this.#all.has(name);
  }

  value(message: Message, name: string): Value {
    return this.#decoding(message.channel ?? "")?.value(message, name);
  }

  label(message: Message, name: string): string | undefined {
    return this.#decoding(message.channel ?? "")?.label(message, name);
  }

  #decoding(bus: string): Decoding | null {
    let decoding = this.#decodings.get(bus);
    if (decoding === undefined) {
      const databases = this.#entries.filter(({ state }) => state.bus === "" || state.bus === bus)
        .map(({ database }) => database);
      decoding = databases.length === 0
        ? null
        : new Decoding(databases.length === 1 ? databases[0] : Database.merge(...databases));
      this.#decodings.set(bus, decoding);
    }
    return decoding;
  }

  #changed(): void {
    this.version++;
    this.#decodings.clear();
    this.#all = new Set(
      this.#entries.flatMap(({ database }) =>
        database.messages.flatMap(({ signals }) => signals.map(({ name }) => name))
      ),
    );
  }
}
