/**
 * Measures periodic tasks of 1, 10 and 100 ms in Deno, Bun, python-can and cangen, one program after the other, and
 * prints a table: see README.md.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "@std/cli";

const { seconds } = parseArgs(process.argv.slice(2), { default: { seconds: 30 } });
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const periods = [1, 10, 100]; // in ms; each program sends them with the identifiers 0, 1 and 2
const script = [file("periods.ts"), `${seconds}`];
const deno = [process.execPath, "run", "--allow-ffi", "--no-check", ...script];
const cangen = periods.map((period, id) =>
  `cangen vcan0 -g ${period} -I ${id} -L 8 -D 0102030405060708 & all="$all $!";`
).join(" ");
/** The programs, each of which sends for the given time. */
const peers: [name: string, command: readonly string[]][] = [
  ["Deno", [...deno, "default"]],
  ["Bun", ["bun", ...script, "default"]],
  ["Deno, precise", [...deno, "duration"]],
  ["Bun, precise", ["bun", ...script, "duration"]],
  ["Deno, precise, endless", [...deno, "endless"]],
  ["Bun, precise, endless", ["bun", ...script, "endless"]],
  ["python-can", ["/usr/bin/python3", file("periods.py"), `${seconds}`]],
  ["cangen", ["sh", "-c", `${cangen} sleep ${seconds}; kill $all`]],
  ["Deno, modify", [...deno, "modify"]],
  ["Bun, modify", ["bun", ...script, "modify"]],
];

function start(command: readonly string[]): { child: ChildProcess; end: Promise<unknown> } {
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "ignore", "inherit"] });
  const end = new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { child, end };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Returns the kernel's timestamps of each task's frames, in microseconds, as recorded by candump. */
async function recorded(command: readonly string[], log: string): Promise<number[][]> {
  const candump = start(["sh", "-c", `exec candump -L vcan0 > "$1"`, "sh", log]);
  await pause(500);
  await start(command).end;
  await pause(500);
  candump.child.kill();
  await candump.end;
  const times: number[][] = periods.map(() => []);
  for (const [, whole, fraction, id] of readFileSync(log, "utf8").matchAll(/^\((\d+)\.(\d{6})\) vcan0 00(\d)#/gm)) {
    times[Number(id)].push(Number(whole + fraction));
  }
  return times;
}

/**
 * Formats the figures of a task: the mean period, its error, the standard deviation, and percentiles of the intervals.
 */
function row(name: string, period: number, times: readonly number[]): string {
  const gaps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
  const mean = (times[times.length - 1] - times[0]) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  const at = (part: number) => (gaps[Math.floor(part * (gaps.length - 1))] / 1000).toFixed(3);
  const off = (100 * (mean / (1000 * period) - 1)).toFixed(2);
  const figures = [`${times.length}`, (mean / 1000).toFixed(3), `${off} %`, deviation.toFixed(0)];
  return `| ${[`${period} ms`, name, ...figures, ...[0, 0.01, 0.5, 0.99, 1].map(at)].join(" | ")} |`;
}

const folder = mkdtempSync(join(tmpdir(), "periods-"));
try {
  const all: [name: string, times: number[][]][] = [];
  for (const [name, command] of peers) all.push([name, await recorded(command, join(folder, "log"))]);
  console.log(`\n${cpus().length} processors, Linux ${release()}; ${seconds} s each\n`);
  console.log("| period | | frames | mean, ms | error | sd, µs | min, ms | 1 % | median | 99 % | max |");
  console.log(`| ---: | --- |${" ---: |".repeat(9)}`);
  periods.forEach((period, i) => all.forEach(([name, times]) => console.log(row(name, period, times[i]))));
} finally {
  rmSync(folder, { recursive: true });
}
