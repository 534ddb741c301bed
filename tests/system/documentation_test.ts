import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bus, Message } from "../../mod.ts";
import { type Block, blocksOf, pages } from "../support/documentation.ts";
import { noVcan } from "../support/kernel.ts";
import { command } from "./script.ts";
import { PATIENCE, Program } from "./tools.ts";

/** Writes a block to a file that is removed with its folder at the end of a `using` block. */
function fileOf({ code }: Block): { file: string } & Disposable {
  const folder = mkdtempSync(`${tmpdir()}/block-`);
  const file = `${folder}/block.ts`;
  writeFileSync(file, `${code}\nexport {};\n`);
  return { file, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** Runs a block to its end, in this process. */
async function run(block: Block): Promise<void> {
  using written = fileOf(block);
  await import(written.file);
}

/** Runs a block until Ctrl-C, beside traffic of which it prints something. */
async function interrupt(block: Block): Promise<void> {
  using written = fileOf(block);
  const [name, ...args] = command(written.file);
  using program = new Program(name, args);
  using traffic = new Bus("vcan0");
  const messages = [
    ...[1, 2, 3].map((i) => new Message({ arbitrationId: 0x18feca00 + i, data: [i, 2, 3, 4, 5, 6, 7, 8] })),
    new Message({ isErrorFrame: true, arbitrationId: 0x100 }), // restarted after bus-off
  ];
  await program.until(() => program.lines.length >= 3, "print what arrives", () => void traffic.sendMany(messages));
  await program.stop("SIGINT");
  const { end, stderr } = await program.result();
  assert(end === "SIGINT" || end === "0", `it ended with ${end}`);
  assertEquals(stderr, "");
}

describe("The blocks in the documentation", () => {
  for (const page of pages) {
    // The types of the others are checked elsewhere.
    const runnable = blocksOf(page).filter(({ marks }) => marks.length === 0 || marks.includes("endless"));
    if (runnable.length === 0) continue; // Deno reports a group without tests as a test
    describe(page, () => {
      for (const block of runnable) {
        const endless = block.marks.length > 0;
        const title = `line ${block.line} ${endless ? "runs until Ctrl-C" : "runs to its end"}`;
        it(title, { skip: noVcan, timeout: PATIENCE }, () => endless ? interrupt(block) : run(block));
      }
    });
  }
});
