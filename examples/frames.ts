// Sends and receives every kind of frame, on a virtual bus or on an interface that supports CAN XL (a vcan with mtu
// 2060).
import process from "node:process";
import { Bus, Message } from "../mod.ts";

const channel = process.argv[2];
const options = channel ? { channel } : { channel: "bench", interface: "virtual" } as const;
using bus = new Bus({ ...options, xl: true, receiveOwnMessages: true });

const id = { arbitrationId: 0x123, isExtendedId: false };
bus.sendMany([
  new Message({ ...id, data: [1, 2, 3] }),
  new Message({ arbitrationId: 0x1abcdef0, data: [4] }), // 29 bits
  new Message({ ...id, isRemoteFrame: true, dlc: 4 }), // requests 4 bytes
  new Message({ ...id, data: new Uint8Array(8), len8Dlc: 12 }), // length code 12 instead of 8
  new Message({ ...id, isFd: true, bitrateSwitch: true, data: new Uint8Array(64) }),
  new Message({ isXl: true, priority: 0x123, vcid: 7, sdt: 3, af: 0xcafe, data: new Uint8Array(2048) }),
  new Message({ isErrorFrame: true, arbitrationId: 0x40 }),
]);

for (const message of bus.recvMany(7, 1)) {
  const { isExtendedId, isRemoteFrame, len8Dlc, isFd, isXl, vcid, dlc, error } = message;
  const kind = isXl
    ? `XL, network ${vcid}`
    : isFd
    ? "FD"
    : isRemoteFrame
    ? "remote"
    : error
    ? `error: ${error}`
    : "data";
  const identifier = message.arbitrationId.toString(16).padStart(isExtendedId ? 8 : 3, "0");
  console.log(`${identifier.padStart(8)}  ${kind}, ${dlc} bytes${len8Dlc ? `, code ${len8Dlc}` : ""}`);
}
