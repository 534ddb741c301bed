import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { controllers, heading, isOutside, line } from "../../src/cli/timing/table.ts";
import { generator, oneOf } from "../support/random.ts";
import { PATIENCE, Program } from "./tools.ts";

/** The output of a command. */
function output(command: string, ...args: string[]): string {
  const { stdout, error } = spawnSync(command, args, { encoding: "utf8", timeout: 60_000 });
  if (error) throw error;
  return stdout;
}

const calc = spawnSync("can-calc-bit-timing", ["-l"], { encoding: "utf8" });
const noCalc = calc.error !== undefined && "no can-calc-bit-timing here";

/** Compares can-calc-bit-timing's tables with ours; counts the lines of each kind, and fails if one differs. */
function compare(lines: string[], samplePoint = 0): { same: number; impossible: number; outside: number } {
  const count = { same: 0, impossible: 0, outside: 0 };
  let controller = "";
  let clock = 0;
  for (let i = 0; i < lines.length; i++) {
    const title = /^Bit timing parameters for (\w+)(?: \(.*\))? with (\S+) MHz ref clock$/.exec(lines[i]);
    if (title) {
      [controller, clock] = [title[1], Math.round(Number(title[2]) * 1e6)];
      assertEquals(lines.slice(i + 1, i + 3), heading(controller));
      i += 2;
    } else if (lines[i] !== "") {
      const bitrate = Number(lines[i].trim().split(" ")[0]);
      const { text, error } = line({ controller, clock, bitrate, samplePoint });
      if (!lines[i].endsWith("***") && isOutside(controller, lines[i])) {
        assertMatch(`${error}`, /^RangeError: (samplePoint|bitrate) is /, `${controller}, ${clock} Hz: ${lines[i]}`);
        count.outside++;
        continue;
      }
      assertEquals(text, lines[i], `${controller}, ${clock} Hz, ${error}`);
      count[error ? "impossible" : "same"]++;
    }
  }
  return count;
}

describe("can-calc-bit-timing", { skip: noCalc }, () => {
  it("has the controllers of these tests", () => {
    assertEquals(calc.stdout.trim().split("\n"), Object.keys(controllers));
  });

  it("prints our tables for its own clocks", () => {
    const { same, impossible, outside } = compare(output("can-calc-bit-timing").split("\n"));
    assertEquals([same + impossible, outside], [20 * 9, 0]);
  });

  for (const clock of [8, 16, 24, 40, 80]) {
    it(`prints our tables for ${clock} MHz, all its controllers and bitrates`, () => {
      const lines = output("can-calc-bit-timing", "-c", `${clock}000000`).split("\n");
      const { same, impossible, outside } = compare(lines);
      assertEquals([same + impossible, outside], [7 * 9, 0]);
    });
  }

  it("prints our lines for other bitrates and sample points", { timeout: PATIENCE }, async () => {
    const below = generator(7);
    const rates = [10_000, 20_000, 33_333, 50_000, 83_333, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000];
    const asked = Array.from({ length: 100 }, () => ({
      clock: oneOf(below, 8e6, 16e6, 24e6, 40e6, 80e6, 1e6 + below(99e6)),
      bitrate: oneOf(below, ...rates, 5_000 + below(2_000_000)),
      samplePoint: oneOf(below, 0, 500, 625, 700, 750, 800, 875, 900, 500 + below(500), 1 + below(999)),
    }));
    // One program for all: starting one takes far longer than its work.
    const script = 'for each; do set -- $each; can-calc-bit-timing -c "$1" -b "$2" -s "$3"; echo ---; done';
    const words = asked.map(({ clock, bitrate, samplePoint }) => `${clock} ${bitrate} ${samplePoint}`);
    using program = new Program("sh", ["-c", script, "sh", ...words]);
    const tables = (await program.finish()).join("\n").split("---").slice(0, -1);
    assertEquals(tables.length, asked.length);
    const total = { same: 0, impossible: 0, outside: 0 };
    tables.forEach((table, i) => {
      const { same, impossible, outside } = compare(table.split("\n"), asked[i].samplePoint);
      assertEquals(same + impossible + outside, 7, words[i]);
      total.same += same;
      total.impossible += impossible;
      total.outside += outside;
    });
    assert(total.same > 400 && total.impossible > 20 && total.outside > 20, JSON.stringify(total));
  });
});
