// Logs every step of a bus to the console.
import process from "node:process";
import { Bus, Message } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
using bus = new Bus({ channel, receiveOwnMessages: true, logger: console });
bus.send(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [0xde, 0xad, 0xbe, 0xef] }));
bus.recv(1.0);
bus.recv(0.1);
