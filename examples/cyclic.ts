// Messages sent again and again, by the kernel's own timers: they go on while this script does something else.
import process from "node:process";
import { Bus, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
using bus = new Bus(channel);
using listener = new Bus(channel);

/** The first bytes of what comes next, as text. */
const heard = (count: number) => Array.from({ length: count }, () => listener.recv(1)?.data[0]).join(" ");
const speed = (kmh: number) => new Message({ arbitrationId: 0x3e9, isExtendedId: false, data: [kmh] });

// Five frames, then the task is over.
console.log(`count:    ${await bus.sendPeriodic(speed(50), 0.01, { count: 5 }).done}, ${heard(5)}`);

// Several take turns, and several tasks may share an identifier.
const turns = bus.sendPeriodic([speed(1), speed(2), speed(3)], 0.01, { count: 6 });
console.log(`in turn:  ${await turns.done}, ${heard(6)}`);

// Quickly at first, then slowly, until somebody stops it.
{
  using heartbeat = bus.sendPeriodic(speed(7), 0.005, { count: 4, subsequentPeriod: 60 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  console.log(`two rates: ${heartbeat.active ? "goes on" : "is over"}, ${heard(4)}`);
} // stops it

// What must be computed for each frame: a counter. This process's timers send them.
let count = 0;
const counting = bus.sendPeriodic(speed(0), 0.01, { count: 5, modify: () => speed(count++) });
console.log(`computed: ${await counting.done}, ${heard(5)}`);

// New content is in the next frame that is due; nothing else changes.
const task = bus.sendPeriodic(speed(51), 0.05);
const seen = new Set([heard(1)]);
task.modifyData(speed(52));
while (!seen.has("52")) seen.add(heard(1));
task.stop();
console.log(`changed:  ${[...seen].join(" to ")}`);
