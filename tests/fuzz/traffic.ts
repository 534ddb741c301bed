/**
 * Fuzz: any call may fail at any moment, or do less than it was asked for, and a model tells what must have happened.
 *
 * @module
 */

import { Bus, CanError, CanTimeoutError, Message, type MessageInit } from "../../mod.ts";
import { EAGAIN, EINTR, ENETDOWN, ENOBUFS, ENODEV, ENXIO, EPERM, errnoName } from "../../src/kernel/errno.ts";
import { POLLIN, SK_MEMINFO_DROPS } from "../../src/kernel/socket.ts";
import type { Call } from "../support/faults.ts";
import { frameBytes } from "../support/frame_bytes.ts";
import { type Below, generator, oneOf, randomMessageOfAnyKind } from "../support/random.ts";
import { CHANNEL, FakeCan, IFINDEX, type Slot } from "./fake_can.ts";

const ENOMEM = 12;

/** Errors that each call is made to fail with. Those that are waited out come more often. */
const failures: Partial<Record<Call, readonly number[]>> = {
  send: [EINTR, EAGAIN, ENOBUFS, EINTR, EAGAIN, ENOBUFS, ENETDOWN, ENODEV, ENXIO, ENOMEM, EPERM],
  recvmmsg: [EINTR, EAGAIN, EINTR, EAGAIN, ENOBUFS, ENETDOWN, ENOMEM, EPERM, ENODEV],
  poll: [EINTR, EINTR, ENOMEM],
  epollCreate: [ENOMEM],
  epollCtl: [ENOMEM],
  epollWait: [EINTR, EINTR, ENOMEM],
  eventfd: [ENOMEM],
  getsockopt: [ENOMEM, EPERM],
  setsockopt: [ENOMEM, ENODEV],
  bind: [ENETDOWN, ENODEV, ENOMEM],
  socket: [ENOMEM, EPERM],
  ioctl: [ENODEV, ENOMEM],
  close: [EINTR],
  read: [EAGAIN, EINTR],
  write: [EAGAIN, EINTR],
};

/** Errors that must never be seen: they are waited out. */
const hidden = ["EINTR", "EAGAIN"];

/** Milliseconds after which a step hangs. */
const LIMIT = 30_000;

/**
 * Takes so many random steps.
 *
 * @throws What is not as the model says.
 */
export async function fuzzTraffic(seed: number, steps: number): Promise<void> {
  const world = new World(generator(seed));
  using _can = world.can;
  for (let step = 0; step < steps; step++) await world.step();
  await world.end();
}

/** A bus, what is on both sides of it, and what should be. */
class World {
  readonly can: FakeCan;
  readonly #below: Below;
  /** One call in so many fails; 0 for none. */
  #oneIn = 0;
  /** What the kernel holds for the bus, and the numbers of what was ever put there and of what came. */
  #incoming: Uint8Array[] = [];
  #put = 0;
  #came = 0;
  /** What was to come, by number. */
  readonly #expected = new Map<number, Uint8Array>();
  /** Numbers of the frames that reached the kernel since they were last looked at. */
  #wire: number[] = [];
  #sent = 0;
  #bus: Bus;

  constructor(below: Below) {
    this.#below = below;
    this.can = new FakeCan({
      send: (frame) => this.#fault("send") ?? (this.#wire.push(numberOf(frame)), 0),
      receive: (slots) => this.#fault("recvmmsg") ?? this.#receive(slots),
      other: (call, args) => this.#other(call, args),
    });
    this.#bus = this.#open();
  }

