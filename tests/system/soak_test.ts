import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { SoakResult } from "../soak/result.ts";
import { noVcan } from "../support/kernel.ts";
import { startScript } from "./script.ts";
import { PATIENCE } from "./tools.ts";

/** The short form of `deno task soak`: frames, seed, and the longest time that the link stays up, in milliseconds. */
const SHORT = ["20000", "1", "600"];

describe("Soak", { skip: noVcan, timeout: PATIENCE }, () => {
  it("frames through a link that goes down, up and is deleted: none lost unreported, doubled or reordered", async () => {
    using program = startScript("tests/soak/soak.ts", { args: SHORT, denoFlags: ["-A"] });
    const { end, stderr } = await program.result();
    const line = program.lines.at(-1);
    assert(line, `it ended with ${end}: ${stderr}`);
    const { received, lost, misplaced, wrong } = JSON.parse(line) as SoakResult;
    assertEquals([wrong, lost.unseen, misplaced, end], [[], 0, 0, "0"]);
    assert(received >= Number(SHORT[0]));
  });
});
