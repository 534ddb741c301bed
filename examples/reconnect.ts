// Follows a bus for as long as it runs, whatever becomes of the link: try "ip link set vcan0 down", and up again.
import process from "node:process";
import { Bus } from "../mod.ts";

const logger = { debug() {}, warn: (text: string) => console.log(`! ${text}`) };
using bus = new Bus({ channel: process.argv[2] ?? "vcan0", reconnect: true, logger });
console.log(`following ${bus.channelInfo}; Ctrl-C ends it`);

for await (const message of bus) console.log(`${message}`);
