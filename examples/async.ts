// Receives without blocking the event loop: a clock ticks while another task sends requests and awaits the answers.
import process from "node:process";
import { Bus, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
using bus = new Bus({ channel, filters: [{ canId: 0x708, canMask: 0x7ff, isExtendedId: false }] });
using node = new Bus(channel);

const clock = setInterval(() => console.log("tick"), 100);

// A node that answers each request, with a bus of its own.
const answering = (async () => {
  for await (const request of node) {
    if (request.arbitrationId !== 0x700) continue;
    await new Promise((resolve) => setTimeout(resolve, 150));
    await node.sendAsync(new Message({ arbitrationId: 0x708, isExtendedId: false, data: request.data }));
  }
})();

for (let i = 1; i <= 3; i++) {
  await bus.sendAsync(new Message({ arbitrationId: 0x700, isExtendedId: false, data: [i] }));
  console.log(`answer ${i}: ${await bus.recvAsync({ timeout: 5 })}`);
}

const silence = await bus.recvAsync({ timeout: 0.2 });
console.log(`then silence: ${silence}`);

clearInterval(clock);
node.close(); // ends the loop over it
await answering;
