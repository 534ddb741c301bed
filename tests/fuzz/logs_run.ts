/**
 * `logs_run.ts [COUNT] [SEED]`: tries all log readers with COUNT files in all, divided between Deno and Bun, and prints how
 * many of each format. Or, to repeat cases in one runtime: `logs_run.ts only FORMAT SEED FIRST [END]`.
 *
 * A case that does not end, or that fills the memory, cannot be stopped from within: the program watches the two runtimes
 * from outside. What counts is processor time, so a busy machine makes nothing fail.
 * Ctrl-C ends it with what was counted by then.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { formatNames } from "../../src/log/formats.ts";
import type { LogFormatName } from "../../src/log/mod.ts";
import { type FuzzCounts, LogFuzzer } from "./logs.ts";

/** Cases between two signs of life. */
const BATCH = 256;
/** Seconds of processor time without a sign of life after which a runtime hangs. */
const HANGS = 120;
/** The largest resident memory of a runtime, in bytes: its own and a hundred times what a case may take. */
const MEMORY = 1 << 30;
/** The share of a format. A case of SQLite takes milliseconds, most of them to make a file. */
const share = (name: LogFormatName) => name === "sqlite" ? 0.1 : 1;

/** What a runtime prints: a line for each batch and each fault. */
type Line = { readonly format: LogFormatName; readonly end: number; readonly counts: FuzzCounts } | {
  readonly fault: string;
};

/** Tries ranges of cases, and prints lines. */
async function tryCases(seed: number, ranges: readonly (readonly [LogFormatName, number, number])[]): Promise<void> {
  const print = (line: Line) => writeSync(1, `${JSON.stringify(line)}\n`);
  const fuzzers = new Map<LogFormatName, LogFuzzer>();
  for (const [format, from, to] of ranges) {
    const fuzzer = fuzzers.get(format) ?? await LogFuzzer.create(format, seed);
    fuzzers.set(format, fuzzer);
    for (let at = from; at < to; at += BATCH) {
      const end = Math.min(at + BATCH, to);
      await fuzzer.run(at, end, (fault, cause) => {
        print({ fault: `${fault}\n${cause instanceof Error ? cause.stack?.split("\n").slice(0, 6).join("\n") : ""}` });
      });
      print({ format, end, counts: fuzzer.counts });
    }
  }
}

/** A runtime at work. */
interface Work {
  readonly counts: Map<LogFormatName, FuzzCounts>;
  readonly faults: string[];
  memory: number;
}

/** Runs this file in a runtime, and watches it. */
async function watched(command: readonly string[], seed: number, half: number): Promise<Work> {
  const work: Work = { counts: new Map(), faults: [], memory: 0 };
  const [program, ...args] = [...command, fileURLToPath(import.meta.url), "half", `${half}`, `${seed}`, `${count}`];
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: "/dev/shm" }, // where SQLite's files cost least
  });
  let [last, since] = ["at the beginning", 0];
  const watch = setInterval(() => {
    const { seconds, memory } = usage(child.pid!);
    work.memory = Math.max(work.memory, memory);
    const wrong = seconds - since > HANGS
      ? `no end after ${HANGS} seconds of processor time`
      : memory > MEMORY
      ? `${memory} bytes of memory`
      : null;
    if (wrong === null) return;
    work.faults.push(`${wrong} within the ${BATCH} cases after ${last}`);
    child.kill("SIGKILL");
  }, 2000);
  let stopped = false;
  process.once("SIGINT", () => stopped = child.kill("SIGKILL"));
  const exit = once(child, "exit");
  for await (const text of createInterface({ input: child.stdout })) {
    const line: Line = JSON.parse(text);
    if ("fault" in line) {
      work.faults.push(line.fault);
      console.error(line.fault);
      continue;
    }
    work.counts.set(line.format, line.counts);
    [last, since] = [`case ${line.end} of ${line.format}, seed ${seed}`, usage(child.pid!).seconds];
  }
  const [status, signal] = await exit;
  clearInterval(watch);
  if (status !== 0 && work.faults.length === 0 && !stopped) {
    work.faults.push(`${program} ended with ${status ?? signal} after ${last}`);
  }
  return work;
}

/** The processor time of a process in seconds, and the most memory that was resident; zeros once it has ended. */
function usage(pid: number): { seconds: number; memory: number } {
  try {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ").slice(11, 13);
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0;
    return { seconds: (Number(user) + Number(system)) / 100, memory: 1024 * Number(peak) };
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT" || (error as { code?: string }).code === "ESRCH") {
      return { seconds: 0, memory: 0 };
    }
    throw error;
  }
}

/** The cases of one of the two halves, in rounds over all formats. */
function rangesOf(half: number, count: number): [LogFormatName, number, number][] {
  const names = formatNames();
  const each = count / 2 / names.reduce((sum, name) => sum + share(name), 0);
  const rounds = Math.ceil(each / 20_000);
  return Array.from({ length: rounds }, (_, round) =>
    names.map((name): [LogFormatName, number, number] => {
      const cases = Math.ceil(each * share(name) / rounds);
      const first = (half * rounds + round) * cases;
      return [name, first, first + cases];
    })).flat();
}

const [first = "100000", second = "1", ...rest] = process.argv.slice(2);
const count = Number(first === "half" ? rest[1] : first);
if (first === "half") await tryCases(Number(rest[0]), rangesOf(Number(second), count));
else if (first === "only") {
  const [seed, from, to = from + 1] = rest.map(Number);
  await tryCases(seed, [[second as LogFormatName, from, to]]);
} else {
  const seed = Number(second);
  if (!(count >= 1) || !Number.isInteger(seed)) throw new RangeError("usage: logs_run.ts [COUNT] [SEED]");
  const bun = fileURLToPath(new URL("../../node_modules/.bin/bun", import.meta.url));
  const deno = [process.execPath, "run", "-A", "--no-check"];
  const works = await Promise.all([watched(deno, seed, 0), watched([bun], seed, 1)]);
  console.log(
    "| format | in Deno | in Bun | messages | diagnostics | slowest 16, ms |\n| --- | --- | --- | --- | --- | --- |",
  );
  for (const name of formatNames()) {
    const found = works.map(({ counts }) => counts.get(name) ?? { cases: 0, messages: 0, skipped: 0, slowest: 0 });
    const sum = (of: (counts: FuzzCounts) => number) => found.reduce((total, each) => total + of(each), 0);
    const slowest = Math.max(...found.map(({ slowest }) => 1000 * slowest)).toFixed(0);
    const cells = [...found.map(({ cases }) => cases), sum(({ messages }) => messages), sum(({ skipped }) => skipped)];
    console.log(`| ${name} | ${cells.join(" | ")} | ${slowest} |`);
  }
  const total = works.flatMap(({ counts }) => [...counts.values()]).reduce((sum, { cases }) => sum + cases, 0);
  const memory = works.map(({ memory }) => `${Math.round(memory / 1e6)} MB`).join(" in Deno, ");
  const faults = works.flatMap(({ faults }) => faults);
  console.log(`${total} files; ${memory} in Bun at most; ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
