/**
 * Runs the workloads in C, Deno, Bun and python-can in turn and prints a table of the medians: see README.md.
 *
 * @module
 */

import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "@std/cli";
import { type Peer, table } from "./table.ts";

interface Line {
  readonly workload: string;
  readonly value: number;
}

const usage = "usage: deno run -A bench/run.ts [--rounds COUNT] [--seconds SECONDS] [--native] [--only PARTS]";
const everything = "bus,isotp,wake,idle,memory";
const options = parseArgs(process.argv.slice(2), {
  boolean: ["native"],
  string: ["only"],
  default: { rounds: 5, seconds: 1, native: false, only: everything },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const parts = `${options.only}`.split(",");
const native = options.native;
if (!(rounds >= 1 && seconds > 0 && parts.every((part) => everything.split(",").includes(part)))) {
  throw new RangeError(usage);
}
/** Frames of the wake-up workload, of which the first 100 are not counted; and seconds of the idle workload. */
const WAKE_UPS = 300;
const IDLE = 5;
/** PDUs that isotpperf measures. */
const PDUS = 10;

function output(command: readonly string[]): string {
  return execFileSync(command[0], command.slice(1), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

/** Runs a program, calls `onReady` when it has written its first line, and resolves with its output. */
function started(
  command: readonly string[],
  onReady = () => {},
  environment: Record<string, string> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    });
    let written = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => {
      if (!written.includes("\n") && text.includes("\n")) onReady();
      written += text;
    });
    child.on("error", reject);
    child.on("close", (status) => {
      if (status === 0) resolve(written.trim());
      else reject(new Error(`${command.join(" ")} ended with ${status}`));
    });
  });
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** Returns a Python that has python-can: the system's Python first, because another one may come first on PATH. */
function findPython(): string {
  for (const python of ["/usr/bin/python3", "python3"]) {
    try {
      execFileSync(python, ["-c", "import can"], { stdio: "ignore" });
      return python;
    } catch {
      // Try the next one.
    }
  }
  throw new Error("python-can is missing: apt-get install python3-can, or pip install python-can");
}

function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const deno = process.execPath;
const folder = mkdtempSync(join(tmpdir(), "bench-"));
/** Returns the command that starts a part for a peer. */
type Start = (part: string, ...flags: string[]) => string[];
const peers: Partial<Record<Peer, Start>> = {
  C: (part) => [join(folder, part)],
  Deno: (part, ...flags) => [deno, "run", "--allow-ffi", ...flags, here(`${part}.ts`)],
  Bun: (part) => ["bun", here(`${part}.ts`)],
};
const versions = [
  `Deno ${output([deno, "--version"]).split(" ")[1]}`,
  `Bun ${output(["bun", "--version"])}`,
  output(["cc", "--version"]).split("\n")[0],
];
if (!native) {
  const python = findPython();
  peers["python-can"] = (part) => [python, here("python_can.py"), part];
  versions.push(`python-can ${output([python, "-c", "import can; print(can.__version__)"])}`);
}
const names = Object.keys(peers) as Peer[];
const ours = ["Deno", "Bun"] as const;

/** The results of each round, by workload and peer. */
const measured = new Map<string, Partial<Record<Peer, number[]>>>();

function note(peer: Peer, lines: string): void {
  for (const line of lines.split("\n").filter((line) => line.startsWith("{"))) {
    const { workload, value } = JSON.parse(line) as Line;
    const row = measured.get(workload) ?? {};
    measured.set(workload, row);
    (row[peer] ??= []).push(value);
  }
}

async function bus(): Promise<void> {
  for (const peer of names) {
    note(peer, await started([...peers[peer]!("bus"), `${seconds}`, ...(native ? ["native"] : [])]));
  }
}

/** Starts a program that runs until it is disposed of. It writes to a file, because a full pipe would block it. */
function background(command: readonly string[], file: string): Disposable {
  const fd = openSync(file, "w");
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", fd, "inherit"] });
  closeSync(fd);
  return { [Symbol.dispose]: () => void child.kill() };
}

