// Sends ten messages whose data contains the producer's id and a counter.
import process from "node:process";
import { Bus, Message } from "../mod.ts";

function producer(bus: Bus, id: number): void {
  for (let i = 0; i < 10; i++) {
    bus.send(new Message({ arbitrationId: 0xc0ffee, data: [id, i, 0, 1, 3, 1, 4, 1] }));
  }
}

using bus = new Bus(process.argv[2] ?? "vcan0");
producer(bus, 10);
console.log(`10 messages sent on ${bus.channelInfo}`);
