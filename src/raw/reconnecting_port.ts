/**
 * A raw CAN socket that outlives its interface.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { OnReady } from "../endpoint/source.ts";
import { CanError } from "../errors.ts";
import type { RawFilter } from "../kernel/can.ts";
import { ENETDOWN, ENODEV, ENXIO } from "../kernel/errno.ts";
import type { Message } from "../message/message.ts";
import { interfaceIsUp } from "../socket/interfaces.ts";
import { RetryTimer } from "../socket/retry_timer.ts";
import type { FramePort } from "./frame_port.ts";
import type { FullBusOptions } from "./options.ts";
import { RawPort } from "./port.ts";
import { BATCH } from "./receive_batch.ts";

/** Seconds between two looks whether the interface is back: at first, and at the most. */
const INTERVAL = { first: 0.05, most: 0.5 };

const noBytes = new Uint8Array(0);

/**
 * Waits for an interface that is down, and opens a new socket when one that was removed is made anew. What is received
 * and sent meanwhile is as if nothing came and there were no room.
 */
export class ReconnectingPort implements FramePort {
  readonly channelInfo: string;
  readonly #libc: Libc;
  readonly #onReady: OnReady;
  readonly #timer: RetryTimer;
  /** With the filters and the error mask that are in force. */
  #options: FullBusOptions;
  #socket: RawPort;
  /** Whether the socket's interface was removed: a new socket is needed. */
  #gone = false;
  /** Whether sending has found the interface down. */
  #down = false;
  /** When to look again, in milliseconds of the monotonic clock; and seconds between two looks. */
  #lookAt = 0;
  #interval = INTERVAL.first;
  /** What the removed interface's socket still held: it came before. */
  #left: Message[] = [];
  /** How it was armed last. */
  #armed = { readable: false, writable: false, keepAlive: false };
  /** Frames that earlier sockets lost. */
  #droppedBefore = 0;

  /**
   * Opens the socket; the interface must be there and up.
   *
   * @throws As `RawPort`.
   */
  constructor(libc: Libc, options: FullBusOptions, onReady: OnReady) {
    this.#libc = libc;
    this.#options = options;
    this.#onReady = onReady;
    this.#timer = new RetryTimer(onReady);
    this.#socket = new RawPort(libc, options, onReady);
    this.channelInfo = this.#socket.channelInfo;
  }

  get ifindex(): number {
    return this.#socket.ifindex;
  }

  get fd(): number {
    return this.#socket.fd;
  }

  get droppedFrames(): number {
    return this.#droppedBefore + this.#socket.droppedFrames;
  }

  get receiveBuffer(): number {
    return this.#socket.receiveBuffer;
  }

  get sendBuffer(): number {
    return this.#socket.sendBuffer;
  }

  get idle(): boolean {
    return !this.#gone && this.#left.length === 0 && this.#socket.idle;
  }

  receive(into: Message[], from: number, max: number): number {
    const left = this.#left.splice(0, max);
    for (let i = 0; i < left.length; i++) into[from + i] = left[i];
    // An error of opening anew is for a call that has no messages to give.
    if (left.length > 0 || (this.#gone && from > 0)) return left.length;
    // Twice, because frames may be there behind an error, which is told first.
    for (let tries = 0; tries < 2 && this.#present(); tries++) {
      try {
        const count = this.#socket.receive(into, from, max);
        if (count > 0) this.#down = false;
        return count;
      } catch (error) {
        this.#lost(error);
      }
    }
    return 0;
  }

  send(messages: readonly Message[], from: number): number {
    if (!this.#present()) return 0;
    try {
      const count = this.#socket.send(messages, from);
      this.#down = false;
      return count;
    } catch (error) {
      this.#lost(error);
      this.#down = true;
      return 0;
    }
  }

  waitReadable(seconds: number): void {
    if (this.#gone) this.#sleep(seconds);
    else this.#socket.waitReadable(seconds);
  }

  waitWritable(seconds: number): void {
    if (this.#gone || this.#down) this.#sleep(seconds);
    else this.#socket.waitWritable(seconds);
  }

  arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    this.#armed = { readable, writable, keepAlive };
    const gone = this.#gone;
    const looking = (readable && gone) || (writable && (gone || this.#down));
    const now = readable && this.#left.length > 0;
    this.#timer.set(now ? 0 : looking ? this.#lookAt : Infinity, keepAlive);
    // A socket whose interface was removed has nothing to wait for: it would be ready again and again, or never.
    this.#socket.arm(readable && !gone, writable && !gone && !this.#down, keepAlive);
  }

  setFilters(filters: readonly RawFilter[]): void {
    if (!this.#gone) this.#socket.setFilters(filters);
    this.#left = [];
    this.#options = { ...this.#options, rawFilters: filters };
  }

  setErrorMask(mask: number): void {
    if (!this.#gone) this.#socket.setErrorMask(mask);
    this.#options = { ...this.#options, errorMask: mask };
  }

  close(): void {
    this.#timer.clear();
    this.#socket.close();
  }

  /** Whether there is a socket on an interface; tries to open one if it is time. */
  #present(): boolean {
    if (!this.#gone) return true;
    if (performance.now() < this.#lookAt) return false;
    // A look at the name costs far less than a socket that cannot be bound.
    if (!interfaceIsUp(this.#libc, this.#socket.fd, this.#options.channel)) {
      this.#lookLater();
      return false;
    }
    const droppedBefore = this.droppedFrames;
    let socket: RawPort;
    try {
      socket = new RawPort(this.#libc, this.#options, this.#onReady);
    } catch (error) {
      this.#lookLater();
      if (isLoss(error)) return false;
      throw error;
    }
    const before = this.#socket;
    this.#socket = socket;
    this.#gone = false;
    this.#droppedBefore = droppedBefore;
    before.close();
    this.#options.logger?.warn(`"${this.#options.channel}" is there again`);
    return true;
  }

  /** Takes an error for the beginning of a wait, or throws it. */
  #lost(error: unknown): void {
    const { channel } = this.#options;
    // A bus on every interface has none that it could lose: there a missing one is a wrong name.
    if (!isLoss(error) || (channel === "" && error.errno !== ENETDOWN)) throw error;
    if (!this.#down) this.#interval = INTERVAL.first;
    this.#lookLater();
    if (error.errno === ENETDOWN && this.#down) return; // told before
    this.#gone = error.errno !== ENETDOWN;
    if (this.#gone) this.#keepLeft();
    this.#options.logger?.warn(`${error.message}; waiting for the interface`);
  }

  /** Takes over what the old socket holds, and sees to it that who waits for the old one waits for the new one. */
  #keepLeft(): void {
    try {
      while (this.#socket.receive(this.#left, this.#left.length, BATCH) > 0);
    } catch (error) {
      if (!isLoss(error)) throw error;
    }
    const { readable, writable, keepAlive } = this.#armed;
    this.arm(readable, writable, keepAlive);
  }

  #lookLater(): void {
    this.#lookAt = performance.now() + 1000 * this.#interval;
    this.#interval = Math.min(this.#interval * 1.5, INTERVAL.most);
  }

  #sleep(seconds: number): void {
    const rest = (this.#lookAt - performance.now()) / 1000;
    const wait = Math.min(Math.max(rest, 0.001), seconds);
    this.#libc.poll(noBytes, Math.ceil(1000 * wait));
  }
}

/** Whether an error says that the interface is down or was removed. */
function isLoss(error: unknown): error is CanError {
  return error instanceof CanError && [ENETDOWN, ENODEV, ENXIO].includes(error.errno ?? 0);
}
