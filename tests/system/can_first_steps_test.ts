import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertMatch } from "@std/assert";
import { can, Kept, type Ran } from "../cli/run.ts";
import { noVcan } from "../support/kernel.ts";
import { pause } from "../support/pause.ts";
import { root } from "./script.ts";
import { started } from "./started.ts";
import { PATIENCE } from "./tools.ts";

/** The words of a command line of a shell. */
const wordsOf = (line: string) => line.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", ""));

describe("The first steps", { skip: noVcan, timeout: PATIENCE }, () => {
  it("lead to what the page says", { timeout: PATIENCE }, async () => {
    const page = readFileSync(`${root}docs/first-steps.md`, "utf8");
    const blocks = [...page.matchAll(/^```(sh|text)\n(.*?)^```$/gms)].map(([, kind, text]) => ({ kind, text }));
    const folder = mkdtempSync(`${tmpdir()}/can-`);
    const before = process.cwd();
    const shown: string[] = [];
    try {
      process.chdir(folder);
      writeFileSync("car.dbc", blocks.find(({ kind }) => kind === "text")!.text);
      for (const { text } of blocks) {
        const lines = text.split("\n").filter((line) => line.startsWith("can ") && !/\bcan0\b/.test(line));
        const stop = new AbortController();
        const background: { out: Kept; running: Promise<Ran> }[] = [];
        for (const line of lines) {
          const [, ...words] = wordsOf(line);
          if (words[0] === "dump" || words[0] === "log") { // in another terminal, until Ctrl-C
            const out = new Kept(1);
            background.push({
              out,
              running: (await started(1, () => ({ running: can(words, stop.signal, out) }))).running,
            });
          } else {
            const { status, out, err } = await can(words);
            assert(status === 0, `${line}: ${err}`);
            shown.push(out);
          }
        }
        for (const { out } of background) {
          for (let i = 0; i < 100 && out.text === "" && !text.startsWith("can log"); i++) await pause(20);
        }
        await pause(100);
        stop.abort();
        for (const { running } of background) {
          const { status, out, err } = await running;
          assert(status === 0 || status === 130, err);
          shown.push(out);
        }
      }
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
    const all = shown.join("");
    for (
      const wanted of [
        /nothing is wrong\n/,
        /vcan0 {2}123 {3}\[4\] {2}DE AD BE EF\n/,
        /vcan0 {2}42A {3}\[8\] {2}02 00 00 00 00 00 00 00\n/,
        /EngineData: Speed 81\.5 km\/h, Gear Drive\n/,
      ]
    ) assertMatch(all, wanted);
    assert(!all.includes("Speed 20"), "a frame that --where leaves out");
  });
});
