/**
 * The help, made from the table of commands.
 *
 * @module
 */

import { commonFlags, type Flag } from "./arguments.ts";
import type { Command, CommandEntry } from "./command.ts";

/** The width of the help in characters. */
const WIDTH = 100;

/** Returns the help of `can` itself. */
export function overview(commands: readonly CommandEntry[]): string {
  return [
    "can: one command for CAN buses on Linux",
    "",
    "Usage: can COMMAND [ARGUMENT]…",
    "",
    ...table(commands.map(({ name, summary }) => [name, summary])),
    "",
    '"can help COMMAND" or "can COMMAND --help" explains one; "can --version" prints the version.',
    'No interface yet? "can doctor" says what is missing.',
    "",
  ].join("\n");
}

/** Returns the help of a subcommand. */
export function commandHelp(
  { name, summary }: CommandEntry,
  { usage, about = [], flags, examples, permissions }: Command,
): string {
  return [
    `can ${name}: ${summary}`,
    "",
    ...usage.map((form, i) => `${i === 0 ? "Usage:" : "      "} can ${name} ${form}`.trimEnd()),
    "",
    ...about.flatMap((paragraph) => [...wrap(paragraph, WIDTH), ""]),
    "Flags:",
    ...table(
      Object.entries({ ...flags, ...commonFlags }).map(([long, flag]) => [flagWords(long, flag), flagText(flag)]),
    ),
    "",
    "Examples:",
    ...examples.flatMap(({ line, text }) => [`  can ${line}`, `      ${text}`]),
    "",
    `In Deno it needs ${permissions.length > 0 ? permissions.join(" ") : "no permissions"}.`,
    "",
  ].join("\n");
}

function flagWords(long: string, { short, takes }: Flag): string {
  return `${short ? `-${short}, ` : "    "}--${long}${takes ? ` ${takes}` : ""}`;
}

function flagText({ text, choices, many }: Flag): string {
  return `${text}${choices ? ` (${choices.join(", ")})` : ""}${many ? "; may be repeated" : ""}`;
}

/** Two columns, the second one wrapped. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.max(...rows.map(([word]) => word.length)) + 4;
  return rows.flatMap(([word, text]) =>
    wrap(text, WIDTH - left).map((line, i) => `${i === 0 ? `  ${word}`.padEnd(left) : " ".repeat(left)}${line}`)
  );
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    if (lines[last] === "") lines[last] = word;
    else if (lines[last].length + 1 + word.length <= width) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}
