import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import type { LogFormat } from "../../src/log/format.ts";
import { allFormats } from "../../src/log/formats.ts";
import { LogReader } from "../../src/log/mod.ts";
import { generator } from "../support/random.ts";
import { command } from "./script.ts";
import { PATIENCE } from "./tools.ts";
import { gunzipped, usualReaders } from "./usual_readers.ts";

const script = fileURLToPath(new URL("scripts/log_writer.ts", import.meta.url));
/** How many times to kill each writer: set `LOG_KILLS=200` for a long run, which also prints what it found. */
const KILLS = Number(process.env.LOG_KILLS ?? 2);
const VERBOSE = process.env.LOG_KILLS !== undefined;

/**
 * Kills the script at a random moment: after up to `reports` reports, and up to 5 ms. Returns the number of messages it
 * reported as flushed, by path.
 */
function killed(logs: readonly string[], reports: number, milliseconds: number): Promise<Map<string, number>> {
  const [program, ...args] = command(script, {
    args: logs,
    denoFlags: ["--allow-read", "--allow-write", "--allow-env"],
  });
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  let aimed = false;
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (aimed || output.split("\n").length <= reports) return;
      aimed = true;
      setTimeout(() => child.kill("SIGKILL"), milliseconds);
    });
    child.on("close", (_, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`the writer ended by itself: ${signal}`));
      const lines = output.split("\n").slice(0, -1).map((line) => line.split(" "));
      resolve(new Map(lines.map(([path, count]) => [path, Number(count)])));
    });
  });
}

/** The file name extension by which other programs know a format. */
function extension({ name, extensions }: LogFormat): string {
  return extensions[0] ?? { "csv-full": ".csv", "trc-1.1": ".trc", "trc-2.0": ".trc" }[name as string] ?? ".log";
}

/** A log that a killed writer left. */
interface Left {
  readonly folder: string;
  /** The number of messages that were reported as flushed. */
  readonly flushed: number;
  /** Its files with messages, what this library found in each, and whether nothing was cut off. */
  readonly files: { readonly path: string; readonly messages: number; readonly whole: boolean }[];
}

/** Reads what a killed writer left: every message is complete and in order. */
async function read(folder: string, { name }: LogFormat, flushed: number): Promise<Left> {
  const files: Left["files"][number][] = [];
  let found = 0;
  for (const file of readdirSync(folder).filter((each) => !/-(journal|wal|shm)$/.test(each)).sort()) {
    const path = `${folder}/${file}`;
    const reader = LogReader.open(path, { format: name, timeZone: "UTC" });
    const before = found;
    for (const message of await reader.readAll()) {
      const number = message.data[0] | message.data[1] << 8 | message.data[2] << 16;
      assertEquals(number, found++ & 0xffffff, path);
      assertEquals(message.arbitrationId, number % 0x800);
    }
    if (found > before) files.push({ path, messages: found - before, whole: reader.skipped === 0 });
  }
  assert(found >= flushed, `${found} messages in the files of ${folder}, ${flushed} were flushed`);
  return { folder, flushed, files };
}

/** Compares with the format's usual readers: what is whole they read alike, and all that was flushed they find. */
function compare(format: LogFormat, logs: readonly Left[]): string[] {
  const paths = logs.flatMap(({ files }) => files).map(({ path }) => path.endsWith(".gz") ? gunzipped(path) : path);
  const readers = (usualReaders[format.name] ?? []).filter(({ missing }) => !missing);
  for (const reader of readers) {
    const found = reader.count(paths).values();
    for (const { flushed, files } of logs) {
      let sum = 0;
      for (const { path, messages, whole } of files) {
        const theirs = found.next().value!;
        sum += theirs.messages;
        if (whole) assertEquals(theirs, { messages, complaint: null }, `${reader.name} on ${path}`);
      }
      assert(sum >= flushed, `${reader.name} finds ${sum} messages, ${flushed} were flushed: ${files[0]?.path}`);
    }
  }
  return readers.map(({ name }) => name);
}

function describeLogs(logs: readonly Left[]): string {
  const files = logs.flatMap((log) => log.files);
  const sum = (numbers: number[]) => numbers.reduce((all, each) => all + each, 0);
  return `${logs.length} logs, ${sum(logs.map(({ flushed }) => flushed))} messages flushed, ` +
    `${sum(files.map(({ messages }) => messages))} found in ${files.length} files, ` +
    `${files.filter(({ whole }) => !whole).length} of them cut off`;
}

/** The logs of a format that the script writes, by their paths in a folder of the kill. */
function namesOf(format: LogFormat): string[] {
  const name = `a${extension(format)}`;
  const plain = [`whole/${name}`, `rotated/${name}`];
  const all = format.database ? plain : [...plain, `whole-gzip/${name}.gz`, `rotated-gzip/${name}.gz`];
  return all.map((each) => `${format.name}-${each}`);
}

describe("A process killed while writing logs", () => {
  const folder = mkdtempSync(`${tmpdir()}/logs-`);
  const formats = allFormats().filter(({ encoder }) => encoder !== null);
  const left = new Map<LogFormat, Left[]>(formats.map((format) => [format, []]));

  it("leaves all flushed messages in the files", { timeout: PATIENCE * KILLS }, async () => {
    const below = generator(KILLS);
    for (let kill = 0; kill < KILLS; kill++) {
      const logs = formats.flatMap((format) =>
        namesOf(format).map((name) => ({ format, path: `${folder}/${kill}-${name}` }))
      );
      for (const { path } of logs) mkdirSync(dirname(path));
      const args = logs.map(({ format, path }) => `${format.name}:${path}`);
      const flushed = await killed(args, below(15 * logs.length), below(6));
      for (const { format, path } of logs) {
        left.get(format)!.push(await read(dirname(path), format, flushed.get(path) ?? 0));
      }
    }
  });

  for (const format of formats) {
    it(`leaves files in the format ${format.name} that its usual readers accept`, { timeout: PATIENCE * KILLS }, () => {
      const logs = left.get(format)!;
      assertEquals(logs.length, KILLS * namesOf(format).length);
      const readers = compare(format, logs);
      if (VERBOSE) console.log(`${format.name}: ${describeLogs(logs)}; also read by ${readers.join(", ") || "none"}`);
      for (const each of logs) rmSync(each.folder, { recursive: true }); // a failed test leaves them for examination
    });
  }
});
