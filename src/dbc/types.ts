/**
 * The types of messages and signals, which TypeScript then knows by name.
 *
 * @module
 */

import { isLong, isValueLong } from "./long.ts";
import type { DatabaseContent, DatabaseMessage, Signal } from "./model.ts";

/**
 * The types of a signal: of its raw value, of its value, and its labels.
 *
 * @category Databases
 */
export interface SignalType {
  /** Of the raw value: a bigint in a whole number of more than 53 bits. */
  readonly raw: number | bigint;
  /** Of the value. */
  readonly value: number | bigint;
  /** The labels; never, if there are none. */
  readonly label: string;
}

/**
 * The types of the signals of a message by name. Those that a multiplexer selects are optional.
 *
 * @category Databases
 */
export type SignalTypes = { readonly [name: string]: SignalType | undefined };

/**
 * The types of the messages of a database by name, as `typesOf` writes them.
 *
 * @category Databases
 */
export type MessageTypes = { readonly [name: string]: SignalTypes };

/**
 * Returns the types of a database's messages and signals as the text of a TypeScript module, which exports `Messages`. Save it
 * as a file, and with `Database.parse<Messages>(text)` the compiler checks the names of messages and signals, and labels.
 *
 * It says that signals are there which no multiplexer selects: that is so unless a frame is shorter than the database says.
 *
 * @category Databases
 * @example
 * ```ts
 * import { Database, typesOf } from "@socketcan/bus/dbc";
 *
 * const database = Database.parse(`
 * BO_ 291 EngineData: 8 Engine
 *  SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" Dashboard
 * `);
 * console.log(typesOf(database)); // … EngineData: { … Speed: { raw: number; value: number; label: never };
 * ```
 */
export function typesOf(database: Pick<DatabaseContent, "messages">): string {
  const byName = new Map<string, string[]>();
  for (const message of database.messages) {
    byName.set(message.name, [...byName.get(message.name) ?? [], typeOfMessage(message)]);
  }
  const properties = [...byName].map(([name, types]) => `  ${propertyName(name)}: ${types.join(" | ")};\n`);
  return `/** The messages of a database. Made by typesOf. */\nexport type Messages = {\n${properties.join("")}};\n`;
}

function typeOfMessage({ signals }: DatabaseMessage): string {
  if (signals.length === 0) return "Record<never, never>";
  return `{\n${signals.map((signal) => `${comment(signal)}    ${typeOfSignal(signal)}\n`).join("")}  }`;
}

function typeOfSignal(signal: Signal): string {
  const { name, labels, multiplexer } = signal;
  const raw = isLong(signal) ? "bigint" : "number";
  const value = isValueLong(signal) ? "bigint" : "number";
  const label = [...new Set(labels.values())].map((each) => JSON.stringify(each)).join(" | ") || "never";
  const isOptional = multiplexer !== null;
  return `${propertyName(name)}${isOptional ? "?" : ""}: { raw: ${raw}; value: ${value}; label: ${label} };`;
}

/** What an editor shows of a signal: its unit and its comment. */
function comment(signal: Signal): string {
  const text = [signal.unit, signal.comment ?? ""].filter((part) => part !== "").join(": ");
  const line = text.replace(/\s+/g, " ").replaceAll("*/", "* /");
  return line === "" ? "" : `    /** ${line} */\n`;
}

function propertyName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name);
}
