// ISO-TP: messages longer than a frame, which the kernel cuts up and puts together.
import process from "node:process";
import { CanError, IsoTpSocket } from "../mod.ts";

const channel = process.argv[2] ?? "vcan0";
const ids = { channel, txId: 0x700, rxId: 0x708, isExtendedId: false };
const other = { ...ids, txId: ids.rxId, rxId: ids.txId };

// The two ends of a connection. What this one is sent comes 8 frames at a time, 200 µs apart from each other.
using a = new IsoTpSocket({ ...ids, waitTxDone: true });
using b = new IsoTpSocket({ ...other, blockSize: 8, stMin: 0.0002 });
const long = Uint8Array.from({ length: 4095 }, (_, i) => i);
a.send(long, 5); // waitTxDone: all of it is sent when this returns
console.log(`blocking: ${b.recv(1)?.length} bytes`);

const receiving = (async () => {
  for await (const pdu of b) {
    console.log(`asynchronously: ${pdu.length} bytes`);
    if (pdu.length === 3) break;
  }
})();
await Promise.all([20, 7, 3].map((length) => a.sendAsync(long.subarray(0, length)))); // one after the other
await receiving;

// Functional addressing: one frame, to whoever listens.
using all = new IsoTpSocket({ channel, txId: 0x7df, isExtendedId: false, sfBroadcast: true });
using anybody = new IsoTpSocket({ ...other, rxId: 0x7df, txId: 0x709 });
all.send(Uint8Array.of(0x3e, 0x80));
console.log(`to all: ${anybody.recv(1)}`);

// CAN FD: up to 62 bytes in one frame. (A vcan needs mtu 72.)
using fast = new IsoTpSocket({ ...ids, fd: true, bitrateSwitch: true });
using fastToo = new IsoTpSocket({ ...other, fd: true });
fast.send(long.subarray(0, 62));
console.log(`FD: ${fastToo.recv(1)?.length} bytes`);

// Nobody there: no flow control comes.
b.close();
try {
  await a.sendAsync(long);
} catch (error) {
  if (error instanceof CanError) console.log(error.code, error.message);
}
