/**
 * Writes a DBC.
 *
 * @module
 */

import type {
  AttributeDefinition,
  AttributeOwner,
  Attributes,
  AttributeValue,
  DatabaseContent,
  DatabaseMessage,
  EnvironmentVariable,
  Labels,
  Signal,
} from "../model.ts";
import { valueRange } from "../range.ts";
import { withAttributes } from "../vocabulary.ts";
import { FileNames, plainName } from "./file_names.ts";
import { longSymbolOf } from "./long_names.ts";
import { owners } from "./rules.ts";
import { accesses, NOBODY } from "./statements.ts";
import { quote } from "./tokens.ts";

/** The keywords that Vector's tools list. */
const newSymbols = [
  ...["NS_DESC_", "CM_", "BA_DEF_", "BA_", "VAL_", "CAT_DEF_", "CAT_", "FILTER", "BA_DEF_DEF_", "EV_DATA_"],
  ...["ENVVAR_DATA_", "SGTYPE_", "SGTYPE_VAL_", "BA_DEF_SGTYPE_", "BA_SGTYPE_", "SIG_TYPE_REF_", "VAL_TABLE_"],
  ...["SIG_GROUP_", "SIG_VALTYPE_", "SIGTYPE_VALTYPE_", "BO_TX_BU_", "BA_DEF_REL_", "BA_REL_", "BA_DEF_DEF_REL_"],
  ...["BU_SG_REL_", "BU_EV_REL_", "BU_BO_REL_", "SG_MUL_VAL_"],
];

/** What the grammar calls the owners of attributes; the database has no keyword. */
const keywords = new Map([...owners].map(([keyword, owner]) => [owner, keyword]));

/** Returns a DBC of all that a database holds. */
export function writeDbc(content: DatabaseContent): string {
  return new DbcWriter(withAttributes(content)).write();
}

class DbcWriter {
  readonly #content: DatabaseContent;
  readonly #names: FileNames;
  readonly #definitions: ReadonlyMap<string, AttributeDefinition>;
  /** Other statements name a message by its identifier, so that of those that share one only the first can be named. */
  readonly #nameable: readonly DatabaseMessage[];

  constructor(content: DatabaseContent) {
    this.#content = content;
    this.#names = new FileNames(content);
    const { messages, attributeDefinitions } = content;
    this.#definitions = new Map(attributeDefinitions.map((each) => [`${each.owner} ${each.name}`, each]));
    const first = new Map<number, DatabaseMessage>();
    for (const message of messages) if (!first.has(identifierOf(message))) first.set(identifierOf(message), message);
    this.#nameable = [...first.values()];
  }

