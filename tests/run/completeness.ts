/**
 * Whether every test ran: in each runtime, in at least one part.
 *
 * @module
 */

import type { TestCase } from "./junit.ts";

export type Runtime = "deno" | "bun";

/** Tests, and groups of tests, that only one runtime can run. */
const onlyIn: Record<string, Runtime> = {
  "a closed bus leaks nothing in Deno, on vcan": "deno", // by Deno's sanitizers
  "a closed bus leaks nothing in Deno, on virtual": "deno",
  "Permissions": "deno", // Bun has none
  "can doctor finds > permissions that Deno was not given": "deno",
  "The package for JSR": "deno",
  "The npm package > has types without an error in a project of bun init's": "deno",
  "The npm package > has types without an error with the strictest options": "deno",
  "The documentation > has blocks without type errors": "deno",
  "The documentation > puts every export into one category": "deno", // `deno doc` reads them
  "A user's script > imports the library over HTTP, with no import map": "deno",
  "A user's script > imports the live page over HTTP, with no import map": "deno",
  "A script that is loaded again > leaves no socket open and no frames on the bus: --watch": "deno",
  "A script that is loaded again > leaves no socket open and no frames on the bus: --watch, after an error": "deno",
  "A script that is loaded again > leaves no socket open and no frames on the bus: --watch-hmr": "deno",
  "A script that is loaded again > leaves no socket open and no frames on the bus: --watch-hmr, after an error": "deno",
  "A script that is loaded again > leaves no socket open and no frames on the bus: --hot": "bun",
  "A script that is loaded again > leaves no socket open and no frames on the bus: --hot, after an error": "bun",
  "A compiled program > opens a bus, waits and answers": "bun",
  "A compiled program > can, as one file": "bun",
  "A compiled program > the live page, with all its files": "bun",
  "A worker's sockets and periodic frames end with it > busy": "bun", // Deno does not end such a thread
  "checkVersion > is called before a virtual bus is opened, too": "deno", // Bun.version cannot be replaced
};

/** The tests of a part in one runtime. */
export interface Results {
  readonly runtime: Runtime;
  readonly cases: readonly TestCase[];
}

/**
 * Returns what is wrong, a line a test: it was skipped wherever it could have run, or one runtime lacks it.
 *
 * @param excused Whether a test may be skipped everywhere.
 */
export function incomplete(results: readonly Results[], excused: (name: string) => boolean): string[] {
  const wrong: string[] = [];
  const didRun = (outcome: TestCase["outcome"]) => outcome !== "skipped";
  const ran = { deno: count(results, "deno", didRun), bun: count(results, "bun", didRun) };
  for (const [runtime, other] of [["deno", "bun"], ["bun", "deno"]] as const) {
    for (const name of count(results, runtime, (outcome) => outcome === "skipped").keys()) {
      // Deno reports a skipped group as one.
      const done = [...ran[runtime].keys()].some((each) => isIn(each, name));
      if (!done && !excused(name) && only(name) !== other) wrong.push(`${name}: skipped everywhere in ${runtime}`);
    }
    for (const [name, times] of ran[other]) {
      const here = ran[runtime].get(name) ?? 0;
      if (here < times && only(name) !== other) {
        wrong.push(`${name}: ran ${times} times in ${other}, ${here} times in ${runtime}`);
      }
    }
  }
  for (const [name, runtime] of Object.entries(onlyIn)) {
    if (![...ran[runtime].keys()].some((each) => isIn(each, name))) {
      wrong.push(`${name}: listed in tests/run/completeness.ts, but did not run in ${runtime}`);
    }
  }
  return wrong;
}

/** The only runtime that can run a test. */
function only(name: string): Runtime | undefined {
  return Object.entries(onlyIn).find(([listed]) => isIn(name, listed))?.[1];
}

/** Whether a name is another, or that of a test in a group with the other name. */
function isIn(name: string, group: string): boolean {
  return name === group || name.startsWith(`${group} > `);
}

/** How often each name occurs among a runtime's tests with certain outcomes. */
function count(
  results: readonly Results[],
  runtime: Runtime,
  wanted: (outcome: TestCase["outcome"]) => boolean,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name, outcome } of results.flatMap((each) => each.runtime === runtime ? each.cases : [])) {
    if (wanted(outcome)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
