/**
 * Puts the statements of a DBC together: comments, attributes and labels to what they name.
 *
 * @module
 */

import type { Diagnostics } from "../diagnostics.ts";
import { type Draft, draftMessage, noAttributes } from "../draft.ts";
import type { ReadDatabase } from "../format.ts";
import type {
  Attributes,
  AttributeValue,
  DatabaseContent,
  DatabaseNode,
  EnvironmentVariable,
  RelationAttribute,
  Signal,
  SignalGroup,
} from "../model.ts";
import { Vocabulary } from "../vocabulary.ts";
import { Definitions } from "./definitions.ts";
import { longSymbolOf } from "./long_names.ts";
import type { LinkedMessage } from "./linked.ts";
import { linkMultiplexing } from "./multiplexing.ts";
import {
  type MessageStatement,
  NOBODY,
  type Owner,
  type SignalStatement,
  type Statements,
  type VariableStatement,
} from "./statements.ts";

/** What may have comments and attributes. */
interface Described {
  name: string;
  comment: string | null;
  attributes: Attributes;
}

/** Returns what a DBC's statements say. */
export function link(file: Statements, diagnostics: Diagnostics): ReadDatabase {
  return new Linker(file, diagnostics).link();
}

/** What the statements are about, by their names in the file. */
class Linker {
  readonly #file: Statements;
  readonly #diagnostics: Diagnostics;
  readonly #nodes = new Map<string, Draft<DatabaseNode>>();
  readonly #messages = new Map<number, LinkedMessage>();
  readonly #variables = new Map<string, Draft<EnvironmentVariable>>();
  readonly #database: Described = { name: "", comment: null, attributes: noAttributes };
  /** Of those that have any. */
  readonly #attributes = new Map<Described, Map<string, AttributeValue>>();
  readonly #relations: RelationAttribute[] = [];
  readonly #definitions: Definitions;
  /** Whether a part has a name that is not the one by which statements call it. */
  #hasLongNames = false;
  /** All messages in the order of the file, also those whose identifier another one has. */
  readonly #order: LinkedMessage[] = [];

  constructor(file: Statements, diagnostics: Diagnostics) {
    this.#file = file;
    this.#diagnostics = diagnostics;
    this.#definitions = new Definitions(file, diagnostics);
    this.#addNodes();
    for (const statement of file.messages) this.#addMessage(statement);
    for (const statement of file.variables) this.#addVariable(statement);
  }