  async step(): Promise<void> {
    this.#oneIn = oneOf(this.#below, 0, 3, 10, 100);
    const act = oneOf(
      this.#below,
      () => this.#fill(),
      () => this.#recv(),
      () => this.#recvMany(),
      () => this.#recvAsync(),
      () => this.#send(),
      () => this.#sendMany(),
      () => this.#sendAsync(),
      () => this.#ask(),
      () => this.#reopen(),
    );
    await inTime(act());
    if (this.#wire.length > 0) throw new Error(`sent, though nobody wanted it: ${this.#wire}`);
  }

  /** When nothing fails any more, all is there. */
  async end(): Promise<void> {
    this.#oneIn = 0;
    await inTime(this.#allComes());
    const [message] = this.#messages(1);
    await inTime(this.#bus.sendAsync(message));
    this.#onWire([message]);
    this.#bus.close();
    if (this.can.open.size > 0) throw new Error(`${this.can.open.size} sockets are open`);
  }

  async #allComes(): Promise<void> {
    for (let idle = 0; this.#came < this.#put;) {
      // An error that is still to be told is told now, after what was read before it.
      const message = await this.#bus.recvAsync({ timeout: 0.01 }).catch((error) => this.#failed(error));
      if (message) this.#take([message]);
      idle = message ? 0 : idle + 1;
      if (idle > 10) throw new Error(`${this.#put - this.#came} frames were lost`);
    }
    const receive = () => this.#tried(() => this.#bus.recv(0));
    // The first may tell of an error that came after the last frame.
    if (receive() || receive()) throw new Error("more came than was there");
  }

  #fault(call: Call): number | undefined {
    const errnos = failures[call];
    if (errnos === undefined || this.#oneIn === 0 || this.#below(this.#oneIn) > 0) return undefined;
    // Gone is for ever: not too often.
    const errno = oneOf(this.#below, ...errnos);
    return -(errno === ENODEV && call === "recvmmsg" && this.#below(4) > 0 ? ENETDOWN : errno);
  }

  #other(call: Call, args: readonly unknown[]): number | undefined {
    const fault = this.#fault(call);
    if (fault !== undefined || call !== "poll") return fault;
    // The descriptor is always readable; whether there is a frame is for the model to say.
    const fds = args[0] as Uint8Array;
    const waitsForFrame = fds.length > 0 && (fds[4] & POLLIN) !== 0;
    return waitsForFrame && this.#incoming.length === 0 ? 0 : undefined;
  }

  #receive(slots: readonly Slot[]): number {
    if (this.#incoming.length === 0) return -EAGAIN;
    const count = 1 + this.#below(Math.min(slots.length, this.#incoming.length));
    for (const [i, bytes] of this.#incoming.splice(0, count).entries()) {
      slots[i].frame.set(bytes);
      new DataView(slots[i].name.buffer, slots[i].name.byteOffset).setInt32(4, IFINDEX, true);
      slots[i].finish({ nameLength: 24, controlLength: 0, flags: 0, length: bytes.length });
    }
    return count;
  }

  /** Frames arrive; each has its number. */
  #fill(): void {
    for (let rest = this.#below(150); rest > 0; rest--) {
      const bytes = frameBytes(numbered(randomMessageOfAnyKind(this.#below), this.#put));
      this.#expected.set(this.#put++, bytes);
      this.#incoming.push(bytes);
    }
  }

  #take(messages: readonly Message[]): void {
    for (const message of messages) {
      const bytes = this.#expected.get(this.#came);
      const got = frameBytes(message.toJSON());
      if (!bytes || got.length !== bytes.length || got.some((byte, i) => byte !== bytes[i])) {
        throw new Error(`frame ${this.#came} was to come, and ${message} came`);
      }
      this.#expected.delete(this.#came++);
    }
  }

  #recv(): void {
    for (let rest = this.#below(20); rest > 0; rest--) {
      const message = this.#tried(() => this.#bus.recv(oneOf(this.#below, 0, 0.001)));
      if (message) this.#take([message]);
    }
  }

  #recvMany(): void {
    const max = 1 + this.#below(200);
    const messages = this.#tried(() => this.#bus.recvMany(max, oneOf(this.#below, 0, 0.001))) ?? [];
    if (messages.length > max) throw new Error(`${messages.length} came, ${max} were asked for`);
    this.#take(messages);
  }

  async #recvAsync(): Promise<void> {
    const waits = Array.from({ length: this.#below(20) }, () => this.#bus.recvAsync(this.#waitOptions(0.003)));
    // In the order in which they were asked for; an interface that is gone rejects all that follow.
    let gone: unknown;
    for (const result of await Promise.allSettled(waits)) {
      if (result.status === "fulfilled") this.#take(result.value ? [result.value] : []);
      else if (isGone(result.reason)) gone = result.reason;
      else this.#failed(result.reason);
    }
    if (gone) this.#failed(gone);
  }

  #send(): void {
    const [message] = this.#messages(1);
    const sent = this.#tried(() => (this.#bus.send(message, oneOf(this.#below, 0, 0.002)), true));
    this.#onWire(sent ? [message] : []);
  }

  #sendMany(): void {
    const messages = this.#messages(this.#below(200));
    let sent: number;
    try {
      sent = this.#bus.sendMany(messages, oneOf(this.#below, 0, 0.002));
    } catch (error) {
      this.#failed(error, true);
      sent = (error as CanError).sent!;
    }
    this.#onWire(messages.slice(0, sent));
  }

  async #sendAsync(): Promise<void> {
    const messages = this.#messages(this.#below(20));
    const results = await Promise.allSettled(
      messages.map((message) => this.#bus.sendAsync(message, this.#waitOptions(0.003))),
    );
    for (const result of results) if (result.status === "rejected") this.#failed(result.reason, true);
    this.#onWire(messages.filter((_, i) => results[i].status === "fulfilled"));
  }

  /** Settings read, of which the kernel may say anything. */
  #ask(): void {
    const dropped = this.#tried(() => this.#bus.droppedFrames);
    if (dropped !== undefined && dropped !== 0) throw new Error(`${dropped} dropped, word ${SK_MEMINFO_DROPS} is 0`);
    this.#tried(() => this.#bus.receiveBuffer);
    this.#tried(() => this.#bus.sendBuffer);
  }

