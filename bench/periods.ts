/**
 * Three periodic tasks at once: `periods.ts SECONDS [modify]`; the second word has timers of this process send them.
 *
 * @module
 */

import process from "node:process";
import { Bus, Message } from "../mod.ts";

const seconds = Number(process.argv[2]);
const options = process.argv[3] === "modify" ? { modify: (message: Message) => message } : {};
using bus = new Bus("vcan0");
[0.001, 0.01, 0.1].forEach((period, i) => {
  bus.sendPeriodic(
    new Message({ arbitrationId: i, isExtendedId: false, data: [1, 2, 3, 4, 5, 6, 7, 8] }),
    period,
    options,
  );
});
await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
