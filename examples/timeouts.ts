// The three ways to wait: without limit, for a limited time, and not at all.
import process from "node:process";
import { Bus, CanTimeoutError, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
using bus = new Bus({ channel, filters: [{ canId: 0x42, canMask: 0x7ff, isExtendedId: false }] });
using other = new Bus(channel);

console.log("recv(0) returns at once:", bus.recv(0));

const start = performance.now();
const nothing = bus.recv(0.25);
console.log(`recv(0.25) gives up after ${((performance.now() - start) / 1000).toFixed(2)} s:`, nothing);

other.send(new Message({ arbitrationId: 0x42, isExtendedId: false, data: [1] }));
console.log(`recv() waits without limit, and received: ${bus.recv()}`);

// Sending waits too, while the transmit queue is full; a timeout limits that wait.
try {
  other.send(new Message({ arbitrationId: 0x43, isExtendedId: false }), 0.5);
  console.log("sent within half a second");
} catch (error) {
  if (!(error instanceof CanTimeoutError)) throw error;
  console.log(error.message);
}
