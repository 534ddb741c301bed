// An engine sends its speed and answers a request; a dashboard shows both. Argument: the interface (vcan0).
import process from "node:process";
import { J1939Socket, Pgn } from "../mod.ts";

const EEC1 = 0xf004; // Electronic Engine Controller 1
const SOFT = 0xfeda; // Software Identification
const REQUEST = 0xea00;

const channel = process.argv[2] ?? "vcan0";
using engine = new J1939Socket({ channel, address: 0x00, filters: [{ pgn: REQUEST }] });
using dashboard = new J1939Socket({ channel, address: 0x17, filters: [{ pgn: EEC1 }, { pgn: SOFT }] });

async function answerRequests(): Promise<void> {
  for await (const { source, data } of engine) {
    if (data[0] !== 0xda || data[1] !== 0xfe) continue;
    const text = new TextEncoder().encode("\x01a text of more than 8 bytes*");
    // More than 8 bytes: the kernel sends them in several frames, to one node that acknowledges them.
    await engine.sendAsync({ pgn: SOFT, destination: source, data: text }, { acknowledged: true });
  }
}

const answering = answerRequests();
dashboard.send({ pgn: REQUEST, destination: 0x00, data: new Pgn(SOFT).toBytes() });
for (const speed of [800, 1250.5, 2100]) {
  const raw = speed * 8; // 0.125 rpm per bit
  const data = [0xff, 0xff, 0xff, raw & 0xff, raw >> 8, 0xff, 0xff, 0xff];
  await engine.sendAsync({ pgn: EEC1, priority: 3, data }, { acknowledged: true }); // waits until it was sent
}
for (let left = 4; left > 0; left--) {
  const message = await dashboard.recvAsync({ timeout: 5 });
  if (message === null) throw new Error("no message within 5 s");
  if (message.pgn === EEC1) console.log(`engine: ${(message.data[3] | message.data[4] << 8) / 8} rpm`);
  else console.log(`software: ${new TextDecoder().decode(message.data.subarray(1, -1))}`);
}
engine.close();
await answering;
