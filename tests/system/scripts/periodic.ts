// A process with periodic tasks, in several situations: see process_test.ts.
import process from "node:process";
import { Bus, Message } from "../../../mod.ts";

const bus = new Bus("vcan0");
const message = new Message({ arbitrationId: 0x321, isExtendedId: false, data: [1] });
const modify = (message: Message) => message;
const way = process.argv[2];
if (way === "endless") {
  bus.sendPeriodic(message, 0.01);
} else if (way === "endless, by timers") {
  bus.sendPeriodic(message, 0.01, { modify });
} else if (way === "unref") {
  bus.unref().sendPeriodic(message, 30, { count: 10 }).done;
} else if (way === "unref later") {
  for (const options of [{}, { modify }]) bus.sendPeriodic(message, 30, { count: 10, ...options }).done;
  setTimeout(() => bus.unref(), 20);
} else if (way === "stop") {
  const task = bus.sendPeriodic(message, 30);
  setTimeout(() => task.stop(), 20);
  console.log(await task.done);
} else if (way === "finish") {
  console.log(await bus.sendPeriodic(message, 0.02, { count: 10 }).done);
} else if (way === "finish, by timers") {
  console.log(await bus.sendPeriodic(message, 0.02, { count: 10, modify }).done);
} else if (way === "busy") {
  bus.sendPeriodic(message, 0.02);
  const listener = new Bus({ channel: "vcan0", filters: [{ canId: 0x77, canMask: 0x7ff }] });
  console.log("busy");
  for (const other of listener) {
    console.log(`${other}`);
    break;
  }
} else if (way === "error") {
  bus.sendPeriodic(message, 0.01, {
    modify() {
      throw new Error("no sensor");
    },
  });
  setTimeout(() => console.log("not reached"), 5000);
} else if (way === "unsendable") {
  const wide = new Bus({ channel: "vcan0", xl: true });
  let calls = 0;
  const modify = () => calls++ > 0 ? new Message({ isXl: true, data: new Uint8Array(2048) }) : message;
  wide.sendPeriodic(message, 0.01, { modify });
  setTimeout(() => console.log("not reached"), 5000);
} else {
  throw new Error(`no such way: ${way}`);
}
