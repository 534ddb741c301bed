/**
 * SYM, the format of PEAK's tools, of version 6.0.
 *
 * @module
 */

import { type Diagnostics, Fault } from "../diagnostics.ts";
import type { DatabaseFormat, ReadDatabase } from "../format.ts";
import { MOST_BYTES } from "../limits.ts";
import type { AttributeDefinition, DatabaseMessage, Labels, Signal } from "../model.ts";
import { type Line, linesOf, splitAtCommas } from "./lines.ts";
import { nameOf, readSignal, type SymSignal } from "./signal.ts";
import { messagesOf, readId, readMux, type SymMessage } from "./symbol.ts";
import { bigintOf, numberOf, unquoted, wholeOf } from "./values.ts";

/** See `DatabaseFormat`. */
export const sym: DatabaseFormat = {
  name: "sym",
  detect: (text) => /^FormatVersion=/m.test(text.slice(0, 4096)),
  read: (text, diagnostics) => new SymReader(diagnostics).read(text),
};

/** Who sends the messages of a section: the file is for one side of the bus, and names no nodes. cantools' names. */
const senders = new Map([
  ["SEND", ["ECU"]],
  ["RECEIVE", ["Peripherals"]],
  ["SENDRECEIVE", ["ECU", "Peripherals"]],
]);

/** What says nothing of a message's data: how tools show it and watch it. */
const ignored = new Set(["UniqueVariables", "FloatDecimalPlaces", "Timeout", "MinInterval", "Color"]);

/** What signals say that the model has no words for: `/spn:` and `/ln:`. */
const definitions: readonly AttributeDefinition[] = [
  { name: "SPN", owner: "signal", type: "INT", minimum: 0, maximum: 524_287, values: [], defaultValue: 0 },
  { name: "LongName", owner: "signal", type: "STRING", minimum: null, maximum: null, values: [], defaultValue: "" },
];

class SymReader {
  readonly #diagnostics: Diagnostics;
  readonly #tables = new Map<string, Labels>();
  readonly #signals = new Map<string, Signal>();
  readonly #symbols: SymMessage[] = [];
  #section = "";
  #version = "";
  #title: string | null = null;
  /** `BRS=True`: that CAN FD frames send their data at the higher bitrate. */
  #bitrateSwitch = false;
  /** An enum whose closing parenthesis is in a line below. */
  #enum: { readonly at: number; readonly parts: string[] } | null = null;

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  read(text: string): ReadDatabase {
    for (const line of linesOf(text)) {
      this.#diagnostics.attempt("the line", line.at, () => this.#readLine(line));
    }
    this.#endEnum();
    const places = new Map<Signal, number>();
    const messages = this.#messages(places);
    const used = new Set(
      messages.flatMap(({ signals }) => signals.flatMap(({ attributes }) => [...attributes.keys()])),
    );
    return {
      content: {
        version: this.#version,
        comment: this.#title,
        bitTiming: null,
        nodes: [],
        messages,
        valueTables: this.#tables,
        environmentVariables: [],
        attributes: new Map(),
        attributeDefinitions: definitions.filter(({ name }) => used.has(name)),
        relationAttributes: [],
      },
      placeOf: (signal) => places.get(signal) ?? 0,
    };
  }

