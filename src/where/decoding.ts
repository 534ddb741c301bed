/**
 * The signals of a database as names in expressions.
 *
 * @module
 */

import type { Database } from "../dbc/database.ts";
import type { DecodedMessage, DecodedSignal } from "../dbc/decode.ts";
import type { Message } from "../message/message.ts";
import type { Names, Value } from "./where.ts";

/** Decodes messages one after the other; the last one is decoded once, however often it is asked for. */
export class Decoding implements Names {
  readonly all: ReadonlySet<string>;
  /** The database. */
  readonly database: Database;
  #message: Message | null = null;
  #decoded: DecodedMessage | null = null;

  constructor(database: Database) {
    this.database = database;
    this.all = new Set(database.messages.flatMap(({ signals }) => signals.map(({ name }) => name)));
  }

  has(name: string): boolean {
    return this.all.has(name);
  }

  /** Returns what a message says; null if it is not in the database. */
  decode(message: Message): DecodedMessage | null {
    if (message !== this.#message) {
      this.#message = message;
      this.#decoded = this.database.decode(message);
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
