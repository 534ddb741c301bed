/**
 * Sends numbered frames through one bus into another while their link comes and goes: see README.md.
 *
 * `soak.ts [FRAMES] [SEED] [MILLISECONDS]`, on a machine where a vcan can be created; the vcan stays up for at most
 * MILLISECONDS. Prints its counts as one line of JSON, and exits with 1 if something was lost without a report, wrong, or
 * leaked.
 *
 * @module
 */

import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { Bus, CanError, type Message } from "../../mod.ts";
import { pause } from "../support/pause.ts";
import { generator, oneOf } from "../support/random.ts";
import { frameOf, numberOf, positionOf, wrongIn } from "./frames.ts";
import { Ledger } from "./ledger.ts";
import { Links } from "./links.ts";
import type { SoakResult } from "./result.ts";
import { judge, Samples } from "./samples.ts";

const LINK = "soak0";

/** Sizes in bytes of a receive buffer that holds every burst, and of one that does not. */
const BUFFERS = { large: 4_000_000, small: 20_000 };

/** The maximum number of frames that are sent before the receiver reads. */
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
/** How often each event occurred. */
const counts: Record<string, number> = {};
let lastTimestamp = 0;
/** The size of the next receiver's receive buffer in bytes. */
let receiveBuffer = BUFFERS.large;

function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** Records a message that has arrived. */
function take(message: Message): void {
  const number = numberOf(message);
  const wrong = wrongIn(message, number);
  if (wrong) ledger.fail(`${message}: ${wrong} does not match the number ${number}`);
  if (message.timestamp < lastTimestamp) {
    ledger.fail(`${message}: its timestamp is ${lastTimestamp - message.timestamp} s before the previous one`);
  }
  lastTimestamp = message.timestamp;
  ledger.arrive(positionOf(number, ledger.next), () => receiver.droppedFrames);
}

/** Opens a bus, waiting until the link is up. */
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

// The kernel delivers a frame on the processor that sent it, a little later if that is busy. A thread that has moved to
// another processor by then overtakes its own frames. So the script's own thread, and only that one, is pinned.
const pinning = spawn("taskset", ["-p", "-c", "0", `${process.pid}`], { stdio: "ignore" });
if (await new Promise((resolve) => pinning.on("close", resolve)) !== 0) throw new Error("taskset failed");
execFileSync("ip", ["link", "add", LINK, "type", "vcan"]);
execFileSync("ip", ["link", "set", LINK, "mtu", "72", "up"]);
{
  // Runtimes keep some descriptors open that they create on first use, as when they start a thread.
  using first = await open({});
  await first.recvAsync({ timeout: 0.1 });
}
await pause(1000);
const descriptorsBefore = descriptors();
let sender = await open({});
let receiver = await open({ receiveBuffer });

/** Handles an error of the sender: the link is down or gone. Any other error fails the soak. */
async function sendingFailed(error: unknown): Promise<void> {
  if (!(error instanceof CanError)) throw error;
  count(`send: ${error.code}`);
  if (error.code === "ENODEV" || error.code === "ENXIO") {
    sender.close();
    sender = await open({});
  } else if (error.code !== "ENETDOWN") throw error;
  await pause(2);
}

/** Handles an error of the receiver, likewise. */
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
  // Frames that were sent until now had no receiver.
  if (ledger.excused) ledger.announce();
  ledger.settle(dropped);
}

/** Sends the next `wanted` frames by a random method, and returns when that has succeeded or failed. */
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
    return sendingFailed(error); // the frames that were not sent are the next ones
  }
  ledger.started += sent;
}

/** Seconds after which a missing frame will not arrive: a link that goes down loses frames before it reports that. */
const RESTING = 2;

/** Returns the seconds to wait for missing frames: longer if they should arrive. */
function patience(): number {
  return ledger.excused || receiver.droppedFrames > 0 ? 0.002 : RESTING;
}

/**
 * Receives by a random method until every frame that was sent has arrived, or no more do.
 *
 * @param rest Seconds to wait for missing frames.
 */
async function receive(rest?: number): Promise<void> {
  const way = one("recv", "recv(0)", "recvMany", "recvAsync");
  count(way);
  while (!ledger.complete) {
    try {
      if (way === "recvAsync") {
        // No more waits than frames: any further waits would last until their timeouts.
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

/** Receives with several waits at once; returns whether anything arrived. */
async function receiveAsync(waits: number, timeout: number): Promise<boolean> {
  const results = await Promise.allSettled(Array.from({ length: waits }, () => receiver.recvAsync({ timeout })));
  let any = false;
  for (const result of results) {
    if (result.status === "rejected") {
      any = true;
      // A removed interface rejects every wait: only the first rejection opens a new receiver.
      if (result.reason.code !== "ENODEV") await receivingFailed(result.reason);
    } else if (result.value !== null) {
      any = true;
      take(result.value);
    }
  }
  const gone = results.find((result) => result.status === "rejected" && result.reason.code === "ENODEV");
  if (gone) await receivingFailed((gone as PromiseRejectedResult).reason);
  return any;
}

/** Sends while receiving, so that messages arrive while sending continues. */
async function sendWhileReceiving(): Promise<void> {
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
  // The iteration ends with the next frame that arrives.
  while (!done) {
    await send(1);
    await pause(1);
  }
  await ended;
}

const links = new Links(LINK, seed, upTime, (event) => count(`link ${event}`));

/** Whether every expected event has occurred: a short run on a fast machine continues until then. */
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

/** Reports the progress on standard error, ten times in a run. */
function progress(): void {
  if (ledger.received < nextProgress || nextProgress > frames) return;
  nextProgress += frames / 10;
  console.error(`${ledger.received} of ${frames} frames, ${Math.round((performance.now() - start) / 1000)} s`);
}

while ((ledger.received < frames || !eventful()) && ledger.wrong.length < 20) {
  if (below(20) === 0) await sendWhileReceiving();
  else {
    await send(1 + below(BURST));
    await receive();
  }
  if (below(8) === 0) await pause(); // gives timers and the events of links a turn
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
    ledger.wrong.push(`${descriptors()} descriptors are open at the end, but ${descriptorsBefore} at the beginning`);
    break;
  }
  await pause(10); // the thread that waits for sockets ends a little later than the last socket
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
