/**
 * The workload for Deno and Bun: `bus.ts SECONDS` prints one line of JSON for each part.
 *
 * @module
 */

import process from "node:process";
import { Bus, Message } from "../mod.ts";

const CHANNEL = "vcan0";
const BATCH = 64;
/** Messages between two looks at the clock: the default receive buffer holds as many on every kernel. */
const PORTION = 3 * BATCH;

const seconds = Number(process.argv[2] ?? 1);
const batch = Array.from(
  { length: BATCH },
  (_, i) => new Message({ arbitrationId: 0x18ff0000 + i, data: [i, 1, 2, 3, 4, 5, 6, 7] }),
);
let read = 0;

/** What a user does with a message. */
function use(message: Message): void {
  read += message.arbitrationId + message.data[0] + message.timestamp;
}

function sendPortion(bus: Bus): void {
  for (let sent = 0; sent < PORTION;) sent += bus.sendMany(batch);
}

function expect(count: number): void {
  if (count !== PORTION) throw new Error(`${count} frames arrived of ${PORTION}: is something else on ${CHANNEL}?`);
}

/** Portions a second, of the time spent in `run` alone. */
async function rate(run: () => void | Promise<void>, fill?: () => void): Promise<number> {
  let portions = 0;
  let milliseconds = 0;
  for (const end = performance.now() + seconds * 1000; performance.now() < end; portions++) {
    fill?.();
    const start = performance.now();
    const running = run();
    if (running) await running;
    milliseconds += performance.now() - start;
  }
  return portions / milliseconds * 1000;
}

/** Warms up as long as it then measures. */
async function measure(workload: string, run: () => void | Promise<void>, fill?: () => void): Promise<void> {
  await rate(run, fill);
  console.log(JSON.stringify({ workload, perSecond: PORTION * await rate(run, fill) }));
}

async function sending(): Promise<void> {
  using bus = new Bus(CHANNEL);
  await measure("send", () => {
    for (let i = 0; i < PORTION; i++) bus.send(batch[i % BATCH]);
  });
  await measure("sendMany", () => sendPortion(bus));
}

async function receiving(): Promise<void> {
  using sender = new Bus(CHANNEL);
  using bus = new Bus(CHANNEL);
  const fill = () => sendPortion(sender);
  await measure("receive one", () => {
    let count = 0;
    for (let message; (message = bus.recv(0)); count++) use(message);
    expect(count);
  }, fill);
  await measure("drain", () => {
    let count = 0;
    for (let messages; (messages = bus.recvMany(BATCH, 0)).length > 0; count += messages.length) messages.forEach(use);
    expect(count);
  }, fill);
}

async function roundTrip(): Promise<void> {
  using a = new Bus(CHANNEL);
  using b = new Bus(CHANNEL);
  await measure("round trip", () => {
    for (let i = 0; i < PORTION; i++) {
      a.send(batch[i % BATCH]);
      b.send(b.recv(1)!);
      use(a.recv(1)!);
    }
  });
}

async function asynchronousRoundTrip(): Promise<void> {
  using a = new Bus(CHANNEL);
  using b = new Bus(CHANNEL);
  (async () => {
    for await (const message of b) b.send(message);
  })();
  await measure("asynchronous round trip", async () => {
    for (let i = 0; i < PORTION; i++) {
      a.send(batch[i % BATCH]);
      use((await a.recvAsync())!);
    }
  });
}

await sending();
await receiving();
await roundTrip();
await asynchronousRoundTrip();
if (!(read > 0)) throw new Error("the messages were empty");
