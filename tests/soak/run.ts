/**
 * Runs the soak in Deno and then in Bun, and prints their counts as one table: see README.md.
 *
 * `run.ts [FRAMES] [SEED]`, on a machine where a vcan can be created.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { SoakResult } from "./result.ts";

const script = fileURLToPath(new URL("soak.ts", import.meta.url));
const args = process.argv.slice(2);
const runtimes: Record<string, readonly string[]> = {
  Deno: [process.execPath, "run", "-A", "--no-check", script],
  Bun: ["bun", script],
};

/** The counts of a run, row by row. */
const rows: Record<string, (result: SoakResult) => string> = {
  "frames handed to the sender": ({ frames }) => whole(frames),
  "refused by sendAsync, with ENETDOWN and the like": ({ frames, received, lost }) =>
    whole(frames - received - lost.counted - lost.announced - lost.unseen),
  "frames received, in order, once each": ({ received }) => whole(received),
  "lost: counted in droppedFrames": ({ lost }) => whole(lost.counted),
  "lost: reported by ENETDOWN or ENODEV": ({ lost }) => whole(lost.announced),
  "… of these counted as dropped by the interface": ({ droppedByLinks }) => whole(droppedByLinks),
  "lost without a report": ({ lost }) => whole(lost.unseen),
  "duplicated, out of order, wrong in content or time": ({ misplaced }) => whole(misplaced),
  "link taken down and up": ({ counts }) => whole(counts["link down"]),
  "link deleted and created again": ({ counts }) => whole(counts["link deleted"]),
  "ENETDOWN at receiver / sender": ({ counts }) =>
    `${whole(counts["receive: ENETDOWN"])} / ${whole(counts["send: ENETDOWN"])}`,
  "ENODEV at receiver, ENODEV or ENXIO at sender": ({ counts }) =>
    `${whole(counts["receive: ENODEV"])} / ${whole((counts["send: ENXIO"] ?? 0) + (counts["send: ENODEV"] ?? 0))}`,
  "receivers reopened with another buffer": ({ counts }) => whole(counts["reopened"]),
  "bursts by send / sendMany / sendAsync": ({ counts }) =>
    ["send", "sendMany", "sendAsync"].map((way) => whole(counts[way])).join(" / "),
  "reads by recv(0) / recv / recvMany / recvAsync": ({ counts }) =>
    ["recv(0)", "recv", "recvMany", "recvAsync"].map((way) => whole(counts[way])).join(" / "),
  "… while sending: recvAsync / for await": ({ counts }) =>
    ["recvAsync meanwhile", "for await meanwhile"].map((way) => whole(counts[way])).join(" / "),
  "resident memory after a third / at the end / maximum, MB": ({ memory }) =>
    [memory.warm, memory.end, memory.max].map((bytes) => (bytes / 1e6).toFixed(1)).join(" / "),
  "its growth after a third, bytes a frame": ({ memory }) => memory.slope.toFixed(2),
  "descriptors, minimum / maximum": ({ memory }) => memory.descriptors.join(" / "),
  "seconds": ({ seconds }) => seconds.toFixed(0),
  "verdict": ({ wrong }) => wrong.length === 0 ? "passed" : `${wrong.length} failures`,
};

const results: Record<string, SoakResult> = {};
for (const [runtime, [program, ...rest]] of Object.entries(runtimes)) {
  console.error(`in ${runtime}`);
  const ended = spawnSync(program, [...rest, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (ended.error) throw ended.error;
  const line = ended.stdout.trim().split("\n").at(-1)!;
  if (!line.startsWith("{")) throw new Error(`the soak in ${runtime} ended with ${ended.status ?? ended.signal}`);
  results[runtime] = JSON.parse(line);
  for (const wrong of results[runtime].wrong) console.error(`${runtime}: ${wrong}`);
  if (ended.status !== 0) process.exitCode = 1;
}
console.log(table(["", ...Object.keys(results)], rows));

function whole(value = 0): string {
  return value.toLocaleString("en").replaceAll(",", " ");
}

function table(head: string[], body: Record<string, (result: SoakResult) => string>): string {
  const cells = [head, ...Object.entries(body).map(([name, of]) => [name, ...Object.values(results).map(of)])];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const lines = cells.map((row) =>
    `| ${row.map((cell, i) => i ? cell.padStart(widths[i]) : cell.padEnd(widths[i])).join(" | ")} |`
  );
  const rule = `| ${widths.map((width, i) => i ? `${"-".repeat(width - 1)}:` : "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
