// Sends one message, and prints the reason if that fails.
import process from "node:process";
import { Bus, CanError, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
try {
  using bus = new Bus(channel);
  bus.send(new Message({ arbitrationId: 0xc0ffee, data: [0, 25, 0, 1, 3, 1, 4, 1], isExtendedId: true }));
  console.log(`Message sent on ${bus.channelInfo}`);
} catch (error) {
  if (!(error instanceof CanError)) throw error;
  console.error(`Message NOT sent: ${error.message}`);
  process.exitCode = 1;
}
