/**
 * Compares log files with python-can and log2asc: `deno run -A bench/log.ts [MESSAGES [ROUNDS [JOB …]]]`, `bun bench/log.ts`.
 *
 * Give it one core, with `taskset -c 0`. All read the same files, in interleaved rounds, of which each row shows the median.
 * What counts is the processor time of a process with all of its threads, so that other work on the machine disturbs less.
 * All messages are classic frames with 8 bytes of data.
 *
 * @module
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Message } from "../mod.ts";
import { convert, LogReader, LogWriter } from "../src/log/mod.ts";

const [count = 300_000, rounds = 5] = process.argv.slice(2, 4).map(Number);
const wanted = process.argv.slice(4);
const script = fileURLToPath(new URL("log.py", import.meta.url));
const folder = mkdtempSync(`${tmpdir()}/bench-`);
const path = (name: string) => `${folder}/${name}`;

/** A job to measure: ours and, if there is one, that of another program. Both return seconds. */
interface Job {
  readonly name: string;
  readonly ours: () => Promise<number>;
  readonly peer?: { readonly name: string; readonly run: () => number };
}

const messages = Array.from({ length: count }, (_, i) =>
  new Message({
    arbitrationId: (i * 7) % 0x800,
    isExtendedId: false,
    data: [i & 255, (i >> 8) & 255, 3, 4, 5, 6, 7, 8],
    channel: "can0",
    timestampNs: 1_700_000_000_000_000_000n + BigInt(i) * 123_000n,
  }));

/** Returns the processor time that `run` takes, in seconds. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function read(file: string): Promise<number> {
  let found = 0;
  const seconds = await timed(async () => {
    for await (const items of LogReader.open(path(file)).batches()) {
      for (const item of items) if (item instanceof Message) found++;
    }
  });
  if (found !== count) throw new Error(`${found} of ${count} messages in ${file}`);
  return seconds;
}

function write(file: string): Promise<number> {
  return timed(async () => {
    await using log = LogWriter.open(path(file));
    log.writeMany(messages);
    await log.close();
  });
}

function python(...args: string[]): number {
  const output = execFileSync("/usr/bin/python3", [script, ...args], { encoding: "utf8" });
  const [found, seconds] = output.split(" ").map(Number);
  if (found !== count) throw new Error(`python-can: ${found} of ${count} messages`);
  return seconds;
}

/** Returns the processor time that a command takes, in seconds, by the shell's last line of `times`. */
function processorTime(command: string): number {
  const output = execFileSync("bash", ["-c", `${command}; times`], { encoding: "utf8" });
  const [user, system] = output.trimEnd().split("\n").at(-1)!.split(" ").map((time) => {
    const [minutes, seconds] = time.split("m");
    return 60 * Number(minutes) + Number.parseFloat(seconds);
  });
  return user + system;
}

const hasPython = spawnSync("/usr/bin/python3", ["-c", "import can"]).status === 0;
const peerReads = (file: string) =>
  hasPython ? { name: "python-can", run: () => python("read", path(file)) } : undefined;
const jobs: Job[] = [
  ...["candump:a.log", "ASC:a.asc", "BLF:a.blf", "TRC:a.trc"].map((each): Job => {
    const [name, file] = each.split(":");
    return { name: `read ${name}`, ours: () => read(file), peer: peerReads(file) };
  }),
  { name: "read pcapng", ours: () => read("a.pcapng") },
  { name: "read MF4", ours: () => read("a.mf4") },
  { name: "read SQLite", ours: () => read("a.db") },
  {
    name: "write BLF",
    ours: () => write("b.blf"),
    peer: hasPython ? { name: "python-can", run: () => python("write", path("a.log"), path("c.blf")) } : undefined,
  },
  { name: "write candump", ours: () => write("b.log") },
  { name: "write pcapng", ours: () => write("b.pcapng") },
  {
    name: "candump to ASC",
    ours: () => timed(() => convert(path("a.log"), path("b.asc"))),
    peer: {
      name: "log2asc",
      run: () => processorTime(`log2asc -I "${path("a.log")}" -O "${path("c.asc")}" can0`),
    },
  },
];

const median = (values: number[]) => values.sort((one, other) => one - other)[values.length >> 1];

try {
  for (const file of ["a.log", "a.asc", "a.blf", "a.trc", "a.pcapng", "a.mf4", "a.db"]) await write(file);
  const chosen = jobs.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const times = new Map(chosen.map((job) => [job, { ours: [] as number[], peer: [] as number[] }]));
  for (let round = 0; round < rounds; round++) {
    for (const job of chosen) {
      times.get(job)!.ours.push(await job.ours());
      if (job.peer) times.get(job)!.peer.push(job.peer.run());
    }
  }
  console.log(`| job | this library, messages/s | other, messages/s | speed-up |\n| --- | --- | --- | --- |`);
  for (const [job, { ours, peer }] of times) {
    const rate = count / median(ours);
    const beside = job.peer ? `${Math.round(count / median(peer))} (${job.peer.name})` : "";
    const ratio = job.peer ? (median(peer) / median(ours)).toFixed(1) : "";
    console.log(`| ${job.name} | ${Math.round(rate)} | ${beside} | ${ratio} |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
