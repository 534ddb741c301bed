/**
 * Runs the workload in C, Deno, Bun and python-can by turns and prints a table of the medians: see README.md.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

interface Line {
  readonly workload: string;
  readonly perSecond: number;
}

const options = parseArgs(process.argv.slice(2), { default: { rounds: 5, seconds: 0.5 } });
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
if (!(rounds >= 1 && seconds > 0)) {
  throw new RangeError("usage: deno run -A bench/run.ts [--rounds COUNT] [--seconds SECONDS]");
}

function output(command: readonly string[]): string {
  return execFileSync(command[0], command.slice(1), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** The system's Python has the distribution's python-can; the first on PATH may be another one. */
function findPython(): string {
  for (const python of ["/usr/bin/python3", "python3"]) {
    try {
      execFileSync(python, ["-c", "import can"], { stdio: "ignore" });
      return python;
    } catch {
      // The next one.
    }
  }
  throw new Error("python-can is missing: apt-get install python3-can, or pip install python-can");
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const lines = rows.map((row) =>
    line(row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
  );
  const rule = line(widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

const deno = process.execPath;
const python = findPython();
const folder = mkdtempSync(join(tmpdir(), "bench-"));
const peers: Record<string, readonly string[]> = {
  C: [join(folder, "bus")],
  Deno: [deno, "run", "--allow-ffi", here("bus.ts")],
  Bun: ["bun", here("bus.ts")],
  "python-can": [python, here("python_can.py")],
};

/** What each peer did in each round, by workload. */
const measured = new Map<string, Record<string, number[]>>();
try {
  output(["cc", "-O2", "-o", peers.C[0], here("bus.c")]);
  for (let round = 1; round <= rounds; round++) {
    console.error(`round ${round} of ${rounds}`);
    for (const [peer, command] of Object.entries(peers)) {
      for (const line of output([...command, `${seconds}`]).split("\n")) {
        const { workload, perSecond } = JSON.parse(line) as Line;
        const row = measured.get(workload) ?? {};
        measured.set(workload, row);
        (row[peer] ??= []).push(perSecond);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

const ratios = [["Deno", "C"], ["Bun", "C"], ["Deno", "python-can"], ["Bun", "python-can"]];
const rows = [...measured].map(([workload, row]) => {
  const rate = (peer: string) => row[peer] ? median(row[peer]) : NaN;
  const show = (value: number, digits: number) => Number.isNaN(value) ? "–" : value.toFixed(digits);
  return [
    workload,
    ...Object.keys(peers).map((peer) => show(rate(peer) / 1000, 1)),
    ...ratios.map(([ours, other]) => show(rate(ours) / rate(other), 2)),
  ];
});
const versions = [
  `Deno ${output([deno, "--version"]).split(" ")[1]}`,
  `Bun ${output(["bun", "--version"])}`,
  `python-can ${output([python, "-c", "import can; print(can.__version__)"])}`,
  output(["cc", "--version"]).split("\n")[0],
];
const emulated = process.env.SOCKETCAN_VM === "qemu" ? ", emulated in software by QEMU" : "";

console.log(`Thousands a second, medians of ${rounds} rounds of ${seconds} s.

${table([["", ...Object.keys(peers), ...ratios.map((pair) => pair.join("/"))], ...rows])}

Linux ${release()}, ${cpus().length} × ${cpus()[0].model}${emulated}; ${versions.join(", ")}`);
