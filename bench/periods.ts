/**
 * Three periodic tasks at once: `periods.ts SECONDS WAY`. They end by themselves (`duration`) or with the process
 * (`endless`), sent by the kernel, or timers of this process send them (`modify`).
 *
 * @module
 */

import process from "node:process";
import { Bus, Message, type PeriodicOptions } from "../mod.ts";

const seconds = Number(process.argv[2]);
const ways: Record<string, PeriodicOptions> = {
  endless: {},
  duration: { duration: seconds },
  modify: { duration: seconds, modify: (message) => message },
};
const options = ways[process.argv[3]];
if (options === undefined) throw new RangeError(`no such way: ${process.argv[3]}; there are ${Object.keys(ways)}`);
using bus = new Bus("vcan0");
const tasks = [0.001, 0.01, 0.1].map((period, i) =>
  bus.sendPeriodic(
    new Message({ arbitrationId: i, isExtendedId: false, data: [1, 2, 3, 4, 5, 6, 7, 8] }),
    period,
    options,
  )
);
if (options.duration === undefined) await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
else await Promise.all(tasks.map(({ done }) => done));