  write(): string {
    const { version, bitTiming, nodes, valueTables, messages, environmentVariables } = this.#content;
    const timing = bitTiming && ` ${bitTiming.bitrate} : ${bitTiming.btr1},${bitTiming.btr2}`;
    const sections: Iterable<string>[] = [
      [`VERSION ${quote(version)}`],
      ["NS_ :", ...newSymbols.map((symbol) => `\t${symbol}`)],
      [`BS_:${timing ?? ""}`],
      [["BU_:", ...nodes.map(({ name }) => this.#names.node(name))].join(" ")],
      [...valueTables].map(([name, labels]) => `VAL_TABLE_ ${plainName(name)}${labelText(labels)} ;`),
      ...messages.map((message) => this.#message(message)),
      this.#nameable.flatMap((message) => this.#senders(message)),
      environmentVariables.map((variable) => this.#variable(variable)),
      environmentVariables.flatMap(({ name, dataLength }) =>
        dataLength === null ? [] : `ENVVAR_DATA_ ${this.#names.variable(name)}: ${dataLength};`
      ),
      this.#comments(),
      this.#attributeDefinitions(),
      this.#attributes(),
      this.#relations(),
      this.#labels(),
      this.#details(),
    ];
    return sections.map((lines) => [...lines]).filter(({ length }) => length > 0)
      .map((lines) => `${lines.join("\n")}\n`).join("\n");
  }

  *#message(message: DatabaseMessage): Iterable<string> {
    const { length, senders: [sender], signals } = message;
    const name = this.#names.message(message);
    yield `BO_ ${identifierOf(message)} ${name}: ${length} ${this.#nodes(sender === undefined ? [] : [sender])}`;
    for (const signal of signals) yield ` SG_ ${this.#signal(signal)}`;
  }

  #signal(signal: Signal): string {
    const { start, length, byteOrder, isSigned, isMultiplexer, multiplexer, scale, offset, unit, receivers } = signal;
    const selector = multiplexer === null ? "" : `m${positive(multiplexer.ranges[0][0])}`;
    const multiplexing = selector + (isMultiplexer ? "M" : "");
    const name = this.#names.signal(signal) + (multiplexing && ` ${multiplexing}`);
    const bits = `${start}|${length}@${byteOrder === "little-endian" ? 1 : 0}${isSigned ? "-" : "+"}`;
    const { minimum, maximum } = limitsOf(signal);
    return `${name} : ${bits} (${scale},${offset}) [${minimum}|${maximum}] ${quote(unit)} ${this.#nodes(receivers)}`;
  }

  #senders(message: DatabaseMessage): string[] {
    const { senders } = message;
    if (senders.length < 2) return [];
    return [`BO_TX_BU_ ${identifierOf(message)} : ${this.#nodes(senders)};`];
  }

  #nodes(names: readonly string[]): string {
    return names.map((name) => this.#names.node(name)).join(",") || NOBODY;
  }

  #variable(variable: EnvironmentVariable): string {
    const { name, type, minimum, maximum, unit, initialValue, id, access, accessNodes } = variable;
    const number = type === "float" ? 1 : 0;
    const rights = `DUMMY_NODE_VECTOR${type === "string" ? "800" : ""}${accesses.indexOf(access)}`;
    const limits = `[${minimum}|${maximum}] ${quote(unit)} ${initialValue} ${id}`;
    return `EV_ ${this.#names.variable(name)}: ${number} ${limits} ${rights} ${this.#nodes(accessNodes)};`;
  }

  *#comments(): Iterable<string> {
    for (const { owner, comment } of this.#parts()) if (comment !== null) yield `CM_ ${owner}${quote(comment)};`;
  }

  *#attributeDefinitions(): Iterable<string> {
    const definitions = [...this.#content.attributeDefinitions, ...this.#names.definitions];
    for (const { name, owner, type, minimum, maximum, values } of definitions) {
      const keyword = owner.startsWith("node-") ? "BA_DEF_REL_" : "BA_DEF_";
      const isNumber = type !== "ENUM" && type !== "STRING";
      const rest = isNumber ? `${minimum ?? 0} ${maximum ?? 0}` : values.map(quote).join(",");
      const of = owner === "database" ? "" : `${keywords.get(owner)} `;
      yield `${keyword} ${of}${quote(name)} ${type} ${rest};`;
    }
    for (const { name, owner, defaultValue } of definitions) {
      if (defaultValue === null) continue;
      const keyword = owner.startsWith("node-") ? "BA_DEF_DEF_REL_" : "BA_DEF_DEF_";
      yield `${keyword} ${quote(name)} ${typeof defaultValue === "string" ? quote(defaultValue) : defaultValue};`;
    }
  }

  *#attributes(): Iterable<string> {
    for (const { owner, type, attributes } of this.#parts()) {
      for (const [name, value] of attributes) yield `BA_ ${quote(name)} ${owner}${this.#value(type, name, value)};`;
    }
  }

