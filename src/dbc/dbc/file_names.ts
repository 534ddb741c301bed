/**
 * The names that the parts of a database have in a DBC.
 *
 * @module
 */

import type { AttributeDefinition, AttributeOwner, DatabaseContent, DatabaseMessage, Signal } from "../model.ts";
import { longSymbolOf, ShortNames } from "./long_names.ts";

/** Names as a DBC can have them, each one once in its kind. */
export class FileNames {
  readonly #nodes: ReadonlyMap<string, string>;
  readonly #messages: ReadonlyMap<DatabaseMessage, string>;
  readonly #signals: ReadonlyMap<Signal, string>;
  readonly #variables: ReadonlyMap<string, string>;
  /** The definitions of the attributes with the long names, of those that there are. */
  readonly definitions: readonly AttributeDefinition[];

  constructor({ nodes, messages, environmentVariables }: DatabaseContent) {
    this.#nodes = byName(nodes);
    this.#variables = byName(environmentVariables);
    this.#messages = byPart(messages);
    // Signals of one name in several messages are one signal for Vector's tools: a long one has a name of its own in each.
    this.#signals = byPart(messages.flatMap(({ signals }) => signals));
    const renamed: [AttributeOwner, boolean][] = [
      ["node", [...this.#nodes].some(([name, short]) => name !== short)],
      ["message", [...this.#messages].some(([{ name }, short]) => name !== short)],
      ["signal", [...this.#signals].some(([{ name }, short]) => name !== short)],
      ["environment-variable", [...this.#variables].some(([name, short]) => name !== short)],
    ];
    this.definitions = renamed.filter(([, isRenamed]) => isRenamed).map(([owner]) => ({
      owner,
      name: longSymbolOf(owner)!,
      type: "STRING",
      minimum: null,
      maximum: null,
      values: [],
      defaultValue: "",
    }));
  }

  /** The name of a node, also of one that is not among those of the database. */
  node(name: string): string {
    return this.#nodes.get(name) ?? plainName(name);
  }

  /** The name of a message. */
  message(message: DatabaseMessage): string {
    return this.#messages.get(message)!;
  }

  /** The name of a signal. */
  signal(signal: Signal): string {
    return this.#signals.get(signal)!;
  }

  /** The name of an environment variable. */
  variable(name: string): string {
    return this.#variables.get(name)!;
  }
}

/** Returns a name without what a DBC cannot have in one, for what has no attributes to keep the true name in. */
export function plainName(name: string): string {
  return name.replace(/[^\w\u0080-\uffff]/g, "_") || "_";
}

function byPart<T extends { readonly name: string }>(parts: readonly T[]): ReadonlyMap<T, string> {
  const short = new ShortNames(parts.map(({ name }) => name));
  return new Map(parts.map((part) => [part, short.of(part.name)]));
}

function byName(parts: readonly { readonly name: string }[]): ReadonlyMap<string, string> {
  return new Map([...byPart(parts)].map(([{ name }, short]) => [name, short]));
}
