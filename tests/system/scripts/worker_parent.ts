/**
 * `worker_parent.ts WAY`: starts a worker that opens sockets and ends in that way after a line of input. Prints the number
 * of open sockets before and with the worker, and then when there are no more than before. Ends after another line.
 *
 * @module
 */

import process from "node:process";
import { Bus, Message } from "../../../mod.ts";
import { openSockets } from "../../support/descriptors.ts";
import { pause, until } from "../../support/pause.ts";

/** The part of a Worker used here; the runtimes' types differ. */
interface WorkerHandle {
  onmessage: ((event: { data: string }) => void) | null;
  onerror: ((event: { preventDefault(): void }) => void) | null;
  postMessage(text: string): void;
  terminate(): void;
}

const way = process.argv[2];
using own = new Bus("vcan0");
own.sendPeriodic(new Message({ arbitrationId: 0x100, isExtendedId: false }), 0.01);
await own.recvAsync();
const before = openSockets();
const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }) as unknown as WorkerHandle;
worker.onerror = (event) => event.preventDefault();
await new Promise<void>((resolve) => worker.onmessage = () => resolve());
await pause(300);
const lines = process.stdin[Symbol.asyncIterator]();
console.log(`before ${before}, with the worker ${openSockets()}`);
await lines.next();
worker.postMessage(way);
if (way === "terminate" || way === "busy") {
  await pause(100);
  worker.terminate();
}
await until(() => openSockets() === before);
console.log("ended");
await lines.next();
process.exit();
