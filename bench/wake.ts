/**
 * Wake-up latency for Deno and Bun. `wake.ts BUSES COUNT [NAME]` prints the time from the kernel's timestamp of a frame
 * to `for await`, over COUNT frames; wake.c sends them.
 *
 * @module
 */

import { Bus } from "../mod.ts";
import { argument, namedSocket, realtime } from "./libc.ts";
import { replace } from "./stand_in.ts";

const CHANNEL = "vcan0";
/** Frames at the start that are not counted. */
const WARM_UP = 100;

const buses = Number(argument(0));
const count = Number(argument(1));
const name = argument(2);
if (!(buses >= 1 && count > WARM_UP)) throw new RangeError(`1 bus or more, more than ${WARM_UP} frames`);

const late: number[] = [];

async function receive(bus: Bus): Promise<void> {
  for await (const message of bus) {
    const now = realtime();
    late.push(Number(now - message.timestampNs) / 1000);
    if (late.length === count) { for (const each of open) each.close(); }
  }
}

let opened = 0;
if (name !== undefined) replace(() => namedSocket(`${name}-${opened++}`));
const open = Array.from(
  { length: buses },
  (_, canId) =>
    new Bus({ channel: CHANNEL, filters: [{ canId, canMask: 0x1fffffff, isExtendedId: true }], errorMask: 0 }),
);
const receiving = open.map(receive);
console.log("ready");
const patience = setTimeout(() => {
  throw new Error(`${late.length} frames arrived of ${count}`);
}, 60_000);
await Promise.all(receiving);
clearTimeout(patience);

const measured = late.slice(WARM_UP).sort((a, b) => a - b);
for (const percent of [50, 99]) {
  const workload = `wake-up, ${buses} ${buses > 1 ? "buses" : "bus"}, p${percent}`;
  console.log(JSON.stringify({ workload, value: measured[Math.floor(measured.length * percent / 100)] }));
}
