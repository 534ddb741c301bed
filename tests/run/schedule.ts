/**
 * Runs parts side by side and reports each as it ends.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { run } from "./command.ts";
import type { Runtime } from "./completeness.ts";
import { readReport, type TestCase } from "./junit.ts";

/** A command with one verdict, or with a report of tests. */
export interface Part {
  readonly title: string;
  /** Where it runs. */
  readonly where: "host" | "direct" | "uml" | "qemu";
  readonly command: readonly string[];
  /** Of tests: who runs them, and the JUnit report. */
  readonly tests?: { readonly runtime: Runtime; readonly report: string };
}

/** What a part left. */
export interface Outcome {
  readonly part: Part;
  readonly seconds: number;
  readonly busy: number;
  /** The tests; one of the part's own where it has no report. */
  readonly cases: readonly TestCase[];
}

/** Runs parts, so many at a time, in their order. */
export class Schedule {
  readonly outcomes: Outcome[] = [];
  readonly #logs: string;
  readonly #verbose: boolean;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param logs A folder for the parts' output.
   * @param verbose Whether the output of parts that passed is shown too.
   */
  constructor(places: number, logs: string, verbose: boolean) {
    this.#free = places;
    this.#logs = logs;
    this.#verbose = verbose;
  }

  /**
   * Runs a part when there is a place for it.
   *
   * @param next Whether it goes before the parts that wait.
   */
  async run(part: Part, next = false): Promise<Outcome> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => next ? this.#waiting.unshift(resolve) : this.#waiting.push(resolve));
    console.log(`   ${part.title}, on ${part.where} ...`);
    const log = `${this.#logs}/${part.title.replace(/\W+/g, "-")}-${part.where}.log`;
    const { status, seconds, busy } = await run(part.command, log);
    const waiting = this.#waiting.shift();
    if (waiting) waiting();
    else this.#free++;

    const cases = part.tests ? readReport(part.tests.report) : [];
    const failed = cases.filter(({ outcome }) => outcome === "failed").length;
    if (part.tests && cases.length === 0 || !part.tests || status !== 0 && failed === 0) {
      const outcome = status === 0 && !part.tests ? "passed" : "failed";
      const reason = status === 0 ? "it left no report" : `it ended with ${status}`;
      cases.push({ name: part.title, file: undefined, outcome, reason });
    }
    const outcome = { part, seconds, busy, cases };
    this.outcomes.push(outcome);
    const ok = cases.every((each) => each.outcome !== "failed");
    const output = readFileSync(log, "utf8").trimEnd();
    if (output && (!ok || this.#verbose)) console.log(`\n${output}`);
    console.log(`${ok ? "ok" : "FAILED"} ${part.title}, on ${part.where}: ${counts(cases)}, ${Math.round(seconds)} s`);
    return outcome;
  }
}

/** How many tests passed, failed and were skipped, in words. */
export function counts(cases: readonly TestCase[]): string {
  const of = (outcome: TestCase["outcome"]) => cases.filter((each) => each.outcome === outcome).length;
  return `${of("passed")} passed, ${of("failed")} failed, ${of("skipped")} skipped`;
}
