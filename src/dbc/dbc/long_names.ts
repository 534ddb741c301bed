/**
 * Long names. A DBC has names of at most 32 letters, digits and `_`; a longer one is an attribute of what has a shortened one.
 *
 * @module
 */

import type { AttributeOwner } from "../model.ts";
import { keywords } from "./rules.ts";
import { NOBODY } from "./statements.ts";

const MOST = 32;

const symbols = new Map<AttributeOwner, string>([
  ["node", "SystemNodeLongSymbol"],
  ["message", "SystemMessageLongSymbol"],
  ["signal", "SystemSignalLongSymbol"],
  ["environment-variable", "SystemEnvVarLongSymbol"],
]);

/** Returns the attribute that holds the long name of a part of the database. */
export function longSymbolOf(owner: AttributeOwner): string | undefined {
  return symbols.get(owner);
}

/** Gives names that a DBC can have, each one once. */
export class ShortNames {
  readonly #taken: Set<string>;

  /** @param names All names of a kind: those that are short enough stay as they are. */
  constructor(names: Iterable<string>) {
    this.#taken = new Set([...names].filter((name) => shortened(name) === name));
  }

  /** Returns a short name for a name. Two calls with one long name give two short ones. */
  of(name: string): string {
    const short = shortened(name);
    if (short === name) return name;
    let unique = short;
    for (let count = 0; this.#taken.has(unique); count++) {
      const suffix = `_${String(count).padStart(4, "0")}`;
      unique = short.slice(0, MOST - suffix.length) + suffix;
    }
    this.#taken.add(unique);
    return unique;
  }
}

function shortened(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_]/g, "_");
  const isName = /^[A-Za-z_]/.test(plain) && !keywords.has(plain) && plain !== NOBODY;
  return (isName ? plain : `_${plain}`).slice(0, MOST);
}
