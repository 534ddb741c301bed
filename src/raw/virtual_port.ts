/**
 * The bus inside this process, for machines without SocketCAN and for tests.
 *
 * It behaves as the kernel's raw sockets on a vcan do, with filters, error masks, loopback, and a receive buffer that
 * drops frames when it is full. All buses with the same channel in one thread share a wire.
 *
 * @module
 */

import { CanOperationError } from "../errors.ts";
import type { RawFilter } from "../kernel/can.ts";
import { EDEADLK, errnoName } from "../kernel/errno.ts";
import { CONFIRM, FD, LOCAL, SOFTWARE_TIME } from "../message/fields.ts";
import { fieldsOf, type Message, messageOf } from "../message/message.ts";
import { timeNow } from "../message/time_now.ts";
import { Acceptance } from "./acceptance.ts";
import type { FramePort } from "./frame_port.ts";
import { MessageQueue } from "./message_queue.ts";
import type { FullBusOptions } from "./options.ts";

/** The usual default size of the kernel's buffers (`net.core.rmem_default`), in bytes. */
const DEFAULT_BUFFER = 212_992;

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
  readonly #acceptance: Acceptance;
  readonly #queue: MessageQueue;
  #armed = false;
  #scheduled = false;

  /** @param onReady See `Source.arm`. */
  constructor(options: FullBusOptions, onReady: () => void) {
    const { channel } = options;
    this.#options = options;
    this.#onReady = onReady;
    this.#acceptance = new Acceptance(options);
    this.receiveBuffer = granted(options.receiveBuffer);
    this.#queue = new MessageQueue(this.receiveBuffer);
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
    return this.#queue.dropped;
  }

  get idle(): boolean {
    return this.#queue.size === 0;
  }

  receive(into: Message[], from: number, max: number): number {
    return this.#queue.take(into, from, max);
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
    if (this.#queue.size > 0) return;
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
    if (writable || this.#queue.size > 0) this.#fireSoon();
  }

  setFilters(filters: readonly RawFilter[]): void {
    this.#acceptance.filters = filters;
    this.#queue.clear();
  }

  setErrorMask(mask: number): void {
    this.#acceptance.errorMask = mask;
  }

  close(): void {
    this.#armed = false;
    this.#wire.delete(this);
    if (this.#wire.size === 0) wires.delete(this.#options.channel);
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
    if (!this.#acceptance.accepts(message)) return;
    this.#queue.push(received(message, channel, own));
    this.#fireSoon();
  }
}

/** Returns the size of a buffer in bytes: the kernel doubles the requested size, and grants at least 2304. */
function granted(asked: number | undefined): number {
  return asked === undefined ? DEFAULT_BUFFER : Math.max(2 * asked, 2304);
}

/** Returns the message as a receiver sees it: with the current time, and marked as sent by this host. */
function received(message: Message, channel: string, own: boolean): Message {
  const fields = fieldsOf(message);
  const bits = (fields.bits & FD) | SOFTWARE_TIME | LOCAL | (own ? CONFIRM : 0);
  return messageOf({ ...fields, ...timeNow(), bits, channel });
}
