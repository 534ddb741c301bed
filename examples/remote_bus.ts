// A bus of another host, by its name: `remote_bus.ts socketcand://bench1/can0`. Without one it serves a virtual bus to itself.
// Deno needs --allow-net, and for interfaces of this host --allow-ffi.

import process from "node:process";
import { Bus, Message } from "../mod.ts";
import { openBus, serveSocketcand } from "../src/net/mod.ts";

const [name] = process.argv.slice(2);
if (name !== undefined) {
  using bus = await openBus(name, { fd: true, logger: console });
  for await (const message of bus) console.log(`${message}`);
} else {
  // The host with the interface: its server, and a node that sends.
  await using server = await serveSocketcand({ channels: ["demo"], interface: "virtual", port: 0 });
  using node = new Bus({ channel: "demo", interface: "virtual" });
  node.sendPeriodic(new Message({ arbitrationId: 0x321, isExtendedId: false, data: [18] }), 0.05);

  // The other host.
  const { host, port } = server.address;
  using bus = await openBus(`socketcand://${host}:${port}/demo`);
  for (const message of await bus.recvManyAsync(1)) {
    console.log(`from the other host: ${message.arbitrationId.toString(16)}, ${message.data[0]} °C`);
  }
  node.setFilters([{ canId: 0x123, canMask: 0x7ff, isExtendedId: false }]);
  await bus.sendAsync(new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1, 2] }));
  console.log(`to the other host: ${(await node.recvAsync())?.arbitrationId.toString(16)}`);
}
