/**
 * What the `can` command costs, in processor time: its start beside an empty script's, and on a vcan0 `can dump` beside candump
 * for 100,000 frames. `can.ts [ROUNDS [FRAMES]]`, in Deno with -A, or in Bun.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Bus, Message } from "../mod.ts";

const [rounds = 7, frames = 100_000] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(`${tmpdir()}/bench-`);
const cli = fileURLToPath(new URL("../src/cli/mod.ts", import.meta.url));
const runtime = "Deno" in globalThis ? [process.execPath, "run", "-A", "--no-check"] : [process.execPath];

/** Runs a command, and returns its processor time in milliseconds. */
function processorTime(
  command: readonly string[],
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const times = `${folder}/times`;
  const script = `TIMEFORMAT="%U %S"; { time "$@" >/dev/null 2>&1; } 2>"${times}"`;
  const child = spawn("bash", ["-c", script, "bash", ...command], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      const [user, system] = readFileSync(times, "utf8").trim().split(" ").map(Number);
      resolve(1000 * (user + system));
    });
    meanwhile().catch(reject);
  });
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

async function compare(name: string, ours: () => Promise<number>, theirs: () => Promise<number>): Promise<void> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    times[0].push(await ours());
    times[1].push(await theirs());
  }
  const [one, other] = times.map(median);
  console.log(`| ${name} | ${one.toFixed(0)} | ${other.toFixed(0)} | ${(one / other).toFixed(2)} |`);
}

/** Sends the frames once a reader is there, in portions that its buffer holds. */
async function send(): Promise<void> {
  using bus = new Bus({ channel: "vcan0", receive: false });
  const listens = () => /^ +vcan0 /m.test(readFileSync("/proc/net/can/rcvlist_all", "latin1"));
  while (!listens()) await new Promise((resolve) => setTimeout(resolve, 10));
  const batch = Array.from(
    { length: 500 },
    (_, i) => new Message({ arbitrationId: i, data: [1, 2, 3, 4, 5, 6, 7, i & 255] }),
  );
  for (let sent = 0; sent < frames; sent += batch.length) {
    await bus.sendManyAsync(batch);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

try {
  writeFileSync(`${folder}/empty.ts`, "");
  console.log("| | can, ms | beside, ms | ratio |\n| --- | --- | --- | --- |");
  await compare(
    "start: `can --version`, an empty script",
    () => processorTime([...runtime, cli, "--version"]),
    () => processorTime([...runtime, `${folder}/empty.ts`]),
  );
  if (existsSync("/sys/class/net/vcan0")) {
    // Should frames be lost, it ends all the same.
    const words = ["-n", `${frames}`, "-T", "5000", "-r", "30000000", "vcan0"];
    await compare(
      `${frames} frames: \`can dump\`, candump`,
      () => processorTime([...runtime, cli, "dump", ...words], send),
      () => processorTime(["candump", ...words], send),
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
