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

/** Seconds between two checks whether the interface is back: at first, and the maximum. */
const INTERVAL = { first: 0.05, max: 0.5 };

const noBytes = new Uint8Array(0);

/**
 * A raw socket that waits for an interface that is down, and opens a new socket when a removed interface was created again.
 * In the meantime it behaves as if no frame arrived and there were no room to send.
 */
export class ReconnectingPort implements FramePort {
  readonly channelInfo: string;
  readonly #libc: Libc;
  readonly #onReady: OnReady;
  readonly #timer: RetryTimer;
  /** The options, with the filters and the error mask in force. */
  #options: FullBusOptions;
  #socket: RawPort;
  /** Whether the socket's interface was removed: a new socket is needed. */
  #gone = false;
  /** Whether sending has found the interface down. */
  #down = false;
  /** When to check the interface again, in milliseconds of the monotonic clock. */
  #retryAt = 0;
  /** Seconds until the check after the next one. */
  #interval = INTERVAL.first;
  /** Messages that the removed interface's socket still held. They are received before those of the new one. */
  #leftover: Message[] = [];
  /** The arguments of the last `arm`. */
  #armed = { readable: false, writable: false, keepAlive: false };
  /** The number of frames that earlier sockets dropped. */
  #droppedBefore = 0;

  /**
   * Opens the socket. The interface must exist and be up.
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
    return !this.#gone && this.#leftover.length === 0 && this.#socket.idle;
  }

  receive(into: Message[], from: number, max: number): number {
    const left = this.#leftover.splice(0, max);
    for (let i = 0; i < left.length; i++) into[from + i] = left[i];
    // Opening a new socket may fail. That error is for a call that returns no messages.
    if (left.length > 0 || (this.#gone && from > 0)) return left.length;
    // Twice, because frames may be queued behind an error, which the kernel reports first.
    for (let tries = 0; tries < 2 && this.#ensureSocket(); tries++) {
      try {
        const count = this.#socket.receive(into, from, max);
        if (count > 0) this.#down = false;
        return count;
      } catch (error) {
        this.#waitOrThrow(error);
      }
    }
    return 0;
  }

  send(messages: readonly Message[], from: number): number {
    if (!this.#ensureSocket()) return 0;
    try {
      const count = this.#socket.send(messages, from);
      this.#down = false;
      return count;
    } catch (error) {
      this.#waitOrThrow(error);
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
    const checking = (readable && gone) || (writable && (gone || this.#down));
    const now = readable && this.#leftover.length > 0;
    this.#timer.set(now ? 0 : checking ? this.#retryAt : Infinity, keepAlive);
    // Do not wait for a socket whose interface was removed: it would be ready again and again, or never.
    this.#socket.arm(readable && !gone, writable && !gone && !this.#down, keepAlive);
  }

  setFilters(filters: readonly RawFilter[]): void {
    if (!this.#gone) this.#socket.setFilters(filters);
    this.#leftover = [];
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

  /** Returns whether there is a socket on an interface; opens a new one if it is time to try. */
  #ensureSocket(): boolean {
    if (!this.#gone) return true;
    if (performance.now() < this.#retryAt) return false;
    // Looking the name up costs far less than a socket that cannot be bound.
    if (!interfaceIsUp(this.#libc, this.#socket.fd, this.#options.channel)) {
      this.#retryLater();
      return false;
    }
    const droppedBefore = this.droppedFrames;
    let socket: RawPort;
    try {
      socket = new RawPort(this.#libc, this.#options, this.#onReady);
    } catch (error) {
      this.#retryLater();
      if (isLoss(error)) return false;
      throw error;
    }
    const before = this.#socket;
    this.#socket = socket;
    this.#gone = false;
    this.#droppedBefore = droppedBefore;
    before.close();
    this.#options.logger?.warn(`"${this.#options.channel}" is back`);
    return true;
  }

  /** Starts to wait for the interface if the error says that it is down or gone; throws any other error. */
  #waitOrThrow(error: unknown): void {
    const { channel } = this.#options;
    // A bus on every interface cannot lose one: there, a missing interface is a wrong name.
    if (!isLoss(error) || (channel === "" && error.errno !== ENETDOWN)) throw error;
    if (!this.#down) this.#interval = INTERVAL.first;
    this.#retryLater();
    if (error.errno === ENETDOWN && this.#down) return; // reported before
    this.#gone = error.errno !== ENETDOWN;
    if (this.#gone) this.#takeOver();
    this.#options.logger?.warn(`${error.message}; waiting for the interface`);
  }

  /** Takes the messages that the old socket holds, and makes pending waits wait for the new one. */
  #takeOver(): void {
    try {
      while (this.#socket.receive(this.#leftover, this.#leftover.length, BATCH) > 0);
    } catch (error) {
      if (!isLoss(error)) throw error;
    }
    const { readable, writable, keepAlive } = this.#armed;
    this.arm(readable, writable, keepAlive);
  }

  #retryLater(): void {
    this.#retryAt = performance.now() + 1000 * this.#interval;
    this.#interval = Math.min(this.#interval * 1.5, INTERVAL.max);
  }

  #sleep(seconds: number): void {
    const untilRetry = (this.#retryAt - performance.now()) / 1000;
    const wait = Math.min(Math.max(untilRetry, 0.001), seconds);
    this.#libc.poll(noBytes, Math.ceil(1000 * wait));
  }
}

/** Whether an error says that the interface is down or was removed. */
function isLoss(error: unknown): error is CanError {
  return error instanceof CanError && [ENETDOWN, ENODEV, ENXIO].includes(error.errno ?? 0);
}
