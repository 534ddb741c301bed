// The main features in one script: send, receive, time out, iterate, and wait without blocking the event loop.
// Runs on a vcan that it creates if permitted, otherwise on vcan0, otherwise inside this process, and says which.
import { Bus, type BusOptions, CanError, Link, Message } from "../mod.ts";

/** Runs a function; if it throws a CanError, prints the error and returns null. */
function attempt<T>(what: string, run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof CanError)) throw error;
    console.log(`No ${what}: ${error.message}.`);
    return null;
  }
}

function choose(): { options: BusOptions } & Disposable {
  const own = attempt("new vcan", () => Link.create("vcandemo", { mtu: 72, up: true }));
  if (own && attempt("bus on it", () => new Bus(own.name).close()) !== null) {
    console.log("This is the kernel's CAN, on a new vcan.\n");
    return { options: { channel: own.name }, [Symbol.dispose]: () => own.delete() };
  }
  own?.delete();
  const hasVcan0 = attempt("vcan0", () => new Bus("vcan0").close()) !== null;
  console.log(`This is ${hasVcan0 ? "the kernel's CAN, on vcan0" : "the virtual bus, inside this process"}.\n`);
  const options: BusOptions = hasVcan0 ? { channel: "vcan0" } : { channel: "demo", interface: "virtual" };
  return { options, [Symbol.dispose]() {} };
}

console.log(navigator.userAgent);
using choice = choose();
const { options } = choice;
using sender = new Bus(options);
using receiver = new Bus(options);

console.log("recv(0) on a silent bus:    ", receiver.recv(0));
console.log("recv(0.25) on a silent bus: ", receiver.recv(0.25));

sender.send(new Message({ arbitrationId: 0xc0ffee, data: [0, 25, 0, 1, 3, 1, 4, 1] }));
console.log(`received: ${receiver.recv(1.0)}`);

console.log("\nTen messages, received by iterating over the bus:");
sender.sendMany(Array.from({ length: 10 }, (_, i) => new Message({ arbitrationId: 0x100 + i, data: [10, i] })));
for (const message of receiver) {
  console.log(`${message}`);
  if (message.arbitrationId === 0x109) break;
}

console.log("\nWaiting for a message that a timer sends:");
setTimeout(() => sender.send(new Message({ arbitrationId: 0x7df, isExtendedId: false, data: [2, 1, 12] })), 100);
console.log(`${await receiver.recvAsync({ timeout: 5 })}`);
