/**
 * Memory, for Deno and Bun: `memory.ts kept` prints the bytes that messages take as long as they are held,
 * `memory.ts allocated` the bytes that are allocated for each that is sent or received, in a steady state.
 *
 * To see them, no garbage must be collected but when this file wants it: the flags and the environment that README.md
 * names see to that. Always over the stand-in, whose other end can be emptied without allocating anything.
 *
 * @module
 */

import process from "node:process";
import { openLibc } from "../ffi/open.ts";
import { Bus, Message } from "../mod.ts";
import { argument, inDeno } from "./libc.ts";
import { standIn } from "./stand_in.ts";

const BATCH = 64;
const PORTION = 3 * BATCH;
/** Enough that a few kilobytes more or less do not show. */
const PORTIONS = 100;
/** The last of so many measurements counts: before that, code is compiled and arrays grow. */
const ROUNDS = 6;
const MESSAGES = PORTIONS * PORTION;

interface BunHost {
  readonly Bun: { gc(force: boolean): void };
  readonly gc?: () => void;
  readonly process: {
    getBuiltinModule(name: "bun:jsc"): { heapStats(): { readonly heapSize: number; readonly heapCapacity: number } };
  };
}

const host = globalThis as unknown as BunHost;

/** Bytes that are held. */
async function held(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    if (inDeno) host.gc!();
    else host.Bun.gc(true);
    // Memory outside the heap is given back by another thread.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return inDeno ? allocated() : host.process.getBuiltinModule("bun:jsc").heapStats().heapSize;
}

/** Bytes that were ever taken, as no garbage is collected. Bun tells them in blocks of 16 KiB. */
function allocated(): number {
  if (!inDeno) return host.process.getBuiltinModule("bun:jsc").heapStats().heapCapacity;
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

standIn();
const libc = openLibc();
using bus = new Bus("vcan0");
using peer = new Bus("vcan0");
const batch = Array.from(
  { length: BATCH },
  (_, i) => new Message({ arbitrationId: 0x18ff0000 + i, data: [i, 1, 2, 3, 4, 5, 6, 7] }),
);
const frame = new Uint8Array(16);
/** Read bytes are added up here, where a number takes no memory of its own. */
const sum = new Float64Array(1);
let received = 0;

function fill(): void {
  for (let sent = 0; sent < PORTION;) sent += peer.sendMany(batch);
}

/** Takes the portion from the socket, past the library. */
function discard(): void {
  while (libc.read(bus.fd, frame) > 0);
}

function use(): void {
  received++;
}

function useData(message: Message): void {
  received++;
  sum[0] += message.data[1];
}

/** Bytes a message of many portions, by one of the two measures. */
async function bytes(measure: () => number | Promise<number>, portion: () => void | Promise<void>): Promise<number> {
  const before = await measure();
  for (let i = 0; i < PORTIONS; i++) {
    const running = portion();
    if (running) await running;
  }
  return (await measure() - before) / MESSAGES;
}

function print(workload: string, value: number): void {
  console.log(JSON.stringify({ workload, value }));
}

/** What is left when all messages are held and everything else is given back. */
async function printKept(workload: string, useOne: (message: Message) => void): Promise<void> {
  const all: (Message | null)[] = new Array(MESSAGES).fill(null);
  let bytesEach = NaN;
  for (let round = 0; round < ROUNDS; round++) {
    all.fill(null);
    let count = 0;
    bytesEach = await bytes(held, () => {
      fill();
      for (const message of bus.recvMany(PORTION, 0)) {
        useOne(message);
        all[count++] = message;
      }
    });
    if (count !== MESSAGES) throw new Error(`${count} messages of ${MESSAGES}`);
  }
  print(workload, bytesEach);
}

/** What is allocated, without the bytes that others are known to allocate meanwhile. */
async function bytesAllocated(portion: () => void | Promise<void>, others = 0): Promise<number> {
  let bytesEach = NaN;
  for (let round = 0; round < ROUNDS; round++) bytesEach = await bytes(allocated, portion);
  return bytesEach - others;
}

function many(useOne: (message: Message) => void): () => void {
  return () => {
    for (let messages; (messages = bus.recvMany(BATCH, 0)).length > 0;) messages.forEach(useOne);
  };
}

if (argument(0) === "kept") {
  await printKept("a message", use);
  await printKept("a message, data read", useData);
} else {
  const sending = await bytesAllocated(() => {
    fill();
    discard();
  });
  print("allocated by sendMany", sending);
  const printAllocated = async (workload: string, receive: () => void | Promise<void>) => {
    const run = () => {
      fill();
      return receive();
    };
    print(workload, await bytesAllocated(run, sending));
  };
  await printAllocated("allocated by recv", () => {
    while (bus.recv(0)) received++;
  });
  await printAllocated("allocated by recvMany", many(use));
  await printAllocated("allocated by recvMany, data read", many(useData));
  await printAllocated("allocated by for await", async () => {
    let count = 0;
    for await (const _message of bus) {
      use();
      if (++count === PORTION) break;
    }
  });
}
if (!(received > 0 && sum[0] > 0)) throw new Error("the messages were empty");
