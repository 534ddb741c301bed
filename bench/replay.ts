/**
 * Replays a log of one hour at 100 times its speed: `replay.ts [CHANNEL [MESSAGES A SECOND [precise]]]`, in Deno with -A, or in
 * Bun. Without a channel, on the virtual bus; one rate or several: `1,10,100`. Each replay takes 36 s.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { Bus, Message } from "../mod.ts";
import { LogWriter, replay } from "../src/log/mod.ts";

const SECONDS = 3600;
const SPEED = 100;
const [channel = "virtual", rates = "10,100", precise = ""] = process.argv.slice(2);
const folder = mkdtempSync(`${tmpdir()}/bench-`);

async function write(path: string, rate: number): Promise<void> {
  await using log = LogWriter.open(path);
  const step = 1_000_000_000n / BigInt(rate);
  for (let i = 0n; i <= SECONDS * rate; i++) {
    log.write(
      new Message({ arbitrationId: 1, data: [1, 2, 3, 4], timestampNs: 1_700_000_000_000_000_000n + i * step }),
    );
    if (i % 100_000n === 0n) await log.flush();
  }
}

try {
  console.log(
    "| messages a second | start, ms | off by, % | late, mean, ms | late, most, ms |\n| --- | --- | --- | --- | --- |",
  );
  for (const rate of rates.split(",").map(Number)) {
    const path = `${folder}/${rate}.log`;
    await write(path, rate);
    using bus = channel === "virtual"
      ? new Bus({ channel: "replay", interface: "virtual", receiveBuffer: 1 })
      : new Bus(channel);
    let [first, last] = [0, 0];
    const target = {
      send() {},
      sendManyAsync(batch: readonly Message[], options: object) {
        last = performance.now();
        first ||= last;
        return bus.sendManyAsync(batch, options);
      },
    } as unknown as Bus;
    const start = performance.now();
    const { late, messages } = await replay(path, target, { speed: SPEED, precise: precise === "precise" });
    const off = (last - first) / (1000 * SECONDS / SPEED) - 1;
    if (messages !== SECONDS * rate + 1) throw new Error(`${messages} messages of ${SECONDS * rate + 1}`);
    const times = [first - start, 1000 * late.mean, 1000 * late.most].map((time) => time.toFixed(1));
    const cells = [rate * SPEED, times[0], (100 * off).toFixed(4), times[1], times[2]];
    console.log(`| ${cells.join(" | ")} |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
