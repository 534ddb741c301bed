// A process at the end of its work, after several kinds of wait: see process_test.ts.
import process from "node:process";
import { Bus } from "../../../mod.ts";

const bus = new Bus("vcan0");
const way = process.argv[2];
if (way === "timeout") {
  console.log(await bus.recvAsync({ timeout: 0.05 }));
} else if (way === "unref") {
  bus.unref().recvAsync();
} else if (way === "unref later") {
  bus.recvAsync();
  setTimeout(() => bus.unref(), 20);
} else if (way === "unref with timeout") {
  bus.recvAsync({ timeout: 3600 });
  bus.unref();
} else if (way === "close") {
  setTimeout(() => bus.close(), 20);
  for await (const message of bus) console.log(`${message}`);
} else if (way === "abort") {
  await bus.recvAsync({ signal: AbortSignal.timeout(20) }).catch((error) => console.log(error.name));
} else if (way === "unref errors") {
  bus.unref().errors().next();
} else if (way === "close errors") {
  setTimeout(() => bus.close(), 20);
  for await (const message of bus.errors()) console.log(`${message}`);
} else if (way === "stream, unref") {
  bus.unref().readable.getReader().read();
} else if (way === "stream, cancelled") {
  const reader = bus.readable.getReader();
  setTimeout(() => reader.cancel(), 20);
  console.log((await reader.read()).done);
} else if (way === "keep, by a stream") {
  console.log("waiting");
  bus.readable.getReader().read().then(({ value }) => console.log(`${value}`));
} else if (way === "keep") {
  console.log("waiting");
  bus.recvAsync().then((message) => console.log(`${message}`));
} else if (way === "none") {
  console.log(bus.recv(0));
} else {
  throw new Error(`no such way: ${way}`);
}
