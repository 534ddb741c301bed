// The main job in one script: send, receive, time out, iterate, wait while the event loop goes on.
// Runs on vcan0 where there is one, else inside this process, and says which.
import { Bus, type BusOptions, CanError, Message } from "../mod.ts";

function choose(): BusOptions {
  try {
    new Bus("vcan0").close();
    console.log("vcan0 is there: this is the kernel's CAN.\n");
    return { channel: "vcan0" };
  } catch (error) {
    if (!(error instanceof CanError)) throw error;
    console.log(`No vcan0 (${error.message}).\nThis is the virtual bus, inside the process.\n`);
    return { channel: "demo", interface: "virtual" };
  }
}

console.log(navigator.userAgent);
const options = choose();
using sender = new Bus(options);
using receiver = new Bus(options);

console.log("recv(0) on a silent bus:    ", receiver.recv(0));
console.log("recv(0.25) on a silent bus: ", receiver.recv(0.25));

sender.send(new Message({ arbitrationId: 0xc0ffee, data: [0, 25, 0, 1, 3, 1, 4, 1] }));
console.log(`received: ${receiver.recv(1.0)}`);

console.log("\nTen frames, followed by iterating over the bus:");
sender.sendMany(Array.from({ length: 10 }, (_, i) => new Message({ arbitrationId: 0x100 + i, data: [10, i] })));
for (const message of receiver) {
  console.log(`${message}`);
  if (message.arbitrationId === 0x109) break;
}

console.log("\nWaiting while a timer sends:");
setTimeout(() => sender.send(new Message({ arbitrationId: 0x7df, isExtendedId: false, data: [2, 1, 12] })), 100);
console.log(`${await receiver.recvAsync({ timeout: 5 })}`);
