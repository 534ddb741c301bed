/**
 * `can doctor`: finds out why nothing arrives.
 *
 * @module
 */

import type { Command } from "./command/command.ts";
import { UsageError } from "./command/usage_error.ts";
import { examine } from "./doctor/examine.ts";
import type { Finding } from "./doctor/finding.ts";

const marks = { ok: "ok", warning: "!", problem: "!!" } as const;
const colors = { ok: 32, warning: 33, problem: 31 } as const;

/** The command. */
export const command: Command = {
  usage: ["[IF]"],
  about: [
    "Examines the runtime, the kernel, the permissions and each CAN interface, or only IF, and then watches the bus for a " +
    "second. It sends nothing. Each finding says what it means, and the one command that mends it. The exit status is 1 " +
    "if there is a problem.",
  ],
  flags: {
    json: { text: "write JSON, a finding a line" },
    seconds: { takes: "SECONDS", text: "how long to watch each bus; 1 if not given" },
  },
  examples: [
    { line: "doctor", text: "examine everything" },
    { line: "doctor vcan0 --json", text: "one interface, for a script" },
  ],
  permissions: ["--allow-ffi", "--allow-sys", "--allow-all (for the filters of other programs)"],
  async run(words, terminal) {
    const [name, more] = words.words;
    if (more !== undefined) throw new UsageError("can doctor takes one interface, or none for all");
    const seconds = words.number("seconds", 0, 3600) ?? 1;
    terminal.catchSignals();
    let problems = 0;
    let warnings = 0;
    const report = ({ level, subject, text, meaning, fix }: Finding) => {
      if (level === "problem") problems++;
      if (level === "warning") warnings++;
      if (words.has("json")) {
        terminal.out.line(JSON.stringify({ level, subject, text, meaning, fix }));
      } else {
        const mark = marks[level].padEnd(2);
        terminal.out.line(`${terminal.colors ? `\x1b[${colors[level]}m${mark}\x1b[0m` : mark} ${subject}: ${text}`);
        if (meaning) terminal.out.line(`     ${meaning}`);
        if (fix) terminal.out.line(`     ${fix}`);
      }
      terminal.out.flush();
    };

    await examine(name, seconds, terminal.signal, report);
    if (!words.has("json")) {
      const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
      terminal.out.line(
        problems + warnings === 0 ? "nothing is wrong" : `${count(problems, "problem")}, ${count(warnings, "warning")}`,
      );
    }
    return problems > 0 ? 1 : 0;
  },
};
