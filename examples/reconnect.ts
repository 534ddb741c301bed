// Prints the traffic on a bus, and continues when the link has been down or missing: try "ip link set vcan0 down" and
// "up".
import process from "node:process";
import { Bus } from "../mod.ts";

const logger = { warn: (text: string) => console.log(`! ${text}`) };
using bus = new Bus({ channel: process.argv[2] ?? "vcan0", reconnect: true, logger });
console.log(`following ${bus.channelInfo}; Ctrl-C ends it`);

for await (const message of bus) console.log(`${message}`);
