// Replays a log onto a bus at twice its speed: replay.ts [CHANNEL [FILE]]. Without FILE, a built-in log.
import process from "node:process";
import { Bus } from "../mod.ts";
import { replay } from "../src/log/mod.ts";

const [channel = "vcan0", path] = process.argv.slice(2);
const lines = [18, 19, 20].map((celsius, i) => `(1700000000.${i}00000) can0 321#${celsius.toString(16)}\n`);

using bus = new Bus({ channel, fd: true });
using listener = new Bus(channel);
const player = replay(path ?? new TextEncoder().encode(lines.join("")), bus, { speed: 2, skipGaps: 1 });
const report = await player;
for (const message of listener.recvMany(100, 0)) {
  console.log(`${message.arbitrationId.toString(16)}: ${message.data[0]} °C`);
}
console.log(`${report.messages} messages, ${(1000 * report.late.most).toFixed(1)} ms late at most`);
