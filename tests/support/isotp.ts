/**
 * Two ends of an ISO-TP connection, and the wire between them.
 *
 * @module
 */

import { it } from "node:test";
import { openLibc } from "../../ffi/open.ts";
import { Bus, type IsoTpOptions, IsoTpSocket, Message } from "../../mod.ts";
import { noVcan } from "./kernel.ts";

/** The one that asks, and the one that answers. */
export const tester = { channel: "vcan0", txId: 0x7e0, rxId: 0x7e8, isExtendedId: false } as const;
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

/** Milliseconds: the kernel gives the other end of a connection a second to answer. */
const STALL = 700;

/**
 * A test in which the script plays the other end, and has to answer in time. If it fails, and the machine has stalled
 * meanwhile for so long that it could not answer, it is done again, and that is said.
 */
export function inTime(name: string, run: () => void | Promise<void>): void {
  it(name, async () => {
    for (let tries = 1;; tries++) {
      using stalls = new Stalls();
      try {
        return await run();
      } catch (error) {
        if (tries === 5 || stalls.longest < STALL) throw error;
        console.warn(`${name}: done again, because the machine stalled for ${Math.round(stalls.longest)} ms: ${error}`);
      }
    }
  });
}

/** How long the script could not run, although it did not block by its own will. */
class Stalls implements Disposable {
  readonly #libc = openLibc() as { poll: (fds: Uint8Array, milliseconds: number) => number };
  readonly #poll = this.#libc.poll;
  readonly #clock: ReturnType<typeof setInterval>;
  #last = performance.now();
  #blocked = 0;
  #longest = 0;

  constructor() {
    this.#libc.poll = (...args) => {
      const start = performance.now();
      const result = this.#poll.apply(this.#libc, args);
      this.#blocked += performance.now() - start;
      return result;
    };
    this.#clock = setInterval(() => this.#look(), 20);
  }

  /** Milliseconds. */
  get longest(): number {
    this.#look();
    return this.#longest;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#clock);
    this.#libc.poll = this.#poll;
  }

  #look(): void {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last - this.#blocked);
    this.#last = now;
    this.#blocked = 0;
  }
}

/** Two ends with the same options, to be disposed of. */
export function ends(options: Partial<IsoTpOptions> = {}): { a: IsoTpSocket; b: IsoTpSocket } & Disposable {
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

/** Bytes that differ from their neighbours. */
export function bytes(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i);
}

/** Sees every frame, and sends what no ISO-TP socket would: it stands for a receiver or a sender that behaves badly. */
export class Wire implements Disposable {
  readonly #bus = new Bus({ channel: "vcan0", fd: true, errorMask: 0 });

  /** Sends frames, written as `7e8#300000`, FD as `7e8##1` and the data. */
  send(...frames: string[]): void {
    for (const frame of frames) this.#bus.send(parsed(frame), 5);
  }

  /** The frames since the last time, at least so many. */
  async frames(count: number): Promise<string[]> {
    return (await this.messages(count)).map(text);
  }

  /** The same as messages. */
  async messages(count: number): Promise<Message[]> {
    const messages: Message[] = [];
    while (messages.length < count) {
      const message = await this.#bus.recvAsync({ timeout: 20 });
      if (message === null) throw new Error(`only ${messages.length} of ${count} frames: ${messages.map(text)}`);
      messages.push(message);
    }
    return messages.concat(this.#bus.recvMany(1000, 0));
  }

  /** The frames since the last time, if there are any. */
  seen(): string[] {
    return this.#bus.recvMany(1000, 0).map(text);
  }

  [Symbol.dispose](): void {
    this.#bus.close();
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
