/**
 * Hands J1939 messages to the kernel, which may take a long one in parts.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { SOCKADDR_CAN_SIZE } from "../kernel/can.ts";
import { EAGAIN, EBUSY, ECONNABORTED, EDOM, EINTR, ENOBUFS } from "../kernel/errno.ts";
import { encodeJ1939Address } from "../kernel/j1939.ts";
import { Datagram } from "../socket/datagram.ts";
import { destinationOf, type J1939MessageInit, MOST_TO_EVERYBODY } from "./message.ts";

/**
 * A PGN of the transport protocol's own. The kernel begins no message with it (EDOM), but does not look at the PGN of the
 * rest of one. So what is left of a message that is aborted at this very moment is not taken for another message.
 */
const ONLY_THE_REST = 0xec00;

/** A message of which the kernel has taken a part. */
interface Begun {
  message: J1939MessageInit;
  readonly datagram: Datagram;
  readonly length: number;
  readonly number: number;
  sent: number;
  /**
   * `"aborted"`: the kernel is about to tell why. `"failed"`: it cannot be continued, its sender was told, and the kernel
   * has not given it up yet.
   */
  state: "going on" | "aborted" | "failed";
}

/** What else has to be done. */
export interface OutboxHelper {
  /** The error queue will tell of this message by this number. */
  onBegun(number: number, message: J1939MessageInit): void;
  /** Sets the priority of messages from now on. */
  prioritize(priority: number): void;
  /** Takes the reports that there are; returns whether there can be no others, as nothing waits to be sent. */
  settle(): boolean;
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
    if (this.#begun !== null && !this.#goOn(this.#begun)) return this.#begun?.state === "going on" ? 0 : -ENOBUFS;
    const ended = this.#ended.get(message);
    if (ended !== undefined) {
      this.#ended.delete(message);
      return ended;
    }
    return this.#begun === null ? this.#begin(message, message.priority ?? priority) : -ENOBUFS;
  }

  /** A message that waits for room is to be found as another object, which is equal. */
  replace(message: J1939MessageInit, by: J1939MessageInit): void {
    if (this.#begun?.message === message) this.#begun.message = by;
  }

  /**
   * A transfer has failed.
   *
   * @returns Whether who sends it will be told, because it is still being handed over.
   */
  failed(number: number, errno: number): boolean {
    if (this.#begun?.number !== number) return false;
    this.#end(this.#begun, -errno);
    return true;
  }

  /** Goes on with what was begun; returns whether another message may begin. */
  #goOn(begun: Begun): boolean {
    if (begun.state === "going on") {
      const result = begun.datagram.send(begun.length - begun.sent, 0, 0, begun.sent);
      if (result === -EAGAIN || result === -EINTR) return false;
      if (result >= 0) {
        begun.sent += result;
        if (begun.sent === begun.length) this.#end(begun, 1);
        return this.#begun === null;
      }
      if (result !== -EDOM) {
        begun.state = "failed";
        this.#ended.set(begun.message, result);
        return true; // so that its sender is told
      }
      begun.state = "aborted";
    }
    // Till the kernel has given it up, it would take any other message for the rest of this one.
    if (this.#helper.settle() && this.#begun === begun) this.#end(begun, -ECONNABORTED);
    return this.#begun === null;
  }

  #end(begun: Begun, result: number): void {
    if (begun.state !== "failed") this.#ended.set(begun.message, result);
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
    datagram.name.set(encodeJ1939Address(0, { ...destinationOf(message), pgn: ONLY_THE_REST }));
    this.#begun = { message, datagram, length, number, sent: result, state: "going on" };
    return 0;
  }
}
