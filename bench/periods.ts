/**
 * Three periodic tasks at once: `periods.ts SECONDS WAY`. With the way `duration` the kernel sends their messages for a
 * limited time, with `endless` until the process ends, both with `precise`, and with `default` without; with `modify` timers
 * of this process send them.
 *
 * @module
 */

import process from "node:process";
import { Bus, Message, type PeriodicOptions } from "../mod.ts";

const seconds = Number(process.argv[2]);
const ways: Record<string, PeriodicOptions> = {
  default: { duration: seconds },
  duration: { duration: seconds, precise: true },
  endless: { precise: true },
  modify: { duration: seconds, modify: (message) => message },
};
const options = ways[process.argv[3]];
if (options === undefined) {
  throw new RangeError(`unknown way ${process.argv[3]}: it must be one of ${Object.keys(ways)}`);
}
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
