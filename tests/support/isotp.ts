/**
 * Two ends of an ISO-TP connection, and the wire between them.
 *
 * @module
 */

import { it } from "node:test";
import { openLibc } from "../../ffi/open.ts";
import { Bus, IsoTpSocket, type IsoTpSocketOptions, Message } from "../../mod.ts";
import { encodePollfd, pollfdEvents, POLLOUT } from "../../src/kernel/socket.ts";
import { noVcan } from "./kernel.ts";
import { pause } from "./pause.ts";
import { Stalls } from "./stalls.ts";

/** Seconds within which every expected frame arrives, also on a loaded machine. */
export const SOON = 20;

/** The options of a client and a server. */
export const tester = { channel: "vcan0", txId: 0x7e0, rxId: 0x7e8 } as const;
export const ecu = { ...tester, txId: tester.rxId, rxId: tester.txId } as const;

/** Why tests that need ISO-TP on a vcan0 are skipped, or false. */
export const noIsoTp: string | false = noVcan || reason();

function reason(): string | false {
  try {
    new IsoTpSocket(tester).close();
    return false;
  } catch (error) {
    return `no ISO-TP here: ${(error as Error).message}`;
  }
}

/** Milliseconds of a stall that makes a test miss the kernel's timeout of 1 s: tests use a part of it themselves. */
const STALL = 300;

/** Milliseconds after which the kernel has given up what a closed socket was sending. */
const GIVEN_UP = 2100;

/**
 * A test in which the script plays the other end and has to answer in time. If it fails after the machine has stalled for
 * so long that it could not answer, it is repeated, with a warning.
 */
export function inTime(name: string, run: () => void | Promise<void>): void {
  it(name, async () => {
    for (let tries = 1;; tries++) {
      let stalled = 0;
      try {
        using stalls = new Stalls();
        try {
          return await run();
        } finally {
          stalled = stalls.worst;
        }
      } catch (error) {
        if (tries === 5 || stalled < STALL) throw error;
        console.warn(`${name}: repeated, because the machine stalled for ${Math.round(stalled)} ms: ${error}`);
        await pause(GIVEN_UP);
      }
    }
  });
}

/** Opens two ends with the same options. */
export function ends(options: Partial<IsoTpSocketOptions> = {}): { a: IsoTpSocket; b: IsoTpSocket } & Disposable {
  const a = new IsoTpSocket({ ...tester, ...options });
  const b = new IsoTpSocket({ ...ecu, ...options });
  return {
    a,
    b,
    [Symbol.dispose]() {
      a.close();
      b.close();
    },
  };
}

/** Waits until a socket sends nothing: its receiver may have a PDU before the kernel considers it sent. */
export function idle(socket: IsoTpSocket): void {
  const pollfd = encodePollfd(socket.fd, POLLOUT);
  openLibc().poll(pollfd, 1000 * SOON);
  if (pollfdEvents(pollfd) !== POLLOUT) throw new Error("it is still sending, or has failed");
}

/** Bytes that differ from their neighbours. */
export function bytes(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i);
}

/** Sees every frame and sends any: it plays a receiver or a sender that breaks the protocol. */
export class Wire implements Disposable {
  readonly #bus = new Bus({ channel: "vcan0", fd: true, errorMask: 0 });
  /** Receives the frames that this sends. */
  readonly #echo = new Bus({ channel: "vcan0", fd: true, errorMask: 0 });

  /**
   * Sends frames, written as `7e8#300000`, FD as `7e8##1` and the data: each after the one before was received, as a vcan
   * may reorder frames that are sent at once.
   */
  send(...frames: string[]): void {
    this.#echo.recvMany(99_999, 0);
    for (const [i, frame] of frames.entries()) {
      this.#bus.send(parsed(frame), 5);
      if (i < frames.length - 1) this.#receive(frame);
    }
  }

  /** Waits until the kernel takes timestamps, which starts a little after the first socket enables them. */
  async timed(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const sent = Date.now() / 1000;
      this.send("7ff#"); // not an identifier of a test
      await pause(20); // a time taken when the frame is read would be later
      if (this.#receive("7ff#").timestamp < sent + 0.015) return;
    }
    throw new Error("the kernel does not take timestamps");
  }

  /** The frames since the last call, at least so many. */
  async frames(count: number): Promise<string[]> {
    return (await this.messages(count)).map(text);
  }

  /** The same as messages. */
  async messages(count: number): Promise<Message[]> {
    const messages: Message[] = [];
    while (messages.length < count) {
      const message = await this.#bus.recvAsync({ timeout: SOON });
      if (message === null) throw new Error(`only ${messages.length} of ${count} frames: ${messages.map(text)}`);
      messages.push(message);
    }
    return messages.concat(this.#bus.recvMany(1000, 0));
  }

  /** The frames since the last call, if there are any. */
  seen(): string[] {
    return this.#bus.recvMany(1000, 0).map(text);
  }

  [Symbol.dispose](): void {
    this.#bus.close();
    this.#echo.close();
  }

  /** Waits until a frame that was sent is received. */
  #receive(frame: string): Message {
    for (;;) {
      const message = this.#echo.recv(SOON);
      if (message === null) throw new Error(`${frame} was not received`);
      if (text(message) === frame) return message;
    }
  }
}

function text({ arbitrationId, data, isFd, bitrateSwitch }: Message): string {
  const hex = Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${arbitrationId.toString(16)}#${isFd ? `#${Number(bitrateSwitch)}` : ""}${hex}`;
}

function parsed(frame: string): Message {
  const [, id, flags, hex] = /^([0-9a-f]+)#(?:#(\d))?([0-9a-f]*)$/.exec(frame)!;
  return new Message({
    arbitrationId: parseInt(id, 16),
    isExtendedId: id.length > 3,
    isFd: flags !== undefined,
    bitrateSwitch: flags === "1",
    data: Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16)),
  });
}
