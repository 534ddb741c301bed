/**
 * Subcommands that do one of several things, named by their first word: `can isotp send`.
 *
 * @module
 */

import { type Arguments, commonFlags, type Flag } from "./arguments.ts";
import type { Command } from "./command.ts";
import { suggestion } from "../../where/nearest.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";

/** One of the things that a subcommand does. */
export interface Action {
  /** Its words after the first one, as the help shows them. */
  readonly usage: string;
  /** The flags that it takes. One that another action takes too is the same flag. */
  readonly flags: Readonly<Record<string, Flag>>;
  /**
   * Does it.
   *
   * @param words Without the first one.
   * @returns The exit status.
   * @throws {UsageError} The words are wrong.
   */
  run(words: Arguments, terminal: Terminal): number | Promise<number>;
}

/** Makes a subcommand of its actions. The help says of each flag which of them take it. */
export function commandOf(
  name: string,
  actions: Readonly<Record<string, Action>>,
  rest: Pick<Command, "about" | "examples" | "permissions">,
): Command {
  const names = Object.keys(actions);
  const flags: Record<string, Flag> = {};
  for (const [flag, definition] of names.flatMap((each) => Object.entries(actions[each].flags))) {
    const takers = names.filter((each) => Object.hasOwn(actions[each].flags, flag));
    const of = takers.length < names.length ? `${takers.join(", ")}: ` : "";
    flags[flag] = { ...definition, text: `${of}${definition.text}` };
  }
  return {
    ...rest,
    usage: names.map((each) => `${each} ${actions[each].usage}`),
    flags,
    run(words, terminal) {
      const [word] = words.words;
      if (word === undefined || !Object.hasOwn(actions, word)) {
        const given = word === undefined ? "" : `, not "${word}"${suggestion(word, names)}`;
        throw new UsageError(`can ${name} takes what to do: ${names.join(", ")}${given}`);
      }
      const taken = { ...actions[word].flags, ...commonFlags };
      for (const flag of words.flags) {
        if (!Object.hasOwn(taken, flag)) throw new UsageError(`can ${name} ${word} does not take --${flag}`);
      }
      return actions[word].run(words.rest(), terminal);
    },
  };
}
