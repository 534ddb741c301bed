/**
 * What is run, and where.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { Runtime } from "./completeness.ts";
import { slow, testFiles } from "./files.ts";
import type { Part } from "./schedule.ts";

type Machine = "direct" | "uml" | "qemu";
type Suite = "library" | "programs";

const runtimes: readonly Runtime[] = ["deno", "bun"];

/** Seconds for a run on a machine; an emulated processor is some twenty times slower than this one. */
const limits = { direct: 1200, uml: 1800, qemu: 2400 };

/** Makes the parts of a run. */
export class Parts {
  readonly #root: string;
  readonly #reports: string;
  readonly #deno = Deno.execPath();

  readonly #covered: boolean;

  /**
   * @param reports A folder for the reports.
   * @param covered Whether the library's tests record which lines they run.
   */
  constructor(root: string, reports: string, covered: boolean) {
    this.#root = root;
    this.#reports = reports;
    this.#covered = covered;
  }

  /** Format, lint, documentation, types. */
  checks(): Part[] {
    const code = ["mod.ts", "src", "ffi", "bun", "tests", "examples", "bench"];
    const entries = Object.values(JSON.parse(readFileSync("deno.json", "utf8")).exports) as string[];
    const deno = this.#deno;
    const part = (title: string, ...command: string[]): Part => ({ title, where: "host", command });
    return [
      part("types in Deno", deno, "check", "--quiet", ...code),
      // Four times as fast as TypeScript 6, which Deno has.
      part("types in tsc, with Bun's", "node_modules/typescript-7/bin/tsc", "-p", "."),
      part("documentation", deno, "doc", "--quiet", "--lint", ...entries),
      part("lint", deno, "lint", "--quiet", ...code),
      part("format", "dprint", "check"),
    ];
  }

  /** All tests, on this machine; those that need more are skipped. */
  host(): Part[] {
    const examples = [this.#deno, "test", "--doc", "--allow-ffi", "--allow-net", "mod.ts", "src", "ffi", "bun"];
    const browser = [this.#deno, "test", "--no-check", "--quiet", "-A", "tests/web/browser/browser.ts"];
    return [
      ...this.#onHost([]),
      { title: "examples in the doc comments", where: "host", command: examples },
      { title: "the live page in Chromium", where: "host", command: browser },
    ];
  }

  /** The same without what takes longest: other programs, the package, examples, a browser. */
  quick(): Part[] {
    return this.#onHost(slow);
  }

  /** The tests that need a kernel with SocketCAN. */
  kernel(machine: Machine): Part[] {
    return (["library", "programs"] as const).flatMap((suite) =>
      runtimes.map((runtime) => this.#tests(runtime, suite, machine, testFiles(suite).kernel))
    );
  }

  /** The tests that need two SJA1000 controllers. */
  controllers(): Part[] {
    const files = testFiles("programs").controllers;
    return runtimes.map((runtime) => {
      const filter = runtime === "deno" ? "--filter=/SJA1000/" : "--test-name-pattern=SJA1000";
      return this.#tests(runtime, "programs", "qemu", files, "tests of controllers", filter);
    });
  }

  /** Runs nothing on a machine, to see whether it can be had. */
  probe(machine: Machine): string[] {
    return ["tests/vm/run", "--machine", machine, "--timeout", "3600", "--", "true"];
  }

  #onHost(without: readonly string[]): Part[] {
    return (["library", "programs"] as const).flatMap((suite) =>
      runtimes.map((runtime) => this.#tests(runtime, suite, "host", testFiles(suite, without).all))
    );
  }

  #tests(
    runtime: Runtime,
    suite: Suite,
    where: "host" | Machine,
    files: readonly string[],
    name = `${suite} tests`,
    ...more: string[]
  ): Part {
    const report = `${this.#reports}/${runtime}-${name.replaceAll(" ", "-")}-${where}.xml`;
    const covered = this.#covered && suite === "library";
    const denoOptions = [
      "--no-check",
      "--hide-stacktraces",
      // The library's own tests are granted nothing but FFI.
      suite === "library" ? "--allow-ffi" : "-A",
      `--junit-path=${report}`,
      // The report is made at the end, of all parts.
      ...(covered ? [`--coverage=${this.#reports}/coverage`, "--coverage-raw-data-only"] : []),
    ];
    const bunOptions = [
      "--timeout=300000",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...(covered
        ? ["--coverage", "--coverage-reporter=lcov", `--coverage-dir=${this.#reports}/bun-coverage-${where}`]
        : []),
    ];
    const command = runtime === "deno"
      ? [this.#deno, "test", ...denoOptions, ...more, ...files]
      : [`${this.#root}node_modules/.bin/bun`, "test", ...bunOptions, ...more, ...files];
    const machine = ["tests/vm/run", "--machine", where, "--timeout", "", "--out", this.#reports, "--"];
    if (where !== "host") machine[4] = `${limits[where]}`;
    return {
      title: `${name} in ${runtime === "deno" ? "Deno" : "Bun"}`,
      where,
      command: where === "host" ? command : [...machine, ...command],
      tests: { runtime, report },
    };
  }
}
