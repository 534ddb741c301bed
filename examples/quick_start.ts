// A first script: sends a message, and waits for one from another node.
//   candump vcan0          shows the message in another terminal
//   cansend vcan0 123#DE   sends one within ten seconds
import process from "node:process";
import { Bus, Message } from "../mod.ts";

using bus = new Bus(process.argv[2] ?? "vcan0");
bus.send(new Message({ arbitrationId: 0xc0ffee, data: [0, 25, 0, 1, 3, 1, 4, 1] }));
console.log(`sent on ${bus.channelInfo}; waiting for an answer`);

const message = bus.recv(10);
console.log(message ? `received ${message}` : "no message within ten seconds");
