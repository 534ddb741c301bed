/**
 * Sends numbered frames through one bus into another while their link comes and goes: see README.md.
 *
 * `soak.ts [FRAMES] [SEED] [MILLISECONDS]`, where a vcan can be made, which then stays up for so long at the most. Prints what it counted as one line of JSON, and ends with 1 if
 * something was lost unseen, wrong, or leaked.
 *
 * @module
 */

import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { Bus, CanError, type Message } from "../../mod.ts";
import { pause } from "../support/pause.ts";
import { generator, oneOf } from "../support/random.ts";
import { frameOf, numberOf, placeOf, wrongIn } from "./frames.ts";
import { Ledger } from "./ledger.ts";
import { Links } from "./links.ts";
import type { SoakResult } from "./result.ts";
import { judge, Samples } from "./samples.ts";

const LINK = "soak0";

/** Bytes of a receive buffer that holds every burst, and of one that does not. */
const BUFFERS = { large: 4_000_000, small: 20_000 };

/** Frames sent before a receiver looks, at the most. */
const BURST = 250;

const frames = Number(process.argv[2] ?? 5_000_000);
const seed = Number(process.argv[3] ?? 1);
const upTime = Number(process.argv[4] ?? 6000);
if (!(frames >= 1 && frames < 2 ** 28 && Number.isInteger(seed) && upTime >= 1)) {
  throw new RangeError("usage: soak.ts [FRAMES] [SEED] [MILLISECONDS]");
}

const below = generator(seed);
const one = <T>(...of: readonly T[]) => oneOf(below, ...of);
const ledger = new Ledger();
const samples = new Samples();
/** How often each thing happened. */
const counts: Record<string, number> = {};
let lastTimestamp = 0;
/** Bytes of the receive buffer of the next receiver. */
let receiveBuffer = BUFFERS.large;

function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** Takes a message that has arrived into the books. */
function take(message: Message): void {
  const number = numberOf(message);
  const wrong = wrongIn(message, number);
  if (wrong) ledger.fail(`${message}: ${wrong} is not that of ${number}`);
  if (message.timestamp < lastTimestamp) {
    ledger.fail(`${message}: ${lastTimestamp - message.timestamp} s before the last one`);
  }
  lastTimestamp = message.timestamp;
  ledger.arrive(placeOf(number, ledger.next), () => receiver.droppedFrames);
}

/** Opens a bus, as soon as the link lets it. */
async function open(options: { receiveBuffer?: number }): Promise<Bus> {
  for (;;) {
    try {
      return new Bus({ channel: LINK, fd: true, ...options });
    } catch (error) {
      if (!(error instanceof CanError) || !["ENODEV", "ENETDOWN"].includes(error.code!)) throw error;
      count(`open refused: ${error.code}`);
      await pause(5);
    }
  }
}

// A frame is delivered by the processor that sent it, a little later if that is busy: a thread that moves to another
// meanwhile overtakes its own frames, inside the kernel. Only the script's own thread is held fast.
const holding = spawn("taskset", ["-p", "-c", "0", `${process.pid}`], { stdio: "ignore" });
if (await new Promise((resolve) => holding.on("close", resolve)) !== 0) throw new Error("taskset failed");
execFileSync("ip", ["link", "add", LINK, "type", "vcan"]);
execFileSync("ip", ["link", "set", LINK, "mtu", "72", "up"]);
{
  // Runtimes keep some descriptors of what they do for the first time, such as starting a thread.
  using first = await open({});
  await first.recvAsync({ timeout: 0.1 });
}
await pause(1000);
const descriptorsBefore = descriptors();
let sender = await open({});
let receiver = await open({ receiveBuffer });

/** The link is down, or gone: what the sender is told. Anything else is a failure of the soak. */
async function sendingFailed(error: unknown): Promise<void> {
  if (!(error instanceof CanError)) throw error;
  count(`send: ${error.code}`);
  if (error.code === "ENODEV" || error.code === "ENXIO") {
    sender.close();
    sender = await open({});
  } else if (error.code !== "ENETDOWN") throw error;
  await pause(2);
}

/** Likewise for the receiver. */
async function receivingFailed(error: unknown): Promise<void> {
  if (!(error instanceof CanError)) throw error;
  count(`receive: ${error.code}`);
  ledger.announce();
  if (error.code === "ENODEV") await reopenReceiver();
  else if (error.code !== "ENETDOWN") throw error;
}

async function reopenReceiver(): Promise<void> {
  const dropped = receiver.droppedFrames;
  receiver.close();
  receiver = await open({ receiveBuffer });
  // Until now the sender's frames found no receiver.
  if (ledger.excused) ledger.announce();
  ledger.settle(dropped);
}

/** Sends the next `wanted` frames in one of the ways, and returns when that was done or failed. */
async function send(wanted: number): Promise<void> {
  const way = one("send", "sendMany", "sendAsync");
  count(way);
  const first = ledger.started;
  const messages = Array.from({ length: wanted }, (_, i) => frameOf(first + i));
  if (way === "sendAsync") {
    ledger.started += wanted;
    const results = await Promise.allSettled(messages.map((message) => sender.sendAsync(message)));
    for (const [i, result] of results.entries()) if (result.status === "rejected") ledger.refuse(first + i);
    const failed = results.find((result) => result.status === "rejected");
    if (failed) await sendingFailed(failed.reason);
    return;
  }
  let sent = 0;
  try {
    if (way === "send") {
      for (const message of messages) {
        sender.send(message, 10);
        sent++;
      }
    } else sent = sender.sendMany(messages, 10);
  } catch (error) {
    if (way === "sendMany") sent = (error as CanError).sent!;
    ledger.started += sent;
    return sendingFailed(error); // those that were not sent are the next ones
  }
  ledger.started += sent;
}