  *#relations(): Iterable<string> {
    for (const relation of this.#content.relationAttributes) {
      const { name, node, message: messageName, signal: signalName, environmentVariable, value } = relation;
      const message = this.#nameable.find((each) => each.name === messageName);
      const signal = message?.signals.find((each) => each.name === signalName);
      const begin = `BA_REL_ ${quote(name)}`;
      const by = this.#names.node(node);
      if (environmentVariable !== null) {
        const variable = this.#names.variable(environmentVariable);
        yield `${begin} BU_EV_REL_ ${by} ${variable} ${this.#value("node-environment-variable", name, value)};`;
      } else if (message && signalName === null) {
        yield `${begin} BU_BO_REL_ ${by} ${identifierOf(message)} ${this.#value("node-message", name, value)};`;
      } else if (message && signal) {
        const of = `SG_ ${identifierOf(message)} ${this.#names.signal(signal)}`;
        yield `${begin} BU_SG_REL_ ${by} ${of} ${this.#value("node-signal", name, value)};`;
      }
    }
  }

  *#labels(): Iterable<string> {
    for (const message of this.#nameable) {
      for (const signal of message.signals) {
        if (signal.labels.size === 0) continue;
        yield `VAL_ ${identifierOf(message)} ${this.#names.signal(signal)}${labelText(signal.labels)} ;`;
      }
    }
    for (const { name, labels } of this.#content.environmentVariables) {
      if (labels.size > 0) yield `VAL_ ${this.#names.variable(name)}${labelText(labels)} ;`;
    }
  }

  /** Groups, types and multiplexing, for which signals have no place of their own. */
  *#details(): Iterable<string> {
    for (const message of this.#nameable) {
      const id = identifierOf(message);
      const byName = new Map(message.signals.map((signal) => [signal.name, this.#names.signal(signal)]));
      for (const { name, repetitions, signals } of message.signalGroups) {
        const members = signals.map((signal) => byName.get(signal)).join(" ");
        yield `SIG_GROUP_ ${id} ${plainName(name)} ${repetitions} : ${members};`;
      }
      for (const signal of message.signals) {
        if (signal.isFloat) yield `SIG_VALTYPE_ ${id} ${this.#names.signal(signal)} : ${signal.length === 64 ? 2 : 1};`;
      }
      if (isSimple(message)) continue;
      for (const signal of message.signals) {
        if (signal.multiplexer === null) continue;
        const ranges = signal.multiplexer.ranges.map(([first, last]) => `${first}-${last}`).join(", ");
        yield `SG_MUL_VAL_ ${id} ${this.#names.signal(signal)} ${byName.get(signal.multiplexer.signal)} ${ranges};`;
      }
    }
  }

  /** All that may have comments and attributes, with what statements call it. A long name is an attribute among others. */
  *#parts(): Iterable<Part> {
    const { comment, attributes, nodes, environmentVariables } = this.#content;
    yield { owner: "", type: "database", comment, attributes };
    for (const node of nodes) {
      const name = this.#names.node(node.name);
      yield part("node", `BU_ ${name}`, name, node);
    }
    for (const message of this.#nameable) {
      const id = identifierOf(message);
      yield part("message", `BO_ ${id}`, this.#names.message(message), message);
      for (const signal of message.signals) {
        const name = this.#names.signal(signal);
        yield part("signal", `SG_ ${id} ${name}`, name, signal);
      }
    }
    for (const variable of environmentVariables) {
      const name = this.#names.variable(variable.name);
      yield part("environment-variable", `EV_ ${name}`, name, variable);
    }
  }

  /** `ENUM`s are written by index, as Vector's tools do. */
  #value(owner: AttributeOwner, name: string, value: AttributeValue): string {
    if (typeof value !== "string") return `${value}`;
    const definition = this.#definitions.get(`${owner} ${name}`);
    const index = definition?.type === "ENUM" ? definition.values.indexOf(value) : -1;
    return index < 0 ? quote(value) : `${index}`;
  }
}

/** A part of the database, and what statements call it, with a space behind. */
interface Part {
  readonly owner: string;
  readonly type: AttributeOwner;
  readonly comment: string | null;
  readonly attributes: Attributes;
}

function part(
  type: AttributeOwner,
  owner: string,
  fileName: string,
  { name, comment, attributes }: Pick<Signal, "name" | "comment" | "attributes">,
): Part {
  const longName: Attributes = new Map(fileName === name ? [] : [[longSymbolOf(type)!, name]]);
  return { owner: `${owner} `, type, comment, attributes: new Map([...attributes, ...longName]) };
}

/** The identifier as statements give it: with bit 31 for extended frames. */
function identifierOf({ frameId, isExtendedId }: DatabaseMessage): number {
  return isExtendedId ? frameId + 0x8000_0000 : frameId;
}

/** Whether `M` and `m1` say all of a message's multiplexing. */
function isSimple({ signals }: DatabaseMessage): boolean {
  return signals.filter(({ isMultiplexer }) => isMultiplexer).length <= 1 &&
    signals.every(({ multiplexer }) =>
      multiplexer === null ||
      (multiplexer.ranges.length === 1 && multiplexer.ranges[0][0] === multiplexer.ranges[0][1] &&
        multiplexer.ranges[0][0] >= 0n)
    );
}

/** The `m1` of a signal that negative values select says nothing: `SG_MUL_VAL_` does. */
function positive(value: bigint): bigint {
  return value < 0n ? 0n : value;
}

/** A DBC has both limits or, where both are 0, none. One that is missing is that of the bits. */
function limitsOf(signal: Signal): { minimum: number; maximum: number } {
  const { minimum, maximum, isFloat } = signal;
  if (minimum === null && maximum === null) return { minimum: 0, maximum: 0 };
  const [least, most] = isFloat ? [-Number.MAX_VALUE, Number.MAX_VALUE] : valueRange(signal);
  return { minimum: minimum ?? least, maximum: maximum ?? most };
}

function labelText(labels: Labels): string {
  return [...labels].map(([value, label]) => ` ${value} ${quote(label)}`).join("");
}
