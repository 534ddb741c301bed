// Prints the traffic on a bus until Ctrl-C.
import process from "node:process";
import { Bus } from "../mod.ts";

using bus = new Bus(process.argv[2] ?? "vcan0");
console.log(`following ${bus.channelInfo}`);
for (const message of bus) console.log(`${message}`);