  #messages(places: Map<Signal, number>): DatabaseMessage[] {
    const keyOf = ({ name, senders }: SymMessage) => [name, ...senders].join("\n");
    const branches = Map.groupBy(this.#symbols.filter(({ id }) => id === null), keyOf);
    return this.#symbols.flatMap((symbol) =>
      messagesOf(symbol, branches.get(keyOf(symbol)) ?? [], places, (reason, at) => this.#diagnostics.add(reason, at))
    ).map((message) => ({ ...message, bitrateSwitch: message.isFd && this.#bitrateSwitch }));
  }

  #readLine(line: Line): void {
    const [first] = line.fields;
    const isOwn = /^(?:\{|\[|[A-Za-z]\w*=)/.test(first);
    if (this.#enum && !isOwn) return this.#continueEnum(line.fields);
    this.#endEnum();
    if (first.startsWith("{")) this.#section = first.slice(1, first.lastIndexOf("}"));
    else if (first.startsWith("[")) this.#addSymbol(line.fields.join(" "));
    else if (isOwn) this.#readKey(first.slice(0, first.indexOf("=")), line);
    else {
      const found = JSON.stringify(first.slice(0, 40));
      throw new Fault(`expected a section, a symbol or a key with "=", found ${found}`);
    }
  }

  #readKey(key: string, line: Line): void {
    const { at } = line;
    const [first, ...rest] = line.fields;
    const value = first.slice(key.length + 1);
    const fields = value === "" ? rest : [value, ...rest];
    if (ignored.has(key)) return;
    if (key === "FormatVersion") this.#setVersion(value, at);
    else if (key === "BRS") this.#bitrateSwitch = /^(?:true|yes|1)$/i.test(value);
    else if (key === "Title") this.#title = unquoted(fields.join(" "));
    else if (key === "Enum") this.#beginEnum(at, fields);
    else if (key === "Sig" && this.#section === "SIGNALS") {
      const { signal } = this.#readSignal(fields, line);
      this.#signals.set(signal.name, signal);
    } else this.#readSymbolKey(key, fields, line);
  }

  #setVersion(version: string, at: number): void {
    this.#version = version;
    if (version === "6.0") return;
    this.#diagnostics.add(`the version is ${JSON.stringify(version)}: only 6.0 is known, and all are read as that`, at);
  }

  #readSignal(fields: readonly string[], { at, comment }: Line): SymSignal {
    const report = (reason: string) => this.#diagnostics.add(reason, at);
    return readSignal(fields, comment, (name) => this.#labelsOf(name, at), report);
  }

  #labelsOf(name: string, at: number): Labels {
    const labels = this.#tables.get(name);
    if (labels === undefined) this.#diagnostics.add(`there is neither a type nor an enum ${JSON.stringify(name)}`, at);
    return labels ?? new Map();
  }

  #addSymbol(text: string): void {
    const from = senders.get(this.#section);
    if (from === undefined) throw new Fault("a symbol must be in {SEND}, {RECEIVE} or {SENDRECEIVE}");
    if (!text.endsWith("]")) throw new Fault(`a symbol must be as [Name]: ${JSON.stringify(text.slice(0, 40))}`);
    const name = nameOf(text.slice(1, -1));
    this.#symbols.push({ name, senders: from, id: null, type: "", length: 8, cycleTime: 0, mux: null, signals: [] });
  }

  #readSymbolKey(key: string, fields: readonly string[], line: Line): void {
    const symbol = senders.has(this.#section) ? this.#symbols.at(-1) : undefined;
    if (symbol === undefined) throw new Fault(`${key} must be in a symbol`);
    const { at, comment } = line;
    const [value = ""] = fields;
    if (key === "ID") symbol.id = readId(fields, comment);
    else if (key === "Type") symbol.type = value;
    else if (key === "Len" || key === "DLC") symbol.length = wholeOf(value, "the length", MOST_BYTES);
    else if (key === "CycleTime") symbol.cycleTime = numberOf(value, "the cycle time");
    else if (key === "Mux") symbol.mux = readMux(fields, line);
    else if (key === "Var") {
      const { signal, offset } = this.#readSignal(fields, line);
      if (offset === null) throw new Fault("a variable must have its first bit and its length, as 8,16");
      symbol.signals.push({ signal, offset, at });
    } else if (key === "Sig") {
      const signal = this.#signals.get(unquoted(value));
      if (signal === undefined) throw new Fault(`there is no signal ${value}`);
      symbol.signals.push({ signal, offset: wholeOf(fields[1] ?? "", "the first bit", 8 * MOST_BYTES - 1), at });
    } else throw new Fault(`${key} is not known`);
  }

  /** `Enum=Name(0="off", 1="on")`, which may go on in the lines below. */
  #beginEnum(at: number, fields: readonly string[]): void {
    this.#enum = { at, parts: [] };
    this.#continueEnum(fields);
  }

  #continueEnum(fields: readonly string[]): void {
    this.#enum?.parts.push(...fields);
    if (fields.at(-1)?.endsWith(")")) this.#endEnum();
  }

  #endEnum(): void {
    if (this.#enum === null) return;
    const { at, parts } = this.#enum;
    this.#enum = null;
    this.#diagnostics.attempt("the line", at, () => {
      const [, name, list] = /^([^(]*)\((.*)\)$/s.exec(parts.join(" ")) ?? [];
      if (name === undefined) throw new Fault('an enum must be as Name(0="off", 1="on")');
      const labels = new Map<bigint, string>();
      this.#tables.set(nameOf(name.trim()), labels);
      for (const part of list.trim() === "" ? [] : splitAtCommas(list)) {
        const equals = part.indexOf("=");
        const value = bigintOf(part.slice(0, Math.max(0, equals)).trim(), "a raw value");
        labels.set(value, unquoted(part.slice(equals + 1).trim()));
      }
    });
  }
}
