/**
 * What the files of tests/data/logs hold.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Message, type MessageInit } from "../../../mod.ts";
import type { LogItem, LogNote } from "../../../src/log/mod.ts";

/** The path of tests/data/logs. */
export const folder = fileURLToPath(new URL("../../data/logs", import.meta.url));

/** What a file holds, as the file beside it says. */
export function expectationsOf(file: string): { info: unknown; items: LogItem[] } {
  const text = readFileSync(`${folder}/${file.replace(/\..*$/, ".jsonl")}`, "utf8");
  const [first, ...rest] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const items = rest.map(({ timestampNs, ...fields }): LogItem => {
    const ns = timestampNs === null ? null : BigInt(timestampNs);
    return "type" in fields
      ? { ...fields, timestampNs: ns } as LogNote
      : new Message({ ...fields, timestampNs: ns } as MessageInit);
  });
  return { info: first.info, items };
}
