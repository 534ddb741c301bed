/**
 * The `can` command.
 *
 * @module
 */

import process from "node:process";
import { parse } from "./command/arguments.ts";
import type { CommandEntry } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { commandHelp, overview } from "./command/help.ts";
import { suggestion } from "../where/nearest.ts";
import { ClosedPipe, Terminal } from "./command/terminal.ts";
import { commands } from "./commands.ts";
import { version } from "../version.ts";

/** Exit status of a command line that is wrong. */
const USAGE = 2;

/** Exit status of a process that wrote to a closed pipe: 128 + SIGPIPE. */
const CLOSED_PIPE = 141;

/** Runs a command line, and sets the exit status of the process. */
export async function main(args: readonly string[]): Promise<void> {
  process.exitCode = await statusOf(args, new Terminal());
}

/** Runs a command line. Returns the exit status. */
export async function statusOf(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const status = await run(args, terminal);
    terminal.out.flush();
    return terminal.signalStatus ?? status;
  } catch (error) {
    if (error instanceof ClosedPipe) return CLOSED_PIPE;
    // The reason of the signal, passed through by what it interrupted.
    if (terminal.signal.aborted && error === terminal.signal.reason) return terminal.signalStatus!;
    if (!(error instanceof Error)) throw error;
    terminal.warn(`can: ${error.message}`);
    return error instanceof UsageError ? USAGE : 1;
  }
}

async function run([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  switch (name) {
    case undefined:
      terminal.err.write(overview(commands));
      terminal.err.flush();
      return USAGE;
    case "-h":
    case "--help":
      terminal.out.write(overview(commands));
      return 0;
    case "help": {
      const [topic, more] = rest;
      if (more !== undefined) throw new UsageError(`can help takes one command, not "${rest.join(" ")}"`);
      terminal.out.write(topic === undefined ? overview(commands) : await help(find(topic)));
      return 0;
    }
    case "-V":
    case "--version":
      terminal.out.line(`can ${version}`);
      return 0;
  }
  const entry = find(name);
  const { command } = await entry.load();
  const words = parse(name, command.flags, rest);
  if (words.has("help")) {
    terminal.out.write(await help(entry));
    return 0;
  }
  terminal.color = words.text("color") ?? "auto";
  return await command.run(words, terminal);
}

async function help(entry: CommandEntry): Promise<string> {
  return commandHelp(entry, (await entry.load()).command);
}

/** @throws {UsageError} There is no such subcommand. */
function find(name: string): CommandEntry {
  const entry = commands.find((each) => each.name === name);
  if (entry) return entry;
  const meant = suggestion(name, commands.map((each) => each.name), "can ");
  throw new UsageError(`there is no command "${name}"${meant || '; "can help" lists them'}`);
}
