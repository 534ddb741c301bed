// A process with an ISO-TP socket and no peer, at the end of its work: see process_test.ts.
import process from "node:process";
import { IsoTpSocket } from "../../../mod.ts";

const way = process.argv[2];
const ids = { channel: "vcan0", txId: 0x6a0, rxId: 0x6a8, isExtendedId: false };
const socket = new IsoTpSocket({ ...ids, waitTxDone: way.includes("waitTxDone") });
const long = new Uint8Array(20);
if (way === "unref") {
  socket.unref().recvAsync();
} else if (way === "close") {
  setTimeout(() => socket.close(), 20);
  for await (const pdu of socket) console.log(`${pdu}`);
} else if (way === "close while sending") {
  socket.send(long);
  socket.close();
  console.log("closed");
} else if (way === "waitTxDone") {
  socket.sendAsync(long).catch((error) => console.log(error.code));
} else if (way === "waitTxDone, unref") {
  socket.unref().sendAsync(long).catch((error) => console.log(error.code));
} else {
  throw new Error(`no such way: ${way}`);
}
