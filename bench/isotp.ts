/**
 * The ISO-TP workloads for Deno and Bun. `isotp.ts SECONDS` prints one line of JSON for each workload: bytes per
 * second, in PDUs of 4095 bytes. `isotp.ts COUNT wire` only sends that many PDUs, with the default time between frames,
 * for isotpperf to measure.
 *
 * @module
 */

import { IsoTpSocket, type IsoTpSocketOptions } from "../mod.ts";
import { argument } from "./libc.ts";

const LENGTH = 4095;
/** PDUs that are sent before they are received. The default receive buffer holds this many. */
const WINDOW = 8;

const seconds = Number(argument(0) ?? 1);
const pdu = Uint8Array.from({ length: LENGTH }, (_, i) => i);
let read = 0;

function open(options: Partial<IsoTpSocketOptions>): [IsoTpSocket, IsoTpSocket] {
  const ids = { channel: "vcan0", isExtendedId: false, ...options };
  return [
    new IsoTpSocket({ ...ids, txId: 0x7e0, rxId: 0x7e8 }),
    new IsoTpSocket({ ...ids, txId: 0x7e8, rxId: 0x7e0 }),
  ];
}

/** Reads a PDU as a user would. */
function use(received: Uint8Array | null): void {
  if (received?.length !== LENGTH) throw new Error(`${received?.length} bytes: is something else on vcan0?`);
  read += received[LENGTH - 1];
}

/** Returns bytes per second. */
async function rate(run: () => void | Promise<void>): Promise<number> {
  const start = performance.now();
  let windows = 0;
  let milliseconds: number;
  do {
    const running = run();
    if (running) await running;
    windows++;
    milliseconds = performance.now() - start;
  } while (milliseconds < 1000 * seconds);
  return windows * WINDOW * LENGTH / milliseconds * 1000;
}

/** Measures a workload, after a warm-up of the same length. */
async function measure(workload: string, run: () => void | Promise<void>): Promise<void> {
  await rate(run);
  console.log(JSON.stringify({ workload, value: await rate(run) }));
}

async function blocking(workload: string, options: Partial<IsoTpSocketOptions>): Promise<void> {
  const [a, b] = open(options);
  using _a = a;
  using _b = b;
  await measure(workload, () => {
    for (let i = 0; i < WINDOW; i++) {
      a.send(pdu);
      use(b.recv(5));
    }
  });
}

async function asynchronous(workload: string): Promise<void> {
  const [a, b] = open({ frameTxTime: 0 });
  using _a = a;
  using _b = b;
  await measure(workload, async () => {
    const receiving = (async () => {
      let received = 0;
      for await (const each of b) {
        use(each);
        if (++received === WINDOW) break;
      }
    })();
    for (let i = 0; i < WINDOW; i++) await a.sendAsync(pdu);
    await receiving;
  });
}

async function wire(count: number): Promise<void> {
  const [a, b] = open({});
  using _a = a;
  using _b = b;
  for (let i = 0; i < count; i++) {
    a.send(pdu);
    use(b.recv(20));
    await new Promise((resolve) => setTimeout(resolve, 200)); // isotpperf needs time to keep up
  }
}

if (argument(1) === "wire") await wire(seconds);
else {
  await blocking("ISO-TP", { frameTxTime: 0 });
  await blocking("ISO-TP, FD", { frameTxTime: 0, fd: true });
  await asynchronous("ISO-TP, asynchronous");
}
if (!(read > 0)) throw new Error("the PDUs were empty");