/** Seconds after which what has not come does not come: a link that goes down swallows frames before it tells of it. */
const RESTING = 2;

/** Seconds to wait for what is missing: longer where it should come. */
function patience(): number {
  return ledger.excused || receiver.droppedFrames > 0 ? 0.002 : RESTING;
}

/**
 * Receives in one of the ways until all that was sent is here, or no more comes.
 *
 * @param rest Seconds to wait for what is missing.
 */
async function receive(rest?: number): Promise<void> {
  const way = one("recv", "recv(0)", "recvMany", "recvAsync");
  count(way);
  while (!ledger.complete) {
    try {
      if (way === "recvAsync") {
        // No more waits than frames: the others would wait for their timeouts.
        if (!await receiveAsync(Math.min(1 + below(30), ledger.outstanding), rest ?? patience())) return;
      } else if (way === "recvMany") {
        const messages = receiver.recvMany(1 + below(200), rest ?? patience());
        if (messages.length === 0) return;
        for (const message of messages) take(message);
      } else {
        const message = receiver.recv(way === "recv" ? rest ?? patience() : 0) ?? receiver.recv(rest ?? patience());
        if (message === null) return;
        take(message);
      }
    } catch (error) {
      await receivingFailed(error);
    }
  }
}

/** Receives with several waits at once; returns whether something came. */
async function receiveAsync(waits: number, timeout: number): Promise<boolean> {
  const results = await Promise.allSettled(Array.from({ length: waits }, () => receiver.recvAsync({ timeout })));
  let came = false;
  for (const result of results) {
    if (result.status === "rejected") {
      came = true;
      // An interface that is gone rejects every wait: the first one opens a new receiver.
      if (result.reason.code !== "ENODEV") await receivingFailed(result.reason);
    } else if (result.value !== null) {
      came = true;
      take(result.value);
    }
  }
  const gone = results.find((result) => result.status === "rejected" && result.reason.code === "ENODEV");
  if (gone) await receivingFailed((gone as PromiseRejectedResult).reason);
  return came;
}

/** Sends while somebody receives: the messages come while the sender goes on. */
async function meanwhile(): Promise<void> {
  let sending = true;
  const receiving = one(
    async () => {
      count("recvAsync meanwhile");
      while (sending) {
        await receiveAsync(1 + below(60), 0.01);
      }
    },
    async () => {
      count("for await meanwhile");
      while (sending) {
        try {
          for await (const message of receiver) {
            take(message);
            if (!sending) return;
          }
        } catch (error) {
          await receivingFailed(error);
        }
      }
    },
  )();
  for (let rest = below(4) + 1; rest > 0; rest--) {
    await send(1 + below(BURST));
    await pause();
  }
  sending = false;
  let done = false;
  const ended = receiving.finally(() => done = true);
  // The iteration ends with the next frame that comes.
  while (!done) {
    await send(1);
    await pause(1);
  }
  await ended;
}

const links = new Links(LINK, seed, upTime, (event) => count(`link ${event}`));

/** Whether everything that should happen has: a short run on a fast machine goes on until then. */
function eventful(): boolean {
  return ["link down", "link deleted", "receive: ENETDOWN", "receive: ENODEV", "send: ENETDOWN"]
    .every((event) => counts[event] > 0);
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

function resident(): number {
  return Number(readFileSync("/proc/self/statm", "utf8").split(" ")[1]) * 4096;
}

const start = performance.now();
let nextSample = start;
let nextProgress = 0;

/** Tells on standard error how far it is, ten times in a run. */
function progress(): void {
  if (ledger.received < nextProgress || nextProgress > frames) return;
  nextProgress += frames / 10;
  console.error(`${ledger.received} of ${frames} frames, ${Math.round((performance.now() - start) / 1000)} s`);
}

while ((ledger.received < frames || !eventful()) && ledger.wrong.length < 20) {
  if (below(20) === 0) await meanwhile();
  else {
    await send(1 + below(BURST));
    await receive();
  }
  if (below(8) === 0) await pause(); // those who follow the links, and timers, have their turn
  if (below(100) === 0) {
    await receive(RESTING);
    receiveBuffer = below(4) === 0 ? BUFFERS.small : BUFFERS.large;
    await reopenReceiver();
    count("reopened");
  }
  if (performance.now() >= nextSample) {
    nextSample = performance.now() + 500;
    progress();
    samples.add(ledger.started, resident(), descriptors());
  }
}
await links.end();
await receive(RESTING);
await reopenReceiver();
const seconds = (performance.now() - start) / 1000;
receiver.close();
sender.close();
execFileSync("ip", ["link", "del", LINK]);
for (let rest = 500; descriptors() > descriptorsBefore; rest--) {
  if (rest === 0) {
    ledger.wrong.push(`${descriptors()} descriptors are open at the end, and ${descriptorsBefore} were`);
    break;
  }
  await pause(10); // the thread that waits for sockets ends a little later than they
}

const memory = judge(samples);
const result: SoakResult = {
  frames: ledger.started,
  received: ledger.received,
  seconds,
  lost: { counted: ledger.lostCounted, announced: ledger.lostAnnounced, unseen: ledger.lostUnseen },
  misplaced: ledger.misplaced,
  droppedByLinks: links.dropped,
  memory,
  counts,
  wrong: [...ledger.wrong, ...memory.wrong],
};
console.log(JSON.stringify(result));
process.exitCode = result.wrong.length > 0 ? 1 : 0;
