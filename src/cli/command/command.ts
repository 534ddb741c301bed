/**
 * What a subcommand is: its words for the help, its flags, and what it does.
 *
 * @module
 */

import type { Arguments, Flag } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** A line that can be typed, and what it does. */
export interface Example {
  /** The words after `can`. */
  readonly line: string;
  readonly text: string;
}

/** A subcommand. Its name and summary are in the table of commands. */
export interface Command {
  /** Its words after the name, as the help shows them: `IF[,FILTER]…`. One line a form. */
  readonly usage: readonly string[];
  /** What the summary leaves out: paragraphs of text. */
  readonly about?: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
  readonly examples: readonly Example[];
  /** The permissions that it needs in Deno: `--allow-ffi`. */
  readonly permissions: readonly string[];
  /**
   * Runs it.
   *
   * @returns The exit status.
   * @throws {UsageError} The words are wrong.
   */
  run(words: Arguments, terminal: Terminal): number | Promise<number>;
}

/** A row of the table of commands. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, in less than 60 characters. */
  readonly summary: string;
  /** Loads its file, which happens when it is named. */
  readonly load: () => Promise<{ readonly command: Command }>;
}
