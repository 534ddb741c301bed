/**
 * `large_logs.ts [GIB]`: reads logs of 4 GiB in Deno and in Bun, and prints how much memory was resident at most. Each is
 * made first, in the folder for temporary files, where one of them at a time needs its size; and removed after.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import { Message } from "../../mod.ts";
import { LogReader } from "../../src/log/mod.ts";
import { written } from "../support/logs.ts";
import { generator } from "../support/random.ts";

/** The most memory that may be resident, in bytes. */
const MOST = 200e6;
/** The number of messages of the part that the files repeat. */
const MESSAGES = 50_000;

/** The files: `head` bytes that occur once, before what is repeated. */
const files = [
  { name: "log.log", format: "candump", head: 0 },
  { name: "log.blf", format: "blf", head: 144 },
  { name: "log.log.gz", format: "candump", head: 0 },
] as const;

/** What a runtime has read. */
interface Result {
  readonly messages: number;
  readonly skipped: number;
  /** In bytes. */
  readonly memory: number;
  readonly seconds: number;
}

/** Frames of 8, 64 and 1024 bytes, with random data, which cannot be compressed. */
function messages(): Message[] {
  const below = generator(1);
  const lengths = [8, 64, 8, 64, 8, 64, 64, 1024];
  return Array.from({ length: MESSAGES }, (_, i) => {
    const data = Array.from({ length: lengths[i % lengths.length] }, () => below(256));
    const kind = data.length > 64 ? { isXl: true, priority: below(2048) } : { isFd: data.length > 8 };
    return new Message({ ...kind, data, timestamp: 1000 + i / 1000, channel: "can0" });
  });
}

/** Writes the part again and again until the file, before it is compressed, has the size; returns how often. */
async function make(path: string, head: Uint8Array, part: Uint8Array, size: number): Promise<number> {
  const file = createWriteStream(path);
  const target = path.endsWith(".gz") ? createGzip({ level: 1 }) : file;
  if (target !== file) target.pipe(file);
  let count = 0;
  target.write(head);
  for (; count * part.length < size; count++) if (!target.write(part)) await once(target, "drain");
  target.end();
  await finished(file);
  return count;
}

/** Reads a file in this process. */
async function read(path: string): Promise<Result> {
  const start = performance.now();
  const reader = LogReader.open(path, { timeZone: "UTC" });
  let messages = 0;
  for await (const batch of reader.batches()) messages += batch.length;
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1];
  const seconds = (performance.now() - start) / 1000;
  return { messages, skipped: reader.skipped, memory: 1024 * Number(peak), seconds };
}

async function measure(size: number): Promise<void> {
  const script = fileURLToPath(import.meta.url);
  const bun = fileURLToPath(new URL("../../node_modules/.bin/bun", import.meta.url));
  const runtimes = { Deno: [process.execPath, "run", "-A", "--no-check", script], Bun: [bun, script] };
  console.log(
    "| file | bytes | runtime | messages | resident, MB | messages a second |\n| --- | --- | --- | --- | --- | --- |",
  );
  const sent = messages();
  for (const { name, format, head } of files) {
    const folder = mkdtempSync(`${tmpdir()}/large-`);
    try {
      const path = `${folder}/${name}`;
      const bytes = await written(sent, { format });
      const count = await make(path, bytes.subarray(0, head), bytes.subarray(head), size);
      for (const [runtime, [program, ...args]] of Object.entries(runtimes)) {
        const ended = spawnSync(program, [...args, "read", path], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "inherit"],
        });
        if (ended.status !== 0) {
          throw new Error(`reading ${name} in ${runtime} ended with ${ended.status ?? ended.signal}`);
        }
        const found: Result = JSON.parse(ended.stdout);
        const cells = [name, statSync(path).size, runtime, found.messages, (found.memory / 1e6).toFixed(0)];
        console.log(`| ${cells.join(" | ")} | ${Math.round(found.messages / found.seconds)} |`);
        const wrong = found.messages !== count * MESSAGES || found.skipped > 0
          ? `${count * MESSAGES} messages were written; ${found.skipped} diagnostics were made`
          : found.memory > MOST
          ? `more than ${MOST / 1e6} MB were resident`
          : null;
        if (wrong === null) continue;
        console.error(`${name} in ${runtime}: ${wrong}`);
        process.exitCode = 1;
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

const [what = "4", path = ""] = process.argv.slice(2);
if (what === "read") console.log(JSON.stringify(await read(path)));
else {
  if (!(Number(what) > 0)) throw new RangeError("usage: large_logs.ts [GIB]");
  await measure(Number(what) * 2 ** 30);
}
