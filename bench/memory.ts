/**
 * Memory use, for Deno and Bun. `memory.ts kept` prints the bytes that a message occupies while it is kept;
 * `memory.ts allocated` prints the bytes that are allocated for each message that is sent or received, in a steady
 * state.
 *
 * For this, garbage must be collected only when this file requests it: the flags and environment variables named in
 * README.md see to that. It always uses the stand-in, whose other end can be emptied without allocating memory.
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
/** Enough that a few kilobytes do not affect the result. */
const PORTIONS = 100;
/** The number of measurements, of which the last one counts: during the others, code is compiled and arrays grow. */
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

/** Returns the bytes in use after a garbage collection. */
async function held(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    if (inDeno) host.gc!();
    else host.Bun.gc(true);
    // Another thread releases memory outside the heap.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return inDeno ? allocated() : host.process.getBuiltinModule("bun:jsc").heapStats().heapSize;
}

/** Returns the bytes ever allocated, as no garbage is collected. Bun counts in blocks of 16 KiB. */
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
/** The sum of the bytes read, in a typed array because there a number needs no memory of its own. */
const sum = new Float64Array(1);
let received = 0;

function fill(): void {
  for (let sent = 0; sent < PORTION;) sent += peer.sendMany(batch);
}

/** Receives a portion from the socket, bypassing the library. */
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

/** Returns the bytes per message over many portions, by one of the two measures. */
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

/** Measures the memory in use while all messages are kept and everything else has been released. */
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

/** Measures the bytes allocated per message, minus the bytes that other parts are known to allocate. */
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
