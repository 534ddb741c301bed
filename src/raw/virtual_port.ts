/**
 * The bus inside this process: for machines without SocketCAN, and for tests.
 *
 * It treats frames as the kernel's raw sockets on a vcan do: filters, error masks, loopback, a receive buffer that
 * drops what finds no room. All buses with one channel's name in one process (and one worker) are on one wire.
 *
 * @module
 */

import { CanOperationError } from "../errors.ts";
import { CAN_ERR_FLAG, CAN_ERR_MASK, filterMatches, type RawFilter } from "../kernel/can.ts";
import { EDEADLK, errnoName } from "../kernel/errno.ts";
import { copyFrame, frameIdWord, frameLength, type Message, MessageOver } from "../message/message.ts";
import {
  RECORD_CONFIRM,
  RECORD_FRAME,
  RECORD_HEAD,
  RECORD_LOCAL,
  RECORD_SOFTWARE,
  wordsOf,
  writeHead,
} from "../message/record.ts";
import type { FramePort } from "./frame_port.ts";
import type { FullBusOptions } from "./options.ts";

/** What the kernel's defaults (`net.core.rmem_default`) come to on most machines, in bytes. */
const DEFAULT_BUFFER = 212_992;
/** What a frame that waits takes of the receive buffer, as in the kernel: the frame is the least of it. */
const FRAME_COST = 768;

/** The wires, by channel. */
const wires = new Map<string, Set<VirtualPort>>();

/** One bus's end of a wire. */
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
  /** Received; those before #head have been handed out. */
  #queue: Message[] = [];
  #head = 0;
  #dropped = 0;
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
    // The room of what has been handed out is given back at times, not each time: that would move all the others.
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
        `Cannot wait for ever on "${channel}": ${code} (only this thread, which would wait, can send on a virtual bus); ` +
          `give a timeout, or use recvAsync or "for await"`,
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
      return;
    }
    this.#queue.push(received(message, channel, own));
    this.#fireSoon();
  }

  #accepts(message: Message): boolean {
    const { fd, xl, joinFilters } = this.#options;
    if ((message.isFd && !fd) || (message.isXl && !xl)) return false;
    const idWord = frameIdWord(message);
    if (idWord & CAN_ERR_FLAG) {
      // Joined filters count matches, and an error frame matches the error mask only, once.
      return (idWord & this.#errorMask & CAN_ERR_MASK) !== 0 && !(joinFilters && this.#filters.length > 1);
    }
    return joinFilters
      ? this.#filters.every((filter) => filterMatches(filter, idWord))
      : this.#filters.some((filter) => filterMatches(filter, idWord));
  }
}

/** Bytes of a buffer: the kernel doubles what is asked for, and gives 2304 at the least. */
function granted(asked: number | undefined): number {
  return asked === undefined ? DEFAULT_BUFFER : Math.max(2 * asked, 2304);
}

/** The message as a receiver sees it: stamped now, sent by this host. */
function received(message: Message, channel: string, own: boolean): Message {
  const length = frameLength(message);
  const words = new Uint32Array(wordsOf(RECORD_HEAD + length));
  const milliseconds = performance.timeOrigin + performance.now();
  const seconds = Math.floor(milliseconds / 1000);
  const nanoseconds = Math.floor((milliseconds - 1000 * seconds) * 1e6);
  writeHead(words, seconds, nanoseconds, RECORD_SOFTWARE | RECORD_LOCAL | (own ? RECORD_CONFIRM : 0), length);
  copyFrame(message, length, words, RECORD_FRAME);
  return new MessageOver(words, 0, channel);
}
