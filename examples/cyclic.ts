// Periodic messages, sent by the kernel's timers while this script does something else.
import process from "node:process";
import { Bus, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
using bus = new Bus(channel);
using listener = new Bus(channel);

/** The first bytes of the next messages, as text. */
const received = (count: number) => Array.from({ length: count }, () => listener.recv(1)?.data[0]).join(" ");
const speed = (kmh: number) => new Message({ arbitrationId: 0x3e9, isExtendedId: false, data: [kmh] });

// Five frames, then the task has finished.
console.log(`count:       ${await bus.sendPeriodic(speed(50), 0.01, { count: 5 }).done}, ${received(5)}`);

// Several messages take turns. Several tasks may use the same identifier.
const turns = bus.sendPeriodic([speed(1), speed(2), speed(3)], 0.01, { count: 6 });
console.log(`in turn:     ${await turns.done}, ${received(6)}`);

// A short period at first, then a long one, until the task is stopped.
{
  using heartbeat = bus.sendPeriodic(speed(7), 0.005, { count: 4, subsequentPeriod: 60 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  console.log(`two periods: ${heartbeat.active ? "active" : "stopped"}, ${received(4)}`);
} // leaving the block stops it

// Content that is computed for each frame, such as a counter: timers of this process send the frames.
let count = 0;
const counting = bus.sendPeriodic(speed(0), 0.01, { count: 5, modify: () => speed(count++) });
console.log(`computed:    ${await counting.done}, ${received(5)}`);

// New content takes effect with the next frame; nothing else changes.
const task = bus.sendPeriodic(speed(51), 0.05);
const seen = new Set([received(1)]);
task.modifyData(speed(52));
while (!seen.has("52")) seen.add(received(1));
task.stop();
console.log(`changed:     ${[...seen].join(" to ")}`);
