// A process with a J1939 socket, at the end of its work: see j1939_links_test.ts.
import process from "node:process";
import { J1939Socket } from "../../../mod.ts";

const way = process.argv[2];
const options = { channel: "vcanj", address: 0x42 };
if (way === "claim") {
  const ecu = new J1939Socket({ ...options, name: 1n << 63n | 5n });
  console.log(`claimed ${await ecu.claim()}`);
} else if (way === "unref") {
  new J1939Socket(options).unref().recvAsync();
  console.log("waiting");
} else {
  const listener = new J1939Socket({ channel: "vcanj" });
  const sender = new J1939Socket(options);
  sender.send({ pgn: 0xfeca, data: new Uint8Array(40) });
  sender.close(); // the kernel continues to send
  console.log(`sent ${(await listener.recvAsync())?.data.length} bytes`);
  listener.close();
}
