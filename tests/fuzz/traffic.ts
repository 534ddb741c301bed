/**
 * Fuzzing of traffic: any system call may fail, or do less than requested, and a model says what must have happened.
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

/** The errors with which each call is made to fail. Those after which the library retries are more frequent. */
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

/** Errors that must never be thrown: the library retries. */
const hidden = ["EINTR", "EAGAIN"];

/** Milliseconds after which a step is considered hanging. */
const LIMIT = 30_000;

/**
 * Takes random steps.
 *
 * @throws An error that says how the result differs from the model's.
 */
export async function fuzzTraffic(seed: number, steps: number): Promise<void> {
  const world = new World(generator(seed));
  using _can = world.can;
  for (let step = 0; step < steps; step++) await world.step();
  await world.end();
}

/** A bus, its fake kernel, and the model of what should happen. */
class World {
  readonly can: FakeCan;
  readonly #below: Below;
  /** One in this many calls fails; 0 for none. */
  #oneIn = 0;
  /** The frames in the receive queue, and how many were ever queued and received. */
  #incoming: Uint8Array[] = [];
  #queued = 0;
  #received = 0;
  /** The frames that are still to be received, by number. */
  readonly #expected = new Map<number, Uint8Array>();
  /** The numbers of the frames that were sent since the last check. */
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
    if (this.#wire.length > 0) throw new Error(`sent without being asked to: ${this.#wire}`);
  }

  /** Checks that everything arrives when no call fails any more. */
  async end(): Promise<void> {
    this.#oneIn = 0;
    await inTime(this.#receiveAll());
    const [message] = this.#messages(1);
    await inTime(this.#bus.sendAsync(message));
    this.#onWire([message]);
    this.#bus.close();
    if (this.can.open.size > 0) throw new Error(`${this.can.open.size} sockets are open`);
  }

  async #receiveAll(): Promise<void> {
    for (let idle = 0; this.#received < this.#queued;) {
      // A stored error is thrown now, after the frames that were read before it.
      const message = await this.#bus.recvAsync({ timeout: 0.01 }).catch((error) => this.#failed(error));
      if (message) this.#take([message]);
      idle = message ? 0 : idle + 1;
      if (idle > 10) throw new Error(`${this.#queued - this.#received} frames were lost`);
    }
    const receive = () => this.#tried(() => this.#bus.recv(0));
    // The first receive may throw an error that happened after the last frame.
    if (receive() || receive()) throw new Error("more arrived than was sent");
  }

  #fault(call: Call): number | undefined {
    const errnos = failures[call];
    if (errnos === undefined || this.#oneIn === 0 || this.#below(this.#oneIn) > 0) return undefined;
    // ENODEV ends the socket: not too often.
    const errno = oneOf(this.#below, ...errnos);
    return -(errno === ENODEV && call === "recvmmsg" && this.#below(4) > 0 ? ENETDOWN : errno);
  }

  #other(call: Call, args: readonly unknown[]): number | undefined {
    const fault = this.#fault(call);
    if (fault !== undefined || call !== "poll") return fault;
    // The descriptor is always readable; the model knows whether a frame is queued.
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

  /** Queues frames, each with its number. */
  #fill(): void {
    for (let rest = this.#below(150); rest > 0; rest--) {
      const bytes = frameBytes(numbered(randomMessageOfAnyKind(this.#below), this.#queued));
      this.#expected.set(this.#queued++, bytes);
      this.#incoming.push(bytes);
    }
  }

  #take(messages: readonly Message[]): void {
    for (const message of messages) {
      const bytes = this.#expected.get(this.#received);
      const got = frameBytes(message.toJSON());
      if (!bytes || got.length !== bytes.length || got.some((byte, i) => byte !== bytes[i])) {
        throw new Error(`frame ${this.#received} was expected, but ${message} arrived`);
      }
      this.#expected.delete(this.#received++);
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
    if (messages.length > max) throw new Error(`${messages.length} arrived, ${max} were requested`);
    this.#take(messages);
  }

  async #recvAsync(): Promise<void> {
    const waits = Array.from({ length: this.#below(20) }, () => this.#bus.recvAsync(this.#waitOptions(0.003)));
    // In the order of the calls; a removed interface rejects all that follow.
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

  /** Reads settings, for which the kernel may return anything. */
  #ask(): void {
    const dropped = this.#tried(() => this.#bus.droppedFrames);
    if (dropped !== undefined && dropped !== 0) throw new Error(`${dropped} dropped, word ${SK_MEMINFO_DROPS} is 0`);
    this.#tried(() => this.#bus.receiveBuffer);
    this.#tried(() => this.#bus.sendBuffer);
  }

  /** Closes the bus, which discards what is queued, and opens another one. */
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
    this.#received = this.#queued;
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

  /** Checks that exactly these were sent, in this order. */
  #onWire(messages: readonly Message[]): void {
    const numbers = messages.map(({ isXl, af, arbitrationId }) => isXl ? af : arbitrationId);
    const wire = this.#wire;
    this.#wire = [];
    if (numbers.length === wire.length && numbers.every((number, i) => number === wire[i])) return;
    throw new Error(`${numbers} should have been sent, but ${wire} were`);
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

  /** Checks that an error was injected, and that it names its errno. */
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

/** Whether an error says that the bus's interface was removed. */
function isGone(error: unknown): boolean {
  return error instanceof CanError && error.syscall === "recvmmsg" && error.code === "ENODEV";
}

/** Adds a number to a frame: as its identifier, or as the acceptance field of an XL frame, whose priority is too short. */
function numbered(init: MessageInit, number: number): MessageInit {
  return init.isXl ? { ...init, af: number } : { ...init, arbitrationId: number, isExtendedId: true };
}

function numberOf(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset);
  return frame[4] & 0x80 ? view.getUint32(8, true) : view.getUint32(0, true) & 0x1fffffff;
}

/** Rejects if something takes too long. */
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
