/**
 * The live page's server under load: `deno run -A bench/web.ts [SECONDS]`, or `bun bench/web.ts [SECONDS]`.
 *
 * Eight virtual buses with 8,000 frames a second each, as a full bus of 1 Mbit/s has, three clients that look at all of it, and
 * one that stops reading. It prints what was counted and lost; the processor time that the server takes for a frame, without
 * that of the senders, which run in the same process and are measured alone first; and how the memory grows. The status is 1 if
 * a frame is neither counted nor reported as lost.
 *
 * @module
 */

import process from "node:process";
import { Bus, Message } from "../mod.ts";
import { webHandler } from "../src/web/mod.ts";

const BUSES = 8;
const RATE = 8000;
const IDS = 50;
const CLIENTS = 3;

const seconds = Number(process.argv[2] ?? 20);

/** Sends frames on all buses for some seconds, in as many pieces as timers allow. Returns how many there were. */
async function send(buses: readonly Bus[], duration: number): Promise<number> {
  const messages = Array.from(
    { length: IDS },
    (_, id) =>
      Array.from(
        { length: 16 },
        (_, byte) =>
          new Message({ arbitrationId: 0x100 + id, isExtendedId: false, data: [byte, id, 0, 0, 1, 2, 3, byte * 16] }),
      ),
  );
  const start = performance.now();
  let sent = 0;
  while (performance.now() - start < 1000 * duration) {
    const due = Math.floor((performance.now() - start) * RATE / 1000);
    for (; sent < due; sent++) {
      for (const bus of buses) bus.send(messages[sent % IDS][Math.floor(sent / IDS) % 16]);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return sent * buses.length;
}

/** The share of one processor that something takes, while it lasts. */
async function busy<T>(run: () => Promise<T>): Promise<[result: T, share: number]> {
  const before = process.cpuUsage();
  const start = performance.now();
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1000 / (performance.now() - start)];
}

/** Reads events. Counts them, and keeps the last trace extent. */
async function read(body: ReadableStream<Uint8Array>, account: { snapshots: number; bytes: number; end: number }) {
  let text = "";
  for await (
    const chunk of body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
  ) {
    account.bytes += chunk.length;
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      if (!event.startsWith("event: snapshot")) continue;
      account.snapshots++;
      account.end = Number(/"trace":\{"first":\d+,"end":(\d+)/.exec(event)![1]);
    }
  }
}

const channels = Array.from({ length: BUSES }, (_, i) => `can${i}`);
const senders = channels.map((channel) => new Bus({ channel, interface: "virtual", receive: false }));
const [, alone] = await busy(() => send(senders, Math.min(seconds / 2, 5)));

const buses = channels.map((channel) => new Bus({ channel, interface: "virtual", receiveBuffer: 400_000_000 }));
const handler = webHandler({
  buses,
  traceFrames: 200_000,
  bitrates: Object.fromEntries(channels.map((each) => [each, { bitrate: 1_000_000, dataBitrate: 1_000_000 }])),
});
const connect = async (client: string) =>
  (await handler(new Request(`http://localhost/api/events?client=${client}`))).body!;
const accounts = Array.from({ length: CLIENTS }, () => ({ snapshots: 0, bytes: 0, end: 0 }));
const reading = accounts.map(async (account, i) => read(await connect(`client-number-${i}`), account));
await connect("client-that-is-stuck");

const memory: [time: number, megabytes: number][] = [];
const start = performance.now();
const timer = setInterval(() => {
  memory.push([(performance.now() - start) / 60_000, process.memoryUsage().rss / 1e6]);
}, 1000);
const [sent, share] = await busy(() => send(senders, seconds));
clearInterval(timer);
const before = process.cpuUsage();
for (let last = -1; last !== accounts[0].end;) { // what still waits in the buffers of a busy machine
  last = accounts[0].end;
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
const rest = process.cpuUsage(before);
const dropped = buses.reduce((sum, bus) => sum + bus.droppedFrames, 0);
const counted = accounts.map(({ end }) => end);
const half = memory.slice(memory.length >> 1);
console.log(
  `frames sent ${sent}, ${(sent / seconds).toFixed(0)}/s; counted by each client ${
    counted.join(", ")
  }; dropped ${dropped}`,
);
for (const { snapshots, bytes } of accounts) {
  console.log(`snapshots ${(snapshots / seconds).toFixed(1)}/s, ${(bytes / seconds / 1e6).toFixed(2)} MB/s`);
}
const work = (share - alone) * seconds + (rest.user + rest.system) / 1e6;
const each = work / accounts[0].end;
console.log(
  `processor: ${(1e6 * each).toFixed(2)} µs a frame, so ${(each * BUSES * RATE).toFixed(2)} of a processor for ${
    BUSES * RATE
  } frames/s ` +
    `(senders ${alone.toFixed(2)}, with the server ${share.toFixed(2)})`,
);
console.log(`memory: ${half.at(-1)?.[1].toFixed(0)} MB, ${slope(half).toFixed(2)} MB/min in the second half`);
await handler.close();
await Promise.all(reading);
for (const bus of [...buses, ...senders]) bus.close();
process.exitCode = counted.every((each) => each + dropped === sent) ? 0 : 1;

/** The slope of a line through points, by least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const top = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0);
  return top / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
}
