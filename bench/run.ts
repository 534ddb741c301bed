/**
 * Runs the workloads in C, Deno, Bun and python-can by turns and prints a table of the medians: see README.md.
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
import { type Peer, table } from "./table.ts";

interface Line {
  readonly workload: string;
  readonly value: number;
}

const options = parseArgs(process.argv.slice(2), {
  boolean: ["native"],
  default: { rounds: 5, seconds: 0.5, native: false },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const native = options.native ? ["native"] : [];
if (!(rounds >= 1 && seconds > 0)) {
  throw new RangeError("usage: deno run -A bench/run.ts [--rounds COUNT] [--seconds SECONDS] [--native]");
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

const deno = process.execPath;
const folder = mkdtempSync(join(tmpdir(), "bench-"));
/** How each peer starts a workload, by the workload's name. */
const peers: Partial<Record<Peer, (workload: string) => string[]>> = {
  C: (workload) => [join(folder, workload)],
  Deno: (workload) => [deno, "run", "--allow-ffi", here(`${workload}.ts`)],
  Bun: (workload) => ["bun", here(`${workload}.ts`)],
};
const versions = [
  `Deno ${output([deno, "--version"]).split(" ")[1]}`,
  `Bun ${output(["bun", "--version"])}`,
  output(["cc", "--version"]).split("\n")[0],
];
if (!options.native) {
  const python = findPython();
  peers["python-can"] = () => [python, here("python_can.py")];
  versions.push(`python-can ${output([python, "-c", "import can; print(can.__version__)"])}`);
}
const names = Object.keys(peers) as Peer[];

/** What each peer did in each round, by workload. */
const measured = new Map<string, Partial<Record<Peer, number[]>>>();

function note(peer: Peer, lines: string): void {
  for (const line of lines.split("\n")) {
    const { workload, value } = JSON.parse(line) as Line;
    const row = measured.get(workload) ?? {};
    measured.set(workload, row);
    (row[peer] ??= []).push(value);
  }
}

try {
  output(["cc", "-O2", "-o", join(folder, "bus"), here("bus.c")]);
  for (let round = 1; round <= rounds; round++) {
    console.error(`round ${round} of ${rounds}`);
    for (const peer of names) note(peer, output([...peers[peer]!("bus"), `${seconds}`, ...native]));
  }
} finally {
  rmSync(folder, { recursive: true });
}

const emulated = process.env.SOCKETCAN_VM === "qemu" ? ", emulated in software by QEMU" : "";
const wire = options.native ? "AF_UNIX datagrams" : "vcan0";

console.log(`${wire}, medians of ${rounds} rounds of ${seconds} s.

${table(names, (workload, peer) => median(measured.get(workload)?.[peer] ?? []) ?? NaN)}

Linux ${release()}, ${cpus().length} × ${cpus()[0].model}${emulated}; ${versions.join(", ")}`);
