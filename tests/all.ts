/**
 * Everything: checks, then the tests in both runtimes, on this machine and on a kernel with SocketCAN.
 *
 * `deno run -A tests/all.ts [--verbose] [checks] [host | quick] [kernel]`; checks, host and kernel by default. With
 * --verbose it shows the output of parts that passed, too.
 *
 * @module
 */

import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { run } from "./run/command.ts";
import { incomplete } from "./run/completeness.ts";
import { coverageTable } from "./run/coverage.ts";
import { Parts } from "./run/parts.ts";
import { counts, type Part, Schedule } from "./run/schedule.ts";

const start = performance.now();
const root = fileURLToPath(new URL("../", import.meta.url));
const words = new Set(Deno.args);
const verbose = words.delete("--verbose");
const unknown = [...words].filter((word) => !["checks", "host", "quick", "kernel"].includes(word));
if (unknown.length > 0) throw new RangeError(`no such part: ${unknown}; there are checks, host, quick and kernel`);
const wanted = (word: string) => words.size === 0 || words.has(word);

Deno.chdir(root);
Deno.env.set("PATH", `${root}node_modules/.bin:${Deno.env.get("PATH")}`);
const reports = mkdtempSync(`${tmpdir()}/reports-`);
const schedule = new Schedule(navigator.hardwareConcurrency + 1, reports, verbose);
const failures: string[] = [];
try {
  await install();
  const parts = new Parts(root, reports, wanted("kernel"));
  const running: Promise<unknown>[] = [];
  const direct = wanted("kernel") && (await run(parts.probe("direct"), `${reports}/probe.log`)).status === 0;
  const add = (some: readonly Part[]) => running.push(...some.map((part) => schedule.run(part)));
  if (wanted("kernel")) running.push(kernel(parts, direct));
  if (wanted("host")) add(parts.host());
  else if (words.has("quick")) add(parts.quick());
  if (wanted("checks")) add(parts.checks());
  await Promise.all(running);

  for (const { part, cases } of schedule.outcomes) {
    for (const { name, file, outcome, reason } of cases) {
      if (outcome === "failed") {
        const where = `${part.title}, on ${part.where}`;
        failures.push(`${where}: ${file ? `${file}: ` : ""}${name}: ${reason.replace(/\s+/g, " ").slice(0, 300)}`);
      }
    }
  }
  if (wanted("host") && wanted("kernel")) failures.push(...missing());
  if (wanted("kernel")) console.log(`\nLines covered, in percent:\n${await coverageTable(root, reports)}`);
} finally {
  rmSync(reports, { recursive: true });
}
console.log(`\n${table()}`);
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `- ${failure}`).join("\n")}`);
const passed = schedule.outcomes.flatMap(({ cases }) => cases).filter(({ outcome }) => outcome === "passed").length;
console.log(`\n${passed} passed, ${failures.length} failed`);
Deno.exitCode = failures.length > 0 ? 1 : 0;

/** Installs with npm what the lock file says, unless that was done since it last changed. */
async function install(): Promise<void> {
  const mark = "node_modules/.package-lock.json";
  if (existsSync(mark) && statSync(mark).mtimeMs >= statSync("package-lock.json").mtimeMs) return;
  const { status } = await run(["npm", "ci", "--no-audit", "--no-fund"]);
  if (status !== 0) failures.push(`npm ci: it ended with ${status}`);
}

/** The tests that need a kernel with SocketCAN: on this machine's own, else on user-mode Linux and QEMU. */
async function kernel(parts: Parts, direct: boolean): Promise<void> {
  if (direct) {
    await Promise.all(parts.kernel("direct").map((part) => schedule.run(part)));
    return;
  }
  const probe = schedule.run({
    title: "user-mode Linux is built and starts",
    where: "uml",
    command: parts.probe("uml"),
  });
  const controllers = parts.controllers().map((part) => schedule.run(part));
  const { cases: [{ outcome }] } = await probe;
  if (outcome === "failed") {
    // Not a failure of the library: QEMU runs the same tests, only more slowly.
    schedule.outcomes.splice(schedule.outcomes.indexOf(await probe), 1);
    console.log(
      "   there is no user-mode Linux here, for the reason above; QEMU runs its tests, which takes much longer",
    );
  }
  const tests = parts.kernel(outcome === "failed" ? "qemu" : "uml");
  // Each goes before those that wait, so the last of them is the first to run.
  await Promise.all([...tests.toReversed().map((part) => schedule.run(part, true)), ...controllers]);
}

/** Tests that did not run. On this machine's own kernel those of controllers may be skipped. */
function missing(): string[] {
  const direct = schedule.outcomes.some(({ part }) => part.where === "direct");
  const results = schedule.outcomes.flatMap(({ part: { tests }, cases }) => tests ? [{ ...tests, cases }] : []);
  return incomplete(results, (name) => direct && /\bSJA1000\b/.test(name));
}

/** A line a part, in the order of their ends. */
function table(): string {
  const rows = schedule.outcomes.map(({ part, seconds, busy, cases }) =>
    `${part.title.padEnd(38)} ${part.where.padEnd(6)} ${seconds.toFixed(0).padStart(5)} ${
      busy.toFixed(0).padStart(7)
    }  ` +
    counts(cases)
  );
  const busy = schedule.outcomes.reduce((sum, outcome) => sum + outcome.busy, 0);
  return [
    `${"part".padEnd(38)} ${"where".padEnd(6)} ${"s".padStart(5)} ${"CPU s".padStart(7)}`,
    ...rows,
    `${"in all".padEnd(45)} ${((performance.now() - start) / 1000).toFixed(0).padStart(5)} ${
      busy.toFixed(0).padStart(7)
    }`,
  ].join("\n");
}