  /** A bus that is closed has lost what waited; another one begins. */
  async #reopen(): Promise<void> {
    if (this.#below(4) > 0) return;
    const wait = this.#bus.recvAsync();
    this.#renew();
    const error = await wait.then((message) => message, (reason) => reason);
    if (!(error instanceof Message || error instanceof CanError)) throw error;
  }

  #renew(): void {
    this.#tried(() => this.#bus.close());
    this.#incoming = [];
    this.#expected.clear();
    this.#came = this.#put;
    this.#bus = this.#open();
  }

  #open(): Bus {
    for (;;) {
      const open = this.can.open.size;
      try {
        return new Bus({ channel: CHANNEL, xl: true, receiveBuffer: 1000 });
      } catch (error) {
        if (!(error instanceof CanError)) throw error;
        if (this.can.open.size !== open) throw new Error(`left open by a failed call: ${error}`, { cause: error });
      }
    }
  }

  #messages(count: number): Message[] {
    return Array.from({ length: count }, () => {
      const init = oneOf<MessageInit>(this.#below, {}, { isXl: true, data: [1] });
      return new Message(numbered(init, this.#sent++));
    });
  }

  /** What has gone out is these, in this order. */
  #onWire(messages: readonly Message[]): void {
    const numbers = messages.map(({ isXl, af, arbitrationId }) => isXl ? af : arbitrationId);
    const wire = this.#wire;
    this.#wire = [];
    if (numbers.length === wire.length && numbers.every((number, i) => number === wire[i])) return;
    throw new Error(`${numbers} were to be sent, and ${wire} were`);
  }

  #waitOptions(timeout: number): { timeout: number; signal?: AbortSignal } {
    if (this.#below(10) > 0) return { timeout };
    const aborting = new AbortController();
    setTimeout(() => aborting.abort(new Enough()), this.#below(3));
    return { timeout, signal: aborting.signal };
  }

  #tried<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** An error is one that was injected, or that says why. */
  #failed(error: unknown, sending = false): null {
    if (error instanceof Enough || error instanceof CanTimeoutError) return null;
    const injected = Object.values(failures).flat().map(errnoName);
    if (!(error instanceof CanError) || !injected.includes(error.code!)) throw error;
    if (error.syscall !== "close" && hidden.includes(error.code!)) throw error;
    if (sending && error.code === "ENOBUFS") throw error;
    if (!error.message.includes(error.code!)) {
      throw new Error(`no code in the text: ${error.message}`, { cause: error });
    }
    if (isGone(error)) this.#renew();
    return null;
  }
}

/** The reason of an abort. */
class Enough extends Error {}

/** Whether the interface that a receiver was bound to is gone. */
function isGone(error: unknown): boolean {
  return error instanceof CanError && error.syscall === "recvmmsg" && error.code === "ENODEV";
}

/** A frame with a number: its identifier, or in an XL frame, which has too short a one, the acceptance field. */
function numbered(init: MessageInit, number: number): MessageInit {
  return init.isXl ? { ...init, af: number } : { ...init, arbitrationId: number, isExtendedId: true };
}

function numberOf(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset);
  return frame[4] & 0x80 ? view.getUint32(8, true) : view.getUint32(0, true) & 0x1fffffff;
}

/** Fails if it takes too long. */
async function inTime(what: unknown): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${LIMIT} ms`)), LIMIT);
  });
  try {
    await Promise.race([what, late]);
  } finally {
    clearTimeout(timer);
  }
}
