/**
 * The definitions of a DBC's attributes, and the values that they allow.
 *
 * @module
 */

import type { Diagnostics } from "../diagnostics.ts";
import type { AttributeDefinition, AttributeOwner, AttributeValue } from "../model.ts";
import { longSymbolOf } from "./long_names.ts";
import type { Statements } from "./statements.ts";

/** The definitions of a file's attributes. */
export class Definitions {
  readonly #byKey = new Map<string, AttributeDefinition>();
  readonly #diagnostics: Diagnostics;

  constructor({ definitions, defaults }: Statements, diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
    /** An attribute of the same name may be defined for several kinds of owners: they share a default. */
    const keys = new Map<string, string[]>();
    for (const { at, definition } of definitions) {
      const { owner, name } = definition;
      const key = `${owner} ${name}`;
      if (this.#byKey.has(key)) {
        diagnostics.add(`attribute ${name} is defined already: this definition is skipped`, at);
        continue;
      }
      this.#byKey.set(key, definition);
      const isRelation = owner.startsWith("node-");
      const named = keys.get(`${isRelation} ${name}`);
      if (named) named.push(key);
      else keys.set(`${isRelation} ${name}`, [key]);
    }
    for (const { at, name, isRelation, value } of defaults) {
      const named = keys.get(`${isRelation} ${name}`);
      if (named === undefined) diagnostics.add(`attribute ${name} has a default but no definition`, at);
      for (const key of named ?? []) {
        const definition = this.#byKey.get(key)!;
        this.#byKey.set(key, { ...definition, defaultValue: this.#valueAs(definition, value, at) });
      }
    }
  }

  /** All of them, but those of long names: these are no attributes of the database, but how a DBC writes names. */
  get list(): AttributeDefinition[] {
    return [...this.#byKey.values()].filter(({ owner, name }) => name !== longSymbolOf(owner));
  }

  /** Returns the value of an attribute as its definition says. */
  valueOf(name: string, owner: AttributeOwner, given: AttributeValue, at: number): AttributeValue {
    const definition = this.#byKey.get(`${owner} ${name}`);
    if (definition) return this.#valueAs(definition, given, at);
    if (name !== longSymbolOf(owner)) this.#diagnostics.add(`attribute ${name} has no definition for a ${owner}`, at);
    return given;
  }

  /** Tools write the values of an `ENUM` by index or by name, and some put numbers into quotes or leave quotes out. */
  #valueAs({ name, type, values }: AttributeDefinition, given: AttributeValue, at: number): AttributeValue {
    if (type === "STRING") return `${given}`;
    if (type !== "ENUM") {
      const isNumeric = typeof given === "string" && given.trim() !== "" && isFinite(Number(given));
      return isNumeric || type === "FLOAT" && typeof given === "bigint" ? Number(given) : given;
    }
    if (typeof given === "string") return given;
    const value = values[Number(given)];
    if (value === undefined) this.#diagnostics.add(`attribute ${name} has no value with the index ${given}`, at);
    return value ?? given;
  }
}