  link(): ReadDatabase {
    // First, for they may give longer names, which all others are to use.
    this.#addAttributes();
    this.#addRelations();
    this.#addSenders();
    this.#addGroups();
    this.#addComments();
    this.#addLabels();
    this.#addTypes();
    const find = (id: number, name: string, at: number) => this.#signal(id, name, at);
    linkMultiplexing(this.#order, this.#file.multiplexing, find, this.#diagnostics);
    const attributeDefinitions = this.#definitions.list;
    const vocabulary = new Vocabulary(attributeDefinitions, this.#database.attributes);
    for (const { draft, signals } of this.#order) {
      Object.assign(draft, vocabulary.ofMessage(draft));
      for (const { draft } of signals.values()) draft.startValue = vocabulary.startOf(draft);
    }
    const content: DatabaseContent = {
      version: this.#file.version,
      comment: this.#database.comment,
      bitTiming: this.#file.bitTiming,
      nodes: [...this.#nodes.values()],
      messages: this.#order.filter(({ isLeftOut }) => !isLeftOut).map(({ draft }) => draft),
      valueTables: this.#file.valueTables,
      environmentVariables: [...this.#variables.values()],
      attributes: this.#database.attributes,
      attributeDefinitions,
      relationAttributes: this.#relations,
    };
    return { content, placeOf: (signal) => this.#placeOf(signal) };
  }

  #addNodes(): void {
    for (const { at, name } of this.#file.nodes) {
      if (name === NOBODY) continue;
      if (this.#nodes.has(name)) this.#diagnostics.add(`there is a node ${name} already`, at);
      else this.#nodes.set(name, { name, comment: null, attributes: noAttributes });
    }
  }

  #addMessage(statement: MessageStatement): void {
    const { at, id, name, length, sender } = statement;
    const { isLeftOut, ...identifier } = this.#identifierOf(statement);
    const signals = new Map<string, SignalStatement>();
    for (const signal of statement.signals) {
      const { at, draft } = signal;
      if (!signals.has(draft.name)) signals.set(draft.name, signal);
      else this.#diagnostics.add(`message ${name} has a signal ${draft.name} already: this one is skipped`, at);
    }
    const groups: SignalGroup[] = [];
    const drafts = Array.from(signals.values(), ({ draft }) => draft);
    const draft = draftMessage({ name, length, ...identifier, signals: drafts, signalGroups: groups });
    const linked = { sender, draft, signals, groups, isLeftOut };
    const twin = this.#messages.get(id);
    if (twin === undefined) this.#messages.set(id, linked);
    else if (!isLeftOut) {
      this.#diagnostics.add(
        `message ${name} has the identifier ${id} of ${twin.draft.name}: that one is found first`,
        at,
      );
    }
    this.#order.push(linked);
  }

  #identifierOf({ at, id, name }: MessageStatement) {
    const frameId = id & 0x1fff_ffff;
    const isMarked = id >= 0x8000_0000;
    const isExtendedId = isMarked || frameId > 0x7ff;
    // Signals of no message, which some tools collect in one.
    if (name === "VECTOR__INDEPENDENT_SIG_MSG") return { frameId, isExtendedId, isLeftOut: true };
    const isLeftOut = (id & 0x6000_0000) !== 0;
    const shown = `the identifier ${id} (0x${id.toString(16)}) of message ${name}`;
    if (isLeftOut) this.#diagnostics.add(`${shown} has more than 29 bits: the message is skipped`, at);
    else if (isExtendedId && !isMarked) {
      this.#diagnostics.add(`${shown} has more than 11 bits, but not bit 31: it is read as extended`, at);
    }
    return { frameId, isExtendedId, isLeftOut };
  }

  #addVariable({ at, accessNodes, ...given }: VariableStatement): void {
    if (this.#variables.has(given.name)) {
      return this.#diagnostics.add(`there is an environment variable ${given.name} already: this one is skipped`, at);
    }
    const rest = { dataLength: null, labels: new Map(), comment: null, attributes: noAttributes };
    this.#variables.set(given.name, { ...given, ...rest, accessNodes: [...accessNodes] });
  }

  #addAttributes(): void {
    for (const { at, name, owner, node, value: given } of this.#file.attributes) {
      const described = this.#described(owner, at);
      if (node !== null || described === null) continue;
      const value = this.#definitions.valueOf(name, owner.type, given, at);
      if (name !== longSymbolOf(owner.type)) this.#setAttribute(described, name, value);
      else if (value !== "") {
        described.name = `${value}`;
        this.#hasLongNames = true;
      }
    }
    if (!this.#hasLongNames) return;
    for (const { draft: { name }, signals } of this.#order) this.#checkLongNames(name, signals);
  }

  #setAttribute(described: Described, name: string, value: AttributeValue): void {
    let attributes = this.#attributes.get(described);
    if (attributes === undefined) {
      attributes = new Map();
      this.#attributes.set(described, attributes);
      described.attributes = attributes;
    }
    attributes.set(name, value);
  }

  /** Values are known by the names of their signals: a long name that another signal has is not taken. */
  #checkLongNames(message: string, signals: LinkedMessage["signals"]): void {
    const taken = new Set<string>();
    for (const [shortName, { at, draft }] of signals) {
      if (taken.has(draft.name)) {
        this.#diagnostics.add(`message ${message} has a signal ${draft.name} already: this one is ${shortName}`, at);
        draft.name = shortName;
      }
      taken.add(draft.name);
    }
  }

