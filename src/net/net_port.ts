/**
 * The port of a bus on a network: what arrives waits here until it is received.
 *
 * @module
 */

import type { OnReady } from "../endpoint/source.ts";
import { CanOperationError } from "../errors.ts";
import type { RawFilter } from "../kernel/can.ts";
import type { Message } from "../message/message.ts";
import { Acceptance } from "../raw/acceptance.ts";
import type { FramePort } from "../raw/frame_port.ts";
import { MessageQueue } from "../raw/message_queue.ts";
import type { Arrivals, Carrier } from "./carrier.ts";
import { wouldBlock } from "./network_error.ts";
import type { NetOptions } from "./options.ts";

/** Connects a carrier to the endpoint of a bus. */
export class NetPort implements FramePort, Arrivals {
  readonly channelInfo: string;
  readonly ifindex = 0;
  readonly receiveBuffer: number;
  readonly sendBuffer: number;
  readonly #options: NetOptions;
  readonly #carrier: Carrier;
  readonly #onReady: OnReady;
  readonly #acceptance: Acceptance;
  readonly #queue: MessageQueue;
  /** What the next receive throws, once it has returned all that arrived before. */
  #failure: { readonly error: Error; readonly final: boolean } | null = null;
  /** Whether the carrier was asked to wait. */
  #held = false;
  #armed = { readable: false, writable: false };
  #scheduled = false;
  #rejected = false;

  /** @param onReady See `Source.arm`. */
  constructor(carrier: Carrier, options: NetOptions, onReady: OnReady) {
    this.#carrier = carrier;
    this.#options = options;
    this.#onReady = onReady;
    this.#acceptance = new Acceptance(options);
    this.#queue = new MessageQueue(options.receiveBuffer);
    this.channelInfo = carrier.channelInfo;
    this.receiveBuffer = options.receiveBuffer;
    this.sendBuffer = options.sendBuffer;
    carrier.start(this);
    carrier.setKeepAlive(false);
  }

  get fd(): number {
    const { channel } = this.#options;
    throw new CanOperationError(`Cannot take the descriptor of "${channel}": a bus on a network has none`, { channel });
  }

  get droppedFrames(): number {
    return this.#queue.dropped;
  }

  get idle(): boolean {
    return this.#queue.size === 0 && this.#failure === null;
  }

  receive(into: Message[], from: number, max: number): number {
    const count = this.#queue.take(into, from, max);
    if (count === 0 && from === 0 && this.#failure !== null) {
      const { error, final } = this.#failure;
      if (!final) this.#failure = null;
      throw error;
    }
    this.#resumeIfRoom();
    return count;
  }

  send(messages: readonly Message[], from: number): number {
    if (this.#failure?.final) throw this.#failure.error;
    return this.#carrier.send(messages, from);
  }

  waitReadable(): void {
    if (!this.idle) return;
    throw wouldBlock(
      "wait for a frame on",
      "frames arrive",
      `recvAsync, "for await", or recv(0) for what has arrived`,
      this.#options.channel,
    );
  }

  waitWritable(): void {
    throw wouldBlock("wait for room on", "what was sent leaves", "sendAsync or sendManyAsync", this.#options.channel);
  }

  arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    this.#armed = { readable, writable };
    this.#carrier.setKeepAlive((readable || writable) && keepAlive);
    this.#fireIfReady();
  }

  setFilters(filters: readonly RawFilter[]): void {
    this.#acceptance.filters = filters;
    this.#queue.clear();
    this.#resumeIfRoom();
  }

  setErrorMask(mask: number): void {
    this.#acceptance.errorMask = mask;
  }

  close(): void {
    this.#armed = { readable: false, writable: false };
    this.#carrier.close();
  }

  deliver(message: Message): boolean {
    if (!this.#options.receive || !this.#acceptance.accepts(message)) return true;
    this.#queue.push(message);
    this.#fireIfReady();
    this.#held = this.#queue.full;
    return !this.#held;
  }

  lose(count: number): void {
    this.#queue.lose(count);
  }

  reject(reason: string): void {
    this.#queue.lose(1);
    if (this.#rejected) return;
    this.#rejected = true;
    this.#options.logger?.warn(
      `"${this.#options.channel}" received what is no frame: ${reason}. droppedFrames counts it and all that follow`,
    );
  }

  fail(error: Error, final = false): void {
    if (this.#failure?.final) return;
    this.#failure = { error, final };
    this.#fireIfReady();
  }

  room(): void {
    this.#fireIfReady();
  }

  #resumeIfRoom(): void {
    if (!this.#held || this.#queue.full) return;
    this.#held = false;
    this.#carrier.resume();
  }

  get #ready(): boolean {
    const { readable, writable } = this.#armed;
    return (readable && !this.idle) || (writable && (this.#carrier.hasRoom || this.#failure?.final === true));
  }

  #fireIfReady(): void {
    if (this.#scheduled || !this.#ready) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#ready) return;
      this.#armed = { readable: false, writable: false };
      this.#onReady();
    });
  }
}
