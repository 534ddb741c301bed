/**
 * Log files and the other programs that read and write them.
 *
 * @module
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { Message, type MessageInit } from "../../mod.ts";
import { type LogFormatName, LogReader, LogWriter } from "../../src/log/mod.ts";

const script = fileURLToPath(new URL("logs.py", import.meta.url));
export const missing = (...programs: string[]) => {
  const absent = programs.filter((each) => !existsSync(`/usr/bin/${each}`));
  return absent.length > 0 && `${absent.join(", ")} not installed`;
};

/** Looks for python-can without importing it, which takes ten times as long. */
const find = "import importlib.util, sys; sys.exit(importlib.util.find_spec('can') is None)";
/** Why tests that need python-can are skipped, or false. */
export const noPython: string | false = spawnSync("/usr/bin/python3", ["-c", find]).status !== 0 &&
  "python-can not installed";
export const START = 1_581_670_628;

/** A temporary folder, removed at the end of the block. */
export function folder(): { path: string } & Disposable {
  const path = mkdtempSync(`${tmpdir()}/logs-`);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** Messages that every other program supports: whole microseconds, one interface. */
export const classic: readonly MessageInit[] = [
  { arbitrationId: 0x123, isExtendedId: false, data: [1, 2, 3] },
  { arbitrationId: 0, isExtendedId: false, data: [] },
  { arbitrationId: 0x7ff, isExtendedId: false, data: [0, 1, 2, 3, 4, 5, 6, 255] },
  { arbitrationId: 0x12345678, data: [0xde, 0xad] },
  { arbitrationId: 0x10, data: [0] },
];
export const remote: readonly MessageInit[] = [
  { arbitrationId: 0x321, isExtendedId: false, isRemoteFrame: true, dlc: 4 },
  { arbitrationId: 0x1fffffff, isRemoteFrame: true, dlc: 8 },
];
export const fd: readonly MessageInit[] = [
  { arbitrationId: 0x55, isExtendedId: false, isFd: true, data: new Uint8Array(12).fill(7) },
  { arbitrationId: 0x1abcdef, isFd: true, bitrateSwitch: true, data: Uint8Array.from({ length: 64 }, (_, i) => i) },
  { arbitrationId: 0x56, isExtendedId: false, isFd: true, bitrateSwitch: true, errorStateIndicator: true, data: [1] },
];

export function messages(inits: readonly MessageInit[], more: MessageInit = {}): Message[] {
  return inits.map((init, i) =>
    new Message({
      channel: "can0",
      ...init,
      ...more,
      timestampNs: BigInt(START + i) * 1_000_000_000n + BigInt(1000 * i * i),
    })
  );
}

/** The fields of a message to compare: the time in whole microseconds, without the FD flags. */
export function essence(message: Message): Record<string, unknown> {
  const { timestamp: _, fdFlags: __, ...fields } = message.toJSON() as unknown as Record<string, unknown>;
  return { ...fields, microseconds: (message.timestampNs + 500n) / 1000n };
}

export function write(path: string, items: readonly Message[], format?: LogFormatName): void {
  using log = LogWriter.open(path, { ...format && { format } });
  log.writeMany(items);
}

/** Reads a file, which has no faults. */
export function readAll(path: string): Promise<Message[]> {
  return LogReader.open(path, { strict: true }).readAll();
}

/** Reads a file with python-can. Its readers must report the given channel. */
export function pythonReads(path: string, channel: unknown): Message[] {
  const lines = execFileSync("/usr/bin/python3", [script, "read", path], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => {
    const { timestamp, data, ...fields } = JSON.parse(line);
    assertEquals(fields.channel, channel);
    const timestampNs = BigInt(Math.round(timestamp * 1e6)) * 1000n;
    const init = { ...fields, channel: "can0", timestampNs, ...!fields.isRemoteFrame && { data } };
    return new Message(init);
  });
}

export function pythonWrites(path: string, items: readonly Message[], channel: unknown): void {
  const lines = items.map((message) => JSON.stringify({ ...message.toJSON(), channel }));
  execFileSync("/usr/bin/python3", [script, "write", path], { input: lines.join("\n") });
}
