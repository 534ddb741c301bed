/**
 * Hands J1939 messages to the kernel, which may take a long one in parts.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { destinationOf, type J1939MessageInit, MOST_TO_EVERYBODY } from "../j1939/message.ts";
import { SOCKADDR_CAN_SIZE } from "../kernel/can.ts";
import { EAGAIN, EBUSY, EINTR, ENOBUFS } from "../kernel/errno.ts";
import { encodeJ1939Address } from "../kernel/j1939.ts";
import { Datagram } from "./datagram.ts";

/** A message of which the kernel has taken a part. */
interface Begun {
  readonly message: J1939MessageInit;
  readonly datagram: Datagram;
  readonly length: number;
  readonly number: number;
  sent: number;
  /** Whether it cannot be continued, and the kernel has not given it up yet. */
  broken: boolean;
}

/** What else has to be done. */
export interface OutboxHelper {
  /** The error queue will tell of this message by this number. */
  onBegun(number: number, message: J1939MessageInit): void;
  /** Sets the priority of messages from now on. */
  prioritize(priority: number): void;
  /** Makes the kernel count from 0 again. */
  recount(): void;
  /** Whether nothing waits to be sent. */
  isIdle(): boolean;
}

/**
 * The way to the kernel. A message that was begun must be continued before another can begin: the kernel takes what comes
 * next as its rest. Whoever sends next continues it, and who has begun it learns what became of it.
 */
export class J1939Outbox {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #helper: OutboxHelper;
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
  constructor(libc: Libc, fd: number, priority: number, helper: OutboxHelper) {
    this.#libc = libc;
    this.#fd = fd;
    this.#priority = priority;
    this.#helper = helper;
    this.#small = new Datagram(libc, fd, { name: SOCKADDR_CAN_SIZE, control: 0, data: MOST_TO_EVERYBODY });
  }

  /**
   * Sends a message, or goes on with it.
   *
   * @param priority For a message that has none.
   * @returns 1 when all of it is handed over; 0 when there is no room for now; or `-errno`: `-ENOBUFS` if the kernel does
   * not tell when there is.
   */
  send(message: J1939MessageInit, priority: number): number {
    if (this.#begun !== null && !this.#goOn(this.#begun)) return this.#begun?.broken ? -ENOBUFS : 0;
    const ended = this.#ended.get(message);
    if (ended !== undefined) {
      this.#ended.delete(message);
      return ended;
    }
    return this.#begun === null ? this.#begin(message, message.priority ?? priority) : -ENOBUFS;
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
    this.#end(this.#begun, -errno);
    // If the last part was sent after the end, the kernel took it for another message, and has counted it.
    this.#number = 0;
    this.#helper.recount();
    return true;
  }

  /** Goes on with what was begun; returns whether another message may begin. */
  #goOn(begun: Begun): boolean {
    if (begun.broken) {
      // Till the kernel has given it up, it would take any other message for the rest of this one.
      if (this.#helper.isIdle()) this.#begun = null;
      return this.#begun === null;
    }
    const result = begun.datagram.send(begun.length - begun.sent, 0, 0, begun.sent);
    if (result === -EAGAIN || result === -EINTR) return false;
    if (result < 0) {
      begun.broken = true;
      this.#ended.set(begun.message, result);
      return true; // so that its sender is told
    }
    begun.sent += result;
    if (begun.sent < begun.length) return false;
    this.#end(begun, 1);
    return true;
  }

  #end(begun: Begun, result: number): void {
    if (!begun.broken) this.#ended.set(begun.message, result);
    this.#begun = null;
  }

  #begin(message: J1939MessageInit, priority: number): number {
    const { pgn, data } = message;
    const { length } = data;
    if (priority !== this.#priority) {
      this.#helper.prioritize(priority);
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
    this.#helper.onBegun(number, message);
    if (result === length) return 1;
    this.#begun = { message, datagram, length, number, sent: result, broken: false };
    return 0;
  }
}
