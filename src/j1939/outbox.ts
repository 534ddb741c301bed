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
import { destinationOf, type J1939MessageInit, MAX_BROADCAST_BYTES } from "./message.ts";

/**
 * The PGN given with all parts of a message but the first. The kernel refuses to begin a message of this PGN (EDOM), as it
 * belongs to the transport protocol, but does not read the PGN of a further part. So if the kernel aborts a message just
 * before its next part, it cannot send that part as a message of its own.
 */
const CONTINUATION_PGN = 0xec00;

/** A message of which the kernel has taken a part. */
interface PartialMessage {
  message: J1939MessageInit;
  readonly datagram: Datagram;
  readonly length: number;
  readonly number: number;
  sent: number;
  /**
   * `"sending"`: further parts follow. `"aborted"`: the kernel has aborted it, and its report with the reason is due.
   * `"failed"`: it cannot be continued and its sender has the error, but the kernel still expects the rest.
   */
  state: "sending" | "aborted" | "failed";
}

/** What the outbox needs of its socket. */
export interface OutboxHost {
  /** Called when the kernel has taken a message or its first part. Reports in the error queue carry this number. */
  onBegun(number: number, message: J1939MessageInit): void;
  /** Sets the priority of the messages that follow. */
  setPriority(priority: number): void;
  /** Reads all reports that have arrived; returns whether no others can follow, because nothing is left to send. */
  settle(): boolean;
}

/**
 * Hands messages to the kernel. A message that was begun must be completed before another can begin: the kernel takes the
 * next bytes as its continuation. So every send first continues it, and its own sender gets its result.
 */
export class J1939Outbox {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #host: OutboxHost;
  readonly #small: Datagram;
  #priority: number;
  /** The number that the kernel gives to the next message that it begins. */
  #number = 0;
  #partial: PartialMessage | null = null;
  /** Results of messages sent in parts, until their senders ask: 1 for handed over, or `-errno`. */
  readonly #results = new WeakMap<J1939MessageInit, number>();

  /**
   * @param priority The socket's present priority.
   */
  constructor(libc: Libc, fd: number, priority: number, host: OutboxHost) {
    this.#libc = libc;
    this.#fd = fd;
    this.#priority = priority;
    this.#host = host;
    this.#small = new Datagram(libc, fd, { name: SOCKADDR_CAN_SIZE, control: 0, data: MAX_BROADCAST_BYTES });
  }

  /** Whether the kernel has taken only a part of a message so far. */
  get partial(): boolean {
    return this.#partial !== null;
  }

  /**
   * Sends a message, or its next part.
   *
   * @param priority The priority if the message has none.
   * @returns 1 when all of it is handed over; 0 when there is no room now; or `-errno`: `-ENOBUFS` where poll does not
   * report when there is room.
   */
  send(message: J1939MessageInit, priority: number): number {
    if (this.#partial !== null && !this.#continue(this.#partial)) {
      return this.#partial?.state === "sending" ? 0 : -ENOBUFS;
    }
    const result = this.#results.get(message);
    if (result !== undefined) {
      this.#results.delete(message);
      return result;
    }
    return this.#partial === null ? this.#begin(message, message.priority ?? priority) : -ENOBUFS;
  }

  /** Replaces a message that waits for room by an equal object, which is passed to `send` from now on. */
  replace(message: J1939MessageInit, by: J1939MessageInit): void {
    if (this.#partial?.message === message) this.#partial.message = by;
  }

  /**
   * Records that the kernel has aborted a transfer.
   *
   * @returns Whether the sender gets the error from `send`, because parts of the message are still being handed over.
   */
  failed(number: number, errno: number): boolean {
    if (this.#partial?.number !== number) return false;
    this.#end(this.#partial, -errno);
    return true;
  }

  /** Continues a message that was begun; returns whether `send` may proceed to its own message. */
  #continue(partial: PartialMessage): boolean {
    if (partial.state === "sending") {
      const result = partial.datagram.send(partial.length - partial.sent, 0, 0, partial.sent);
      if (result === -EAGAIN || result === -EINTR) return false;
      if (result >= 0) {
        partial.sent += result;
        if (partial.sent === partial.length) this.#end(partial, 1);
        return this.#partial === null;
      }
      if (result !== -EDOM) {
        partial.state = "failed";
        this.#results.set(partial.message, result);
        return true; // its sender, if it is the caller, gets the error now
      }
      partial.state = "aborted";
    }
    // Until the kernel has dropped it, the kernel would take any other message as its continuation.
    if (this.#host.settle() && this.#partial === partial) this.#end(partial, -ECONNABORTED);
    return this.#partial === null;
  }

  #end(partial: PartialMessage, result: number): void {
    if (partial.state !== "failed") this.#results.set(partial.message, result);
    this.#partial = null;
  }

  #begin(message: J1939MessageInit, priority: number): number {
    const { pgn, data } = message;
    const { length } = data;
    if (priority !== this.#priority) {
      this.#host.setPriority(priority);
      this.#priority = priority;
    }
    const datagram = length <= MAX_BROADCAST_BYTES
      ? this.#small
      : new Datagram(this.#libc, this.#fd, { name: SOCKADDR_CAN_SIZE, control: 0, data: length });
    datagram.name.set(encodeJ1939Address(0, { ...destinationOf(message), pgn }));
    datagram.data.set(data);
    const result = datagram.send(length);
    if (result === -EAGAIN || result === -EINTR) return 0;
    if (result >= 0 || result === -EBUSY) this.#number++;
    if (result < 0) return result;
    const number = (this.#number - 1) >>> 0;
    this.#host.onBegun(number, message);
    if (result === length) return 1;
    datagram.name.set(encodeJ1939Address(0, { ...destinationOf(message), pgn: CONTINUATION_PGN }));
    this.#partial = { message, datagram, length, number, sent: result, state: "sending" };
    return 0;
  }
}
