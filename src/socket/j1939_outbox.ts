/**
 * Hands J1939 messages to the kernel, which may take a long one in parts.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { destinationOf, type J1939MessageInit, MOST_TO_EVERYBODY } from "../j1939/message.ts";
import { SOCKADDR_CAN_SIZE } from "../kernel/can.ts";
import { EAGAIN, EBUSY, EINTR } from "../kernel/errno.ts";
import { encodeJ1939Address, SO_J1939_SEND_PRIO, SOL_CAN_J1939 } from "../kernel/j1939.ts";
import { Datagram } from "./datagram.ts";
import { u32 } from "./socket_options.ts";

/** A message of which the kernel has taken a part. */
interface Begun {
  readonly message: J1939MessageInit;
  readonly datagram: Datagram;
  readonly length: number;
  readonly number: number;
  sent: number;
}

/** What numbers are for. */
export interface MessageCounter {
  /** The error queue will tell of this message by this number. */
  onBegun(number: number, message: J1939MessageInit): void;
  /** Makes the kernel count from 0 again. */
  recount(): void;
}

/**
 * The way to the kernel. A message that was begun must be continued before another can begin: the kernel takes what comes
 * next as its rest. Whoever sends next continues it, and who has begun it learns what became of it.
 */
export class J1939Outbox {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #counter: MessageCounter;
  readonly #small: Datagram;
  #priority: number;
  /** The kernel's number of the next message: it counts those that it begins with. */
  #number = 0;
  #begun: Begun | null = null;
  /** What became of messages that were begun, for who asks: handed over, or `-errno`. */
  readonly #ended = new WeakMap<J1939MessageInit, number>();

  /**
   * @param priority The one that the socket has.
   */
  constructor(libc: Libc, fd: number, priority: number, counter: MessageCounter) {
    this.#libc = libc;
    this.#fd = fd;
    this.#priority = priority;
    this.#counter = counter;
    this.#small = new Datagram(libc, fd, { name: SOCKADDR_CAN_SIZE, control: 0, data: MOST_TO_EVERYBODY });
  }

  /**
   * Sends a message, or goes on with it.
   *
   * @param priority For a message that has none.
   * @returns 1 when all of it is handed over; 0 when there is no room for now; or `-errno`.
   */
  send(message: J1939MessageInit, priority: number): number {
    const begun = this.#begun;
    if (begun !== null) {
      const result = begun.sent < begun.length ? this.#continue(begun) : 1;
      if (result === 0) return 0;
      this.#end(result);
    }
    const ended = this.#ended.get(message);
    if (ended === undefined) return this.#begin(message, message.priority ?? priority);
    this.#ended.delete(message);
    return ended;
  }

  /** Whether the kernel has taken a part of a message, and not yet all. */
  get hasBegun(): boolean {
    return this.#begun !== null;
  }

  /** A message that waits for room is to be found as another object, which is equal. */
  replace(message: J1939MessageInit, by: J1939MessageInit): void {
    if (this.#begun?.message === message) this.#begun = { ...this.#begun, message: by };
  }

  /**
   * A transfer has failed.
   *
   * @returns Whether who sends it will be told, because it is still being handed over.
   */
  failed(number: number, errno: number): boolean {
    if (this.#begun?.number !== number) return false;
    this.#end(-errno);
    // If the last part was sent after the end, the kernel took it for another message, and has counted it.
    this.#number = 0;
    this.#counter.recount();
    return true;
  }

  #end(result: number): void {
    this.#ended.set(this.#begun!.message, result);
    this.#begun = null;
  }

  #continue(begun: Begun): number {
    const result = begun.datagram.send(begun.length - begun.sent, 0, 0, begun.sent);
    if (result === -EAGAIN || result === -EINTR) return 0;
    if (result < 0) return result;
    begun.sent += result;
    return begun.sent === begun.length ? 1 : 0;
  }

  #begin(message: J1939MessageInit, priority: number): number {
    const { pgn, data } = message;
    const { length } = data;
    if (priority !== this.#priority) {
      const result = this.#libc.setsockopt(this.#fd, SOL_CAN_J1939, SO_J1939_SEND_PRIO, u32(priority));
      if (result < 0) return result;
      this.#priority = priority;
    }
    const datagram = length <= MOST_TO_EVERYBODY
      ? this.#small
      : new Datagram(this.#libc, this.#fd, { name: SOCKADDR_CAN_SIZE, control: 0, data: length });
    datagram.name.set(encodeJ1939Address(0, { ...destinationOf(message), pgn }));
    datagram.data.set(data);
    const result = datagram.send(length);
    if (result === -EAGAIN || result === -EINTR) return 0;
    if (result >= 0 || result === -EBUSY) this.#number++;
    if (result < 0) return result;
    const number = (this.#number - 1) >>> 0;
    this.#counter.onBegun(number, message);
    if (result === length) return 1;
    this.#begun = { message, datagram, length, number, sent: result };
    return 0;
  }
}
