/**
 * J1939 on vcan0, for tests.
 *
 * @module
 */

import { it as test } from "node:test";
import { openLibc } from "../../ffi/open.ts";
import { Bus, CanError, type J1939Message, J1939Socket, type J1939SocketOptions } from "../../mod.ts";
import { encodePollfd, pollfdEvents, POLLIN } from "../../src/kernel/socket.ts";
import { pause } from "./pause.ts";
import { type Below, generator } from "./random.ts";
import { Stalls } from "./stalls.ts";

/** Seconds within which everything expected arrives, even on a loaded machine. */
export const SOON = 20;

/** The sockets of the running test. */
const opened: J1939Socket[] = [];

/** Opens a socket on vcan0. */
export function node(options: Partial<J1939SocketOptions> = {}): J1939Socket {
  const socket = new J1939Socket({ channel: "vcan0", ...options });
  opened.push(socket);
  return socket;
}

/** Waits until the sockets are closed, so that no message of theirs reaches the next test. */
async function settled(): Promise<void> {
  await Promise.allSettled(opened.splice(0).map((socket) => socket[Symbol.asyncDispose]()));
}

/** Returns pseudo-random data of a length. */
export function bytes(length: number, below: Below = generator(length)): Uint8Array {
  return Uint8Array.from({ length }, () => below(256));
}

/** Something expected has not arrived. */
class Missing extends Error {}

/** Receives the next message, blocking. */
export function take(socket: J1939Socket): J1939Message {
  const message = socket.recv(SOON);
  if (message === null) throw new Missing("no message arrived");
  return message;
}

/** Receives the next message, or the next one of a PGN, without blocking the event loop. */
export async function next(socket: J1939Socket, pgn?: number): Promise<J1939Message> {
  for (;;) {
    const message = await socket.recvAsync({ timeout: SOON });
    if (message === null) throw new Missing(`no message of PGN ${pgn ?? "any"} arrived`);
    if (pgn === undefined || message.pgn === pgn) return message;
  }
}

/** Waits until a message has arrived, without receiving it. */
export function arrived(socket: J1939Socket): void {
  const pollfd = encodePollfd(socket.fd, POLLIN);
  openLibc().poll(pollfd, 1000 * SOON);
  if ((pollfdEvents(pollfd) & POLLIN) === 0) throw new Missing("no message arrived");
}

/** Awaits a promise for at most `SOON`. */
export async function soon<T>(promise: Promise<T>): Promise<T> {
  let timer;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Missing("the promise is still pending")), 1000 * SOON);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until a condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 1000 * SOON;
  while (!condition()) {
    if (performance.now() > deadline) throw new Missing(`the condition does not hold: ${condition}`);
    await pause(10);
  }
}

/** Notices whether the kernel has aborted a transfer on vcan0 because of a timeout. */
class AbortWatch implements Disposable {
  readonly #bus = new Bus({
    channel: "vcan0",
    receiveBuffer: 4_000_000,
    filters: [0xec, 0xc8].map((pduFormat) => ({ canId: pduFormat << 16, canMask: 0xff << 16, isExtendedId: true })),
  });

  /** Whether it has aborted one. */
  get seen(): boolean {
    return this.#bus.recvMany(99_999, 0).some(({ data }) => data[0] === 0xff && data[1] === 3);
  }

  [Symbol.dispose](): void {
    this.#bus.close();
  }
}

/** Milliseconds that the machine may stall: contests of addresses are settled within 250. */
const STALL = 150;

/**
 * Defines a test that runs again, with a warning, if the machine was too slow for the protocol: the kernel aborts a
 * transfer after 0.75 s without progress, and a node that does not answer a claim within 0.25 s loses its address.
 */
export function it(name: string, run: () => void | Promise<void>): void {
  test(name, async () => {
    for (let tries = 1;; tries++) {
      using aborts = new AbortWatch();
      using stalls = new Stalls();
      try {
        return await run();
      } catch (error) {
        const missing = error instanceof Missing || (error instanceof CanError && error.code === "EHOSTUNREACH");
        const late = missing || aborts.seen;
        const stalled = Math.round(stalls.worst);
        if (!(late || stalled >= STALL) || tries === 5) throw error;
        const why = late ? "something took too long" : `the machine stalled for ${stalled} ms`;
        console.warn(`${name}: runs again, because ${why}: ${error}`);
      } finally {
        await settled();
      }
    }
  });
}
