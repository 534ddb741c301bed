/**
 * A raw CAN socket that outlives its interface.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { OnReady } from "../endpoint/source.ts";
import { CanError, CanOperationError } from "../errors.ts";
import type { RawFilter } from "../kernel/can.ts";
import { ENETDOWN, ENODEV, ENXIO, errnoName } from "../kernel/errno.ts";
import type { Message } from "../message/message.ts";
import { interfaceIsUp } from "../socket/interfaces.ts";
import { blockingPoll } from "../socket/interrupts.ts";
import { RetryTimer } from "../socket/retry_timer.ts";
import { systemError } from "../socket/system_error.ts";
import type { FramePort } from "./frame_port.ts";
import type { FullBusOptions } from "./options.ts";
import { describeRaw, RawPort } from "./port.ts";
import { BATCH } from "./receive_batch.ts";

/** Seconds between two checks whether the interface is back: at first, and the maximum. */
const INTERVAL = { first: 0.05, max: 0.5 };

const noBytes = new Uint8Array(0);

/**
 * A raw socket that waits for an interface that is down or missing, and opens a new socket when it is created. In the
 * meantime it behaves as if no frame arrived and there were no room to send.
 */
export class ReconnectingPort implements FramePort {
  readonly channelInfo: string;
  readonly #libc: Libc;
  readonly #onReady: OnReady;
  readonly #timer: RetryTimer;
  /** The options, with the filters and the error mask in force. */
  #options: FullBusOptions;
  /** Null until there was an interface that was up. */
  #socket: RawPort | null = null;
  /** Whether a new socket is needed: there is none, or its interface was removed. */
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
   * Opens the socket, or begins to wait for its interface.
   *
   * @throws As `RawPort`, but not for an interface that is down or missing.
   */
  constructor(libc: Libc, options: FullBusOptions, onReady: OnReady) {
    this.#libc = libc;
    this.#options = options;
    this.#onReady = onReady;
    this.#timer = new RetryTimer(onReady);
    this.channelInfo = describeRaw(options.channel);
    try {
      this.#socket = new RawPort(libc, options, onReady);
    } catch (error) {
      if (!isLoss(error)) throw error;
      this.#gone = true;
      this.#retryLater();
      const state = error.errno === ENETDOWN ? "is down" : "does not exist";
      options.logger?.warn(`"${options.channel}" ${state} (${error.code}); waiting for it`);
    }
  }

  get ifindex(): number {
    return this.#socket?.ifindex ?? 0;
  }

  get fd(): number {
    return this.#opened("take the descriptor of").fd;
  }

  get droppedFrames(): number {
    return this.#droppedBefore + (this.#socket?.droppedFrames ?? 0);
  }

  get receiveBuffer(): number {
    return this.#opened("read receiveBuffer of").receiveBuffer;
  }

  get sendBuffer(): number {
    return this.#opened("read sendBuffer of").sendBuffer;
  }

  get idle(): boolean {
    return !this.#gone && this.#leftover.length === 0 && this.#socket!.idle;
  }

  receive(into: Message[], from: number, max: number): number {
    const left = this.#leftover.splice(0, max);
    for (let i = 0; i < left.length; i++) into[from + i] = left[i];
    // Opening a new socket may fail. That error is for a call that returns no messages.
    if (left.length > 0 || (this.#gone && from > 0)) return left.length;
    // Twice, because frames may be queued behind an error, which the kernel reports first.
    for (let tries = 0; tries < 2; tries++) {
      const socket = this.#ensureSocket();
      if (socket === null) break;
      try {
        const count = socket.receive(into, from, max);
        if (count > 0) this.#down = false;
        return count;
      } catch (error) {
        this.#waitOrThrow(error);
      }
    }
    return 0;
  }

  send(messages: readonly Message[], from: number): number {
    const socket = this.#ensureSocket();
    if (socket === null) return 0;
    try {
      const count = socket.send(messages, from);
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
    else this.#socket!.waitReadable(seconds);
  }

  waitWritable(seconds: number): void {
    if (this.#gone || this.#down) this.#sleep(seconds);
    else this.#socket!.waitWritable(seconds);
  }

  arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    this.#armed = { readable, writable, keepAlive };
    const gone = this.#gone;
    const checking = (readable && gone) || (writable && (gone || this.#down));
    const now = readable && this.#leftover.length > 0;
    this.#timer.set(now ? 0 : checking ? this.#retryAt : Infinity, keepAlive);
    // Do not wait for a socket whose interface was removed: it would be ready again and again, or never.
    this.#socket?.arm(readable && !gone, writable && !gone && !this.#down, keepAlive);
  }

  setFilters(filters: readonly RawFilter[]): void {
    if (!this.#gone) this.#socket!.setFilters(filters);
    this.#leftover = [];
    this.#options = { ...this.#options, rawFilters: filters };
  }

  setErrorMask(mask: number): void {
    if (!this.#gone) this.#socket!.setErrorMask(mask);
    this.#options = { ...this.#options, errorMask: mask };
  }

  close(): void {
    this.#timer.clear();
    this.#socket?.close();
  }

  /** Returns the socket, also one whose interface was removed; throws if there has been none. */
  #opened(action: string): RawPort {
    if (this.#socket !== null) return this.#socket;
    const { channel } = this.#options;
    throw new CanOperationError(
      `Cannot ${action} "${channel}": ${errnoName(ENODEV)} (there is no socket until the interface exists and is up)`,
      { code: errnoName(ENODEV), errno: ENODEV, channel },
    );
  }

  /** Returns the socket on the interface, opening a new one if it is time to try; null if there is no interface. */
  #ensureSocket(): RawPort | null {
    const before = this.#socket;
    if (!this.#gone) return before;
    if (performance.now() < this.#retryAt) return null;
    // Looking the name up costs far less than a socket that cannot be bound.
    if (before !== null && !interfaceIsUp(this.#libc, before.fd, this.#options.channel)) {
      this.#retryLater();
      return null;
    }
    const droppedBefore = this.droppedFrames;
    let socket: RawPort;
    try {
      socket = new RawPort(this.#libc, this.#options, this.#onReady);
    } catch (error) {
      this.#retryLater();
      if (isLoss(error)) return null;
      throw error;
    }
    this.#socket = socket;
    this.#gone = false;
    this.#droppedBefore = droppedBefore;
    before?.close();
    this.#options.logger?.warn(`"${this.#options.channel}" is ${before === null ? "up" : "back"}`);
    return socket;
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
    const state = this.#gone ? "was removed" : "is down";
    this.#options.logger?.warn(`"${channel || "an interface"}" ${state} (${error.code}); waiting for it`);
  }

  /** Takes the messages that the old socket holds, and makes pending waits wait for the new one. */
  #takeOver(): void {
    try {
      while (this.#socket!.receive(this.#leftover, this.#leftover.length, BATCH) > 0);
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
    const { channel } = this.#options;
    blockingPoll(
      this.#libc,
      noBytes,
      Math.ceil(1000 * wait),
      (action, syscall, result, advice) =>
        systemError(CanOperationError, `${action} "${channel}"`, syscall, result, channel, advice),
    );
  }
}

/** Whether a system call has found that the interface is down or missing. One that is not a CAN interface is neither. */
function isLoss(error: unknown): error is CanError {
  return error instanceof CanError && error.syscall !== undefined &&
    [ENETDOWN, ENODEV, ENXIO].includes(error.errno ?? 0);
}
