// Filters in the kernel: frames that they reject cost this process nothing.
import process from "node:process";
import { Bus, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
using sender = new Bus(channel);
using engine = new Bus({ channel, filters: [{ canId: 0x100, canMask: 0x7f0, isExtendedId: false }] });
using rest = new Bus({ channel, filters: [{ canId: 0x100, canMask: 0x7f0, isExtendedId: false, inverted: true }] });

const ids = [0x0ff, 0x100, 0x10f, 0x110];
const send = () => sender.sendMany(ids.map((id) => new Message({ arbitrationId: id, isExtendedId: false })));

/** The identifiers of the next messages, as text. */
const received = (bus: Bus, count: number) =>
  Array.from({ length: count }, () => bus.recv(1)?.arbitrationId.toString(16)).join(" ");

send();
console.log(`0x100 to 0x10f: ${received(engine, 2)}`);
console.log(`all others:     ${received(rest, 2)}`);

engine.setFilters([{ canId: 0x0ff, canMask: 0x7ff }, { canId: 0x110, canMask: 0x7ff }]);
send();
console.log(`two of them:    ${received(engine, 2)}`);

engine.setFilters(null);
send();
console.log(`no filter:      ${received(engine, 4)}`);