  #addRelations(): void {
    for (const { at, name, owner, node: nodeName, value: given } of this.#file.attributes) {
      if (nodeName === null || owner.type === "database" || owner.type === "node") continue;
      const node = this.#described({ type: "node", name: nodeName }, at);
      const described = this.#described(owner, at);
      if (node === null || described === null) continue;
      const message = "id" in owner ? this.#messages.get(owner.id)! : null;
      if (message?.isLeftOut) continue;
      this.#relations.push({
        name,
        node: node.name,
        message: message?.draft.name ?? null,
        signal: owner.type === "signal" ? described.name : null,
        environmentVariable: owner.type === "environment-variable" ? described.name : null,
        value: this.#definitions.valueOf(name, `node-${owner.type}`, given, at),
      });
    }
  }

  #addSenders(): void {
    for (const { sender, draft, signals } of this.#order) {
      if (sender !== null && sender !== NOBODY) draft.senders = [this.#nodeName(sender)];
      for (const { draft } of signals.values()) draft.receivers = this.#nodeNames(draft.receivers);
    }
    for (const { at, id, senders } of this.#file.senders) {
      const message = this.#message(id, at)?.draft;
      if (message) message.senders = [...new Set([...message.senders, ...this.#nodeNames(senders)])];
    }
    for (const variable of this.#variables.values()) variable.accessNodes = this.#nodeNames(variable.accessNodes);
    for (const { at, name, length } of this.#file.data) {
      const variable = this.#variable(name, at);
      if (variable) Object.assign(variable, { type: "data", dataLength: length });
    }
  }

  #addGroups(): void {
    for (const { at, id, group } of this.#file.groups) {
      const message = this.#message(id, at);
      const signals = group.signals.flatMap((name) => this.#signal(id, name, at)?.name ?? []);
      message?.groups.push({ ...group, signals });
    }
  }

  #addComments(): void {
    for (const { at, owner, text } of this.#file.comments) {
      const described = this.#described(owner, at);
      if (described) described.comment = text;
    }
  }

  #addLabels(): void {
    for (const { at, owner, labels } of this.#file.labels) {
      const labelled = owner.type === "signal"
        ? this.#signal(owner.id, owner.name, at)
        : this.#variable(owner.name, at);
      if (labelled) labelled.labels = labels;
    }
  }

  #addTypes(): void {
    for (const { at, id, name, type } of this.#file.types) {
      const signal = this.#signal(id, name, at);
      if (signal === null || type === 0) continue;
      // The length says which of the types it is: tools give both for 16 bits, too.
      signal.isFloat = [16, 32, 64].includes(signal.length);
      if (signal.isFloat) continue;
      this.#diagnostics.add(`signal ${name} has ${signal.length} bits, which no floating-point number has`, at);
    }
  }

  #described(owner: Owner, at: number): Described | null {
    if (owner.type === "database") return this.#database;
    if (owner.type === "message") return this.#message(owner.id, at)?.draft ?? null;
    if (owner.type === "signal") return this.#signal(owner.id, owner.name, at);
    if (owner.type === "node") return this.#found(this.#nodes.get(owner.name), at, () => `node ${owner.name}`);
    return this.#variable(owner.name, at);
  }

  #message(id: number, at: number): LinkedMessage | null {
    return this.#found(this.#messages.get(id), at, () => `message with the identifier ${id}`);
  }

  #signal(id: number, name: string, at: number): Draft<Signal> | null {
    const message = this.#message(id, at);
    if (message === null) return null;
    return this.#found(message.signals.get(name)?.draft, at, () => `signal ${name} in message ${message.draft.name}`);
  }

  #variable(name: string, at: number): Draft<EnvironmentVariable> | null {
    return this.#found(this.#variables.get(name), at, () => `environment variable ${name}`);
  }

  #found<T>(item: T | undefined, at: number, what: () => string): T | null {
    if (item === undefined) this.#diagnostics.add(`there is no ${what()}`, at);
    return item ?? null;
  }

  #nodeNames(names: readonly string[]): readonly string[] {
    return this.#hasLongNames ? names.map((name) => this.#nodeName(name)) : names;
  }

  #placeOf(wanted: Signal): number {
    for (const { signals } of this.#order) {
      for (const { at, draft } of signals.values()) if (draft === wanted) return at;
    }
    return 0;
  }

  /** A node that `BU_` does not name may send and receive all the same. */
  #nodeName(name: string): string {
    return this.#nodes.get(name)?.name ?? name;
  }
}
