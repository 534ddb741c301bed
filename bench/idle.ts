/**
 * Processor use while idle, for Deno and Bun. `idle.ts BUSES SECONDS [native]` prints the share of a processor that the
 * process uses while the given number of buses wait in `for await` and no frame arrives.
 *
 * @module
 */

import process from "node:process";
import { Bus } from "../mod.ts";
import { argument } from "./libc.ts";
import { standIn } from "./stand_in.ts";

const buses = Number(argument(0));
const seconds = Number(argument(1));
if (argument(2) === "native") standIn();

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}

async function receive(bus: Bus): Promise<void> {
  for await (const message of bus) throw new Error(`a frame arrived: ${message}`);
}

const open = Array.from({ length: buses }, () => new Bus("vcan0"));
const receiving = open.map(receive);
// Lets the runtime finish its startup work, such as compilation and garbage collection.
await pause(4);
const before = process.cpuUsage();
const start = performance.now();
await pause(seconds);
const { user, system } = process.cpuUsage(before);
const percent = 100 * (user + system) / (1000 * (performance.now() - start));
console.log(JSON.stringify({ workload: `idle CPU, ${buses} ${buses === 1 ? "bus" : "buses"}`, value: percent }));
for (const bus of open) bus.close();
await Promise.all(receiving);
