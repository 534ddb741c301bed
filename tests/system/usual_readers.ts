/**
 * The usual readers of each log format: other programs that count the messages of files.
 *
 * @module
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LogFormatName } from "../../src/log/mod.ts";
import { noPython } from "./log_tools.ts";

/** What a program found in a file. */
export interface Found {
  readonly messages: number;
  /** What it complained about; null if nothing. */
  readonly complaint: string | null;
}

/** A program that counts the messages of several files. */
export interface UsualReader {
  readonly name: string;
  readonly missing: boolean;
  count(paths: readonly string[]): Found[];
}

const script = fileURLToPath(new URL("logs.py", import.meta.url));
const absent = (program: string) => !existsSync(`/usr/bin/${program}`);

const python: UsualReader = {
  name: "python-can",
  missing: noPython !== false,
  count(paths) {
    const input = paths.join("\n");
    return JSON.parse(execFileSync("/usr/bin/python3", [script, "count"], { input, encoding: "utf8", maxBuffer: 1e9 }));
  },
};

/** Wireshark's file library: the one that tshark reads with. */
const capinfos: UsualReader = {
  name: "capinfos",
  missing: absent("capinfos"),
  count(paths) {
    const found: Found[] = [];
    for (let i = 0; i < paths.length; i += 100) {
      const some = paths.slice(i, i + 100);
      const { stdout, stderr } = spawnSync("capinfos", ["-TrcMm", ...some], { encoding: "utf8" });
      const lines = stdout.trim().split("\n");
      // A complaint names no file in a form to rely on: each file is examined alone.
      if (stderr === "" && lines.length === some.length) found.push(...lines.map((line) => packets(line, "")));
      else {
        found.push(...some.map((path) => {
          const { stdout, stderr } = spawnSync("capinfos", ["-TrcMm", path], { encoding: "utf8" });
          return packets(stdout, stderr);
        }));
      }
    }
    return found;
  },
};

function packets(line: string, complaint: string): Found {
  return { messages: Number(line.trim().split(",").at(-1)), complaint: complaint.trim() || null };
}

const log2asc: UsualReader = {
  name: "log2asc",
  missing: absent("log2asc"),
  count: (paths) =>
    paths.map((path) => {
      const { stdout, stderr, status } = spawnSync("log2asc", ["-I", path, "can0"], {
        encoding: "utf8",
        maxBuffer: 1e9,
      });
      return {
        messages: stdout.match(/ Rx /g)?.length ?? 0,
        complaint: stderr.trim() || (status === 0 ? null : `status ${status}`),
      };
    }),
};

/** Any program that reads JSON lines. */
const json: UsualReader = {
  name: "JSON.parse",
  missing: false,
  count: (paths) =>
    paths.map((path) => {
      const lines = readFileSync(path, "utf8").split("\n");
      let complaint: string | null = lines.pop() || null;
      let messages = 0;
      for (const line of lines) {
        try {
          JSON.parse(line);
          messages++;
        } catch (error) {
          complaint = String(error);
        }
      }
      return { messages, complaint };
    }),
};

/** The usual readers by format. The others have none that Debian packages; python-can refuses the columns of csv-full. */
export const usualReaders: { readonly [Format in LogFormatName]?: readonly UsualReader[] } = {
  "candump": [log2asc],
  "asc": [python],
  "blf": [python, capinfos],
  "trc": [python],
  "trc-1.1": [python],
  "csv": [python],
  "sqlite": [python],
  "pcap": [capinfos],
  "pcapng": [capinfos],
  "jsonl": [json],
};

/** Inflates a file beside itself with gzip(1), as far as it can, and returns the path of the result. */
export function gunzipped(path: string): string {
  const { stdout, stderr, status } = spawnSync("gzip", ["-dc", path], { maxBuffer: 1e9 });
  // A killed writer may have left the last member cut off.
  if (status !== 0 && !/unexpected end of file/.test(`${stderr}`)) throw new Error(`gzip -dc ${path}: ${stderr}`);
  const plain = path.replace(/\.gz$/, "").replace(/(\.[^./]+)$/, "-inflated$1");
  writeFileSync(plain, stdout);
  return plain;
}