/** Measures with isotpperf: for C, PDUs from isotpsend to isotprecv; for the others, those of isotp.ts. */
async function isotpperf(peer: Peer): Promise<void> {
  const ids = ["-s", "7e0", "-d", "7e8", "vcan0"];
  const report = join(folder, "isotpperf");
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1000));
  using _perf = background(["isotpperf", ...ids], report);
  using _receiver = peer === "C"
    ? background(["isotprecv", "-s", "7e8", "-d", "7e0", "-l", "vcan0"], join(folder, "isotprecv"))
    : null;
  await pause(); // until they listen
  if (peer === "C") { for (let i = 0; i < PDUS; i++) output(["isotpsend", "-D", "4095", "-b", ...ids]); }
  else output([...peers[peer]!("isotp"), `${PDUS}`, "wire"]);
  await pause(); // until all is written
  const values = [...readFileSync(report, "utf8").matchAll(/=> +(\d+) byte\/s/g)].map(([, value]) => Number(value));
  if (values.length < PDUS / 2) throw new Error(`isotpperf measured ${values.length} of ${PDUS} PDUs`);
  note(peer, JSON.stringify({ workload: "ISO-TP, by isotpperf", value: median(values) }));
}

async function isotp(): Promise<void> {
  if (native) return;
  for (const peer of ["C", ...ours] as const) {
    note(peer, await started([...peers[peer]!("isotp"), `${seconds}`]));
    await isotpperf(peer);
  }
}

async function wake(): Promise<void> {
  for (const buses of [1, 64]) {
    for (const peer of names) {
      const how = [`${buses}`, `${WAKE_UPS}`, ...(native ? [`bench-${process.pid}-${peer}`] : [])];
      const receive = peer === "C" ? ["receive"] : [];
      const sent = Promise.withResolvers<string>();
      const send = () => sent.resolve(started([...peers.C!("wake"), "send", ...how]));
      const [lines] = await Promise.all([started([...peers[peer]!("wake"), ...receive, ...how], send), sent.promise]);
      note(peer, lines);
    }
  }
}

/** Runs all idle processes at the same time, because they do not disturb each other. */
async function idle(): Promise<void> {
  const all = [0, 1, 64].flatMap((buses) => ours.map((peer) => [buses, peer] as const));
  await Promise.all(all.map(async ([buses, peer]) => {
    note(peer, await started([...peers[peer]!("idle"), `${buses}`, `${IDLE}`, ...(native ? ["native"] : [])]));
  }));
}

async function memory(): Promise<void> {
  // Memory for all garbage, and a way to request its collection; Bun can disable the collector.
  const flags = "--v8-flags=--expose-gc,--min-semi-space-size=128,--max-semi-space-size=128";
  for (const peer of ours) {
    note(peer, await started([...peers[peer]!("memory", flags), "kept"]));
    note(peer, await started([...peers[peer]!("memory", flags), "allocated"], undefined, { BUN_JSC_useGC: "0" }));
  }
}

try {
  for (const program of ["bus", "wake", ...(native ? [] : ["isotp"])]) {
    output(["cc", "-O2", "-o", join(folder, program), here(`${program}.c`)]);
  }
  const run: Record<string, () => Promise<void>> = { bus, isotp, wake, idle };
  // The results do not vary, so one run is enough.
  if (parts.includes("memory")) await memory();
  for (let round = 1; round <= rounds; round++) {
    const took: string[] = [];
    for (const part of parts) {
      const start = performance.now();
      await run[part]?.();
      if (run[part]) took.push(`${part} ${((performance.now() - start) / 1000).toFixed(0)} s`);
    }
    if (took.length > 0) console.error(`round ${round} of ${rounds}: ${took.join(", ")}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

const emulated = process.env.SOCKETCAN_VM === "qemu" ? ", emulated in software by QEMU" : "";
const wire = native ? "AF_UNIX datagrams" : "vcan0";

console.log(`${wire}, medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}, ${seconds} s a workload.

${table(names, (workload, peer) => median(measured.get(workload)?.[peer] ?? []))}

Linux ${release()}, ${cpus().length} × ${cpus()[0].model}${emulated}; ${versions.join(", ")}`);
