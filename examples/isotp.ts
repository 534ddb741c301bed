// ISO-TP: payloads longer than a frame, which the kernel segments and reassembles.
import process from "node:process";
import { CanError, IsoTpSocket } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
const ids = { channel, txId: 0x700, rxId: 0x708, isExtendedId: false };
const other = { ...ids, txId: ids.rxId, rxId: ids.txId };

// The two ends of a connection. `b` asks its peer to send blocks of 8 frames, at least 200 µs apart.
using a = new IsoTpSocket({ ...ids, waitTxDone: true });
using b = new IsoTpSocket({ ...other, blockSize: 8, stMin: 0.0002 });
const long = Uint8Array.from({ length: 4095 }, (_, i) => i);
a.send(long, 5); // with waitTxDone, this returns when all frames have been sent
console.log(`blocking: ${b.recv(1)?.length} bytes`);

const receiving = (async () => {
  for await (const pdu of b) {
    console.log(`asynchronously: ${pdu.length} bytes`);
    if (pdu.length === 3) break;
  }
})();
await Promise.all([20, 7, 3].map((length) => a.sendAsync(long.subarray(0, length)))); // in this order
await receiving;

// Functional addressing: a single frame to all nodes that listen.
using all = new IsoTpSocket({ channel, txId: 0x7df, isExtendedId: false, sfBroadcast: true });
using listener = new IsoTpSocket({ ...other, rxId: 0x7df, txId: 0x709 });
all.send(Uint8Array.of(0x3e, 0x80));
console.log(`to all: ${listener.recv(1)}`);

// CAN FD: up to 62 bytes in one frame. (A vcan needs at least mtu 72.)
using fast = new IsoTpSocket({ ...ids, fd: true, bitrateSwitch: true });
using fastPeer = new IsoTpSocket({ ...other, fd: true });
fast.send(long.subarray(0, 62));
console.log(`FD: ${fastPeer.recv(1)?.length} bytes`);

// Without a receiver, no flow control frame arrives.
b.close();
try {
  await a.sendAsync(long);
} catch (error) {
  if (error instanceof CanError) console.log(error.code, error.message);
}
