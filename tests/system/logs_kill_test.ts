import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { allFormats } from "../../src/log/formats.ts";
import { type LogFormatName, LogReader } from "../../src/log/mod.ts";
import { generator } from "../support/random.ts";
import { command } from "./script.ts";
import { PATIENCE } from "./tools.ts";

const script = fileURLToPath(new URL("scripts/log_writer.ts", import.meta.url));
const { process } = globalThis as unknown as { process: { env: Record<string, string | undefined> } };
/** How many times to kill each writer: set `LOG_KILLS=200` for a long run. */
const KILLS = Number(process.env.LOG_KILLS ?? 2);

/** Kills the script some time after its first flush. Returns the number of messages it reported as flushed. */
function killed(path: string, format: string, rotate: boolean, milliseconds: number): Promise<number> {
  const [program, ...args] = command(script, {
    args: [path, format, rotate ? "rotate" : "whole"],
    denoFlags: ["--allow-read", "--allow-write", "--allow-env"],
  });
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), milliseconds);
      output += text;
    });
    child.on("close", () => resolve(Number(output.split("\n").at(-2) ?? 0)));
  });
}

describe("A process killed while writing a log", () => {
  for (const { name, encoder } of allFormats()) {
    if (encoder === null) continue;
    it(`${name}: leaves all flushed messages in the files`, { timeout: PATIENCE * KILLS }, async () => {
      const below = generator(name.length);
      for (let kill = 0; kill < KILLS; kill++) {
        const folder = mkdtempSync(`${tmpdir()}/logs-`);
        try {
          const flushed = await killed(`${folder}/a.log`, name, kill % 2 === 1, below(60));
          let found = 0;
          for (const file of readdirSync(folder).filter((each) => !/-(journal|wal|shm)$/.test(each)).sort()) {
            const reader = LogReader.open(`${folder}/${file}`, { format: name as LogFormatName, timeZone: "UTC" });
            for (const message of await reader.readAll()) {
              // Every message is complete and in order.
              const number = message.data[0] | message.data[1] << 8 | message.data[2] << 16;
              assertEquals(number, found++ & 0xffffff);
              assertEquals(message.arbitrationId, number % 0x800);
            }
          }
          assert(found >= flushed, `${found} messages in the files, ${flushed} were flushed`);
        } finally {
          rmSync(folder, { recursive: true });
        }
      }
    });
  }
});
