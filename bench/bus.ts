/**
 * The rate workloads for Deno and Bun. `bus.ts SECONDS [native]` prints one line of JSON for each workload; with
 * `native`, it uses the stand-in instead of vcan0.
 *
 * @module
 */

import type { Libc } from "../ffi/libc.ts";
import { openLibc } from "../ffi/open.ts";
import { Bus, Message } from "../mod.ts";
import { CAN_MTU } from "../src/kernel/can.ts";
import { EAGAIN } from "../src/kernel/errno.ts";
import { ReceiveBatch } from "../src/raw/receive_batch.ts";
import { argument } from "./libc.ts";
import { type Replaceable, standIn } from "./stand_in.ts";

const CHANNEL = "vcan0";
const BATCH = 64;
/** Messages between two readings of the clock. The default receive buffer holds this many on every kernel. */
const PORTION = 3 * BATCH;

const seconds = Number(argument(0) ?? 1);
const native = argument(1) === "native";
if (native) standIn();
const batch = Array.from(
  { length: BATCH },
  (_, i) => new Message({ arbitrationId: 0x18ff0000 + i, data: [i, 1, 2, 3, 4, 5, 6, 7] }),
);
let read = 0;

/** Reads a message as a user would. */
function use(message: Message): void {
  read += message.arbitrationId + message.data[0] + message.timestamp;
}

function sendPortion(bus: Bus): void {
  for (let sent = 0; sent < PORTION;) sent += bus.sendMany(batch);
}

function expect(count: number): void {
  if (count !== PORTION) throw new Error(`${count} frames arrived of ${PORTION}: is something else on ${CHANNEL}?`);
}

/** Wraps libc to count the frames that it receives. */
function counting(): { libc: Libc; count: { frames: number } } {
  const real = openLibc();
  const count = { frames: 0 };
  const recvmmsg: Libc["recvmmsg"] = (fd, headers, most, flags) => {
    const received = real.recvmmsg(fd, headers, most, flags);
    if (received > 0) count.frames += received;
    return received;
  };
  return { libc: { ...real, recvmmsg }, count };
}

/** One portion of a workload, with untimed preparation and cleanup. */
interface Part {
  fill?(): void;
  run(): void | Promise<void>;
  empty?(): void;
}

/** Returns portions per second, counting only the time spent in `run`. */
async function rate(part: Part): Promise<number> {
  let portions = 0;
  let milliseconds = 0;
  // At least until the clock has advanced within a portion.
  for (const end = performance.now() + seconds * 1000; performance.now() < end || milliseconds === 0; portions++) {
    part.fill?.();
    const start = performance.now();
    const running = part.run();
    if (running) await running;
    milliseconds += performance.now() - start;
    part.empty?.();
  }
  return portions / milliseconds * 1000;
}

/** Measures a workload, after a warm-up of the same length. */
async function measure(workload: string, part: Part): Promise<void> {
  await rate(part);
  console.log(JSON.stringify({ workload, value: PORTION * await rate(part) }));
}

async function sending(): Promise<void> {
  using bus = new Bus(CHANNEL);
  // vcan needs no receiver; datagrams stay in the socket until they are received.
  using peer = native ? new Bus(CHANNEL) : null;
  const empty = () => expect(peer?.recvMany(PORTION + 1, 0).length ?? PORTION);
  await measure("send", {
    run() {
      for (let i = 0; i < PORTION; i++) bus.send(batch[i % BATCH]);
    },
    empty,
  });
  await measure("sendMany", { run: () => sendPortion(bus), empty });
}

async function receiving(): Promise<void> {
  using sender = new Bus(CHANNEL);
  using bus = new Bus(CHANNEL);
  const fill = () => sendPortion(sender);
  await measure("receive one", {
    fill,
    run() {
      let count = 0;
      for (let message; (message = bus.recv(0)); count++) use(message);
      expect(count);
    },
  });
  await measure("drain", {
    fill,
    run() {
      let count = 0;
      for (let messages; (messages = bus.recvMany(BATCH, 0)).length > 0; count += messages.length) {
        messages.forEach(use);
      }
      expect(count);
    },
  });
  await measure("drain, data unread", {
    fill,
    run() {
      let count = 0;
      for (let messages; (messages = bus.recvMany(BATCH, 0)).length > 0; count += messages.length) {
        for (const { arbitrationId, timestamp } of messages) read += arbitrationId + timestamp;
      }
      expect(count);
    },
  });
  // The same system calls, without decoding the frames.
  const { libc, count } = counting();
  const calls = new ReceiveBatch(libc, bus.fd, CAN_MTU, false, CHANNEL);
  await measure("drain, calls only", {
    fill,
    run() {
      count.frames = 0;
      calls.drain();
      expect(count.frames);
    },
  });
  await measure("for await", {
    fill,
    async run() {
      let count = 0;
      for await (const message of bus) {
        use(message);
        if (++count === PORTION) break;
      }
    },
  });
  await measure("recvAsync", {
    fill,
    async run() {
      for (let i = 0; i < PORTION; i++) use((await bus.recvAsync())!);
    },
  });
}

async function roundTrip(): Promise<void> {
  using a = new Bus(CHANNEL);
  using b = new Bus(CHANNEL);
  await measure("round trip", {
    run() {
      for (let i = 0; i < PORTION; i++) {
        a.send(batch[i % BATCH]);
        b.send(b.recv(1)!);
        use(a.recv(1)!);
      }
    },
  });
}

async function asynchronousRoundTrip(): Promise<void> {
  using a = new Bus(CHANNEL);
  using b = new Bus(CHANNEL);
  const echo = (async () => {
    for await (const message of b) b.send(message);
  })();
  await measure("asynchronous round trip", {
    async run() {
      for (let i = 0; i < PORTION; i++) {
        a.send(batch[i % BATCH]);
        use((await a.recvAsync())!);
      }
    },
  });
  b.close();
  await echo;
}

/** Measures the library's own code: the system calls are replaced and return at once. */
async function withoutKernel(): Promise<void> {
  const libc = openLibc() as Replaceable;
  const real = { ...libc };
  using sender = new Bus(CHANNEL);
  using bus = new Bus(CHANNEL);
  libc.send = (_fd, _data, length) => length;
  libc.sendmmsg = (_fd, _headers, count) => count;
  await measure("send, no kernel", {
    run() {
      for (let i = 0; i < PORTION; i++) sender.send(batch[i % BATCH]);
    },
  });
  await measure("sendMany, no kernel", { run: () => sendPortion(sender) });
  libc.sendmmsg = real.sendmmsg;

  // The frames that one batch left in the library's memory serve as those of the next batches.
  sender.sendMany(batch);
  bus.recvMany(BATCH).forEach(use);
  let left = 0;
  libc.recvmmsg = (_fd, _headers, count) => {
    if (left === 0) return -EAGAIN;
    left -= count;
    return count;
  };
  await measure("drain, no kernel", {
    run() {
      left = PORTION;
      let count = 0;
      for (let messages; (messages = bus.recvMany(BATCH, 0)).length > 0; count += messages.length) {
        messages.forEach(use);
      }
      expect(count);
    },
  });
  await measure("for await, no kernel", {
    async run() {
      left = PORTION;
      let count = 0;
      for await (const message of bus) {
        use(message);
        if (++count === PORTION) break;
      }
    },
  });
  Object.assign(libc, real);
}

await sending();
await receiving();
await roundTrip();
await asynchronousRoundTrip();
if (native) await withoutKernel();
if (!(read > 0)) throw new Error("the messages were empty");
