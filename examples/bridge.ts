// Forwards messages from one bus to another until none has arrived for three seconds. A sensor and a listener are
// simulated.
import process from "node:process";
import { Bus, Message } from "../mod.ts";

const near = process.argv[2] ?? "vcan0";
using from = new Bus({ channel: near, errorMask: 0 }); // error frames concern only the bus that they occur on
using to = new Bus({ channel: "far side", interface: "virtual" }); // or a network interface: new Bus("vcan1")

const stopping = new AbortController();
const { signal } = stopping;
const bridging = from.readable.pipeTo(to.writable, { signal }); // this is the bridge

using sensor = new Bus(near);
using listener = new Bus({ channel: "far side", interface: "virtual" });

const measuring = (async () => {
  for (let celsius = 18; celsius <= 20; celsius++) {
    await sensor.sendAsync(new Message({ arbitrationId: 0x321, isExtendedId: false, data: [celsius] }));
  }
})();

for (;;) {
  const message = await listener.recvAsync({ timeout: 3 });
  if (message === null) break;
  console.log(`${message.arbitrationId.toString(16)} on the far side: ${message.data[0]} °C`);
}
await measuring;

stopping.abort();
await bridging.catch((reason) => {
  if (reason !== signal.reason) throw reason;
});
console.log(`the bridge has stopped, the buses are still open: ${!from.closed && !to.closed}`);
