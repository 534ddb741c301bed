/**
 * The page of the `can` command, made from the table of commands, and the options of can-utils in the page for those who know
 * them: `deno run -A tests/cli/guide.ts` writes both.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commandHelp } from "../../src/cli/command/help.ts";
import { commands } from "../../src/cli/commands.ts";
import { optionTables } from "../system/can_utils_options.ts";

const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

/** The page's path. */
export const page: string = docs("can.md");

/** The path of the page for those who know can-utils. */
export const canUtilsPage: string = docs("from-can-utils.md");

const beginning = `# The can command

One command for what can-utils do with twenty, and for what they do not: \`can doctor\` says why nothing arrives. It knows the
words of candump, cansend, canplayer, canbusload, can-calc-bit-timing and \`ip link\`.

\`\`\`sh
deno task can dump vcan0                                # in a checkout
bunx @socketcan/bus dump vcan0                          # Bun, from npm
deno install -gA -n can jsr:@socketcan/bus/cli          # Deno: then can dump vcan0; in a checkout, src/cli/mod.ts
bun build --compile src/cli/mod.ts --outfile can        # one file, from a checkout
\`\`\`

Standard output has the result, standard error the rest. The exit status is 0; 1 for a failure, with the library's message;
2 for wrong words; 128 and its number after a signal. Numbers in frames and filters are hexadecimal, as in can-utils, all
others decimal.

[First steps](first-steps.md) begins without any hardware; [from can-utils](from-can-utils.md) has every option of theirs.
This page is made from the command's own help.
`;

/** Returns the page. */
export async function guide(): Promise<string> {
  const sections = await Promise.all(commands.map(async (entry) => {
    const help = commandHelp(entry, (await entry.load()).command);
    return `\n## can ${entry.name}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`;
  }));
  return beginning + sections.join("");
}

/** Returns the page for those who know can-utils, with the tables of its section "The options". */
export function canUtilsGuide(): string {
  const text = readFileSync(canUtilsPage, "utf8");
  const [, before, after] = /^(.*\n## The options\n\n.*?\n\n)\|.*?\n(\n## .*)$/s.exec(text)!;
  return `${before}${optionTables()}\n${after}`;
}

if (import.meta.main) {
  writeFileSync(page, await guide());
  writeFileSync(canUtilsPage, canUtilsGuide());
}
