/**
 * The bus inside this process, for machines without SocketCAN and for tests.
 *
 * It behaves as the kernel's raw sockets on a vcan do, with filters, error masks, loopback, and a receive buffer that
 * drops frames when it is full. All buses with the same channel in one thread share a wire.
 *
 * @module
 */

import { CanOperationError } from "../errors.ts";
import { CAN_ERR_FLAG, CAN_ERR_MASK, filterMatches, type RawFilter } from "../kernel/can.ts";
import { EDEADLK, errnoName } from "../kernel/errno.ts";
import { CONFIRM, FD, LOCAL, SOFTWARE_TIME } from "../message/fields.ts";
import { noteDropped } from "../message/losses.ts";
import { fieldsOf, frameIdWord, type Message, messageOf } from "../message/message.ts";
import type { FramePort } from "./frame_port.ts";
import type { FullBusOptions } from "./options.ts";

/** The usual default size of the kernel's buffers (`net.core.rmem_default`), in bytes. */
const DEFAULT_BUFFER = 212_992;
/** The bytes of the receive buffer that a queued frame takes, as in the kernel, where most of it is overhead. */
const FRAME_COST = 768;

/** The ports on each wire, by channel. */
const wires = new Map<string, Set<VirtualPort>>();

/** A bus's connection to a wire. */
export class VirtualPort implements FramePort {
  readonly channelInfo: string;
  readonly ifindex = 0;
  readonly receiveBuffer: number;
  readonly sendBuffer: number;
  readonly #options: FullBusOptions;
  readonly #onReady: () => void;
  readonly #wire: Set<VirtualPort>;
  #filters: readonly RawFilter[];
  #errorMask: number;
  /** The received messages. Those before #head have been returned. */
  #queue: Message[] = [];
  #head = 0;
  #dropped = 0;
  /** The number of frames dropped since the latest one was queued. */
  #gap = 0;
  #armed = false;
  #scheduled = false;

  /** @param onReady See `Source.arm`. */
  constructor(options: FullBusOptions, onReady: () => void) {
    const { channel } = options;
    this.#options = options;
    this.#onReady = onReady;
    this.#filters = options.rawFilters;
    this.#errorMask = options.errorMask;
    this.receiveBuffer = granted(options.receiveBuffer);
    this.sendBuffer = granted(options.sendBuffer);
    this.channelInfo = channel === "" ? "virtual, every channel" : `virtual channel "${channel}"`;
    let wire = wires.get(channel);
    if (!wire) wires.set(channel, wire = new Set());
    this.#wire = wire.add(this);
  }

  get fd(): number {
    throw new CanOperationError(`Cannot take the descriptor of "${this.#options.channel}": a virtual bus has none`, {
      channel: this.#options.channel,
    });
  }

  get droppedFrames(): number {
    return this.#dropped;
  }

  get idle(): boolean {
    return this.#waiting === 0;
  }

  receive(into: Message[], from: number, max: number): number {
    const count = Math.min(max, this.#waiting);
    for (let i = 0; i < count; i++) into[from + i] = this.#queue[this.#head + i];
    this.#head += count;
    // Free the returned messages occasionally: each time would move all the others.
    if (2 * this.#head >= this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return count;
  }

  send(messages: readonly Message[], from: number): number {
    const { channel, localLoopback, receiveOwnMessages } = this.#options;
    for (let i = from; i < messages.length; i++) {
      const target = channel || messages[i].channel!;
      if (!localLoopback) continue;
      for (const other of [...wires.get(target) ?? [], ...wires.get("") ?? []]) {
        if (other !== this || receiveOwnMessages) {
          other.#deliver(messages[i], target, other === this);
        }
      }
    }
    return messages.length - from;
  }

  waitReadable(seconds: number): void {
    if (this.#waiting > 0) return;
    if (seconds === Infinity) {
      const { channel } = this.#options;
      const code = errnoName(EDEADLK);
      throw new CanOperationError(
        `Cannot wait forever on "${channel}": ${code} (only this thread can send on a virtual bus, and it would be blocked); ` +
          `pass a timeout, or use recvAsync or "for await"`,
        { code, errno: EDEADLK, channel },
      );
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  }

  waitWritable(): void {}

  arm(readable: boolean, writable: boolean): void {
    this.#armed = readable || writable;
    if (writable || this.#waiting > 0) this.#fireSoon();
  }

  setFilters(filters: readonly RawFilter[]): void {
    this.#filters = filters;
    this.#queue = [];
    this.#head = 0;
  }

  setErrorMask(mask: number): void {
    this.#errorMask = mask;
  }

  close(): void {
    this.#armed = false;
    this.#wire.delete(this);
    if (this.#wire.size === 0) wires.delete(this.#options.channel);
  }

  get #waiting(): number {
    return this.#queue.length - this.#head;
  }

  #fireSoon(): void {
    if (!this.#armed || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#armed) return;
      this.#armed = false;
      this.#onReady();
    });
  }

  #deliver(message: Message, channel: string, own: boolean): void {
    if (!this.#accepts(message)) return;
    if (this.#waiting * FRAME_COST >= this.receiveBuffer) {
      this.#dropped++;
      this.#gap++;
      return;
    }
    const copy = received(message, channel, own);
    if (this.#gap > 0) noteDropped(copy, this.#gap);
    this.#gap = 0;
    this.#queue.push(copy);
    this.#fireSoon();
  }

  #accepts(message: Message): boolean {
    const { fd, xl, joinFilters } = this.#options;
    if ((message.isFd && !fd) || (message.isXl && !xl)) return false;
    const idWord = frameIdWord(message);
    if (idWord & CAN_ERR_FLAG) {
      // The kernel counts matches for joined filters, and an error frame matches only once, by the error mask.
      return (idWord & this.#errorMask & CAN_ERR_MASK) !== 0 && !(joinFilters && this.#filters.length > 1);
    }
    return joinFilters
      ? this.#filters.every((filter) => filterMatches(filter, idWord))
      : this.#filters.some((filter) => filterMatches(filter, idWord));
  }
}

/** Returns the size of a buffer in bytes: the kernel doubles the requested size, and grants at least 2304. */
function granted(asked: number | undefined): number {
  return asked === undefined ? DEFAULT_BUFFER : Math.max(2 * asked, 2304);
}

/** Returns the message as a receiver sees it: with the current time, and marked as sent by this host. */
function received(message: Message, channel: string, own: boolean): Message {
  const milliseconds = performance.timeOrigin + performance.now();
  const seconds = Math.floor(milliseconds / 1000);
  const nanoseconds = Math.floor((milliseconds - 1000 * seconds) * 1e6);
  const fields = fieldsOf(message);
  const bits = (fields.bits & FD) | SOFTWARE_TIME | LOCAL | (own ? CONFIRM : 0);
  return messageOf({ ...fields, seconds, nanoseconds, bits, channel });
}
