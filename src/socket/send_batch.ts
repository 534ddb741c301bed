/**
 * Sends one frame, or many with one system call, from memory made once.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { AF_CAN, SOCKADDR_CAN_IFINDEX, SOCKADDR_CAN_SIZE } from "../kernel/can.ts";
import {
  IOV_BASE,
  IOV_LEN,
  IOVEC_SIZE,
  MMSGHDR_SIZE,
  MSG_IOV,
  MSG_IOVLEN,
  MSG_NAME,
  MSG_NAMELEN,
} from "../kernel/socket.ts";
import { copyFrame, frameLength, type Message } from "../message.ts";
import { BATCH } from "./receive_batch.ts";

/** Gives the index of the interface that a message goes to, or `-errno`. */
export type IndexOf = (message: Message) => number;

/** The memory for `send` and `sendmmsg`: headers, then addresses and frames, which the headers point to. */
export class SendBatch {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #indexOf: IndexOf | null;
  readonly #headers: Uint8Array;
  readonly #words: Uint32Array;
  readonly #iovecs: number;
  readonly #addresses: number;
  readonly #frames: number;
  readonly #frameSize: number;
  readonly #firstFrame: Uint8Array;

  /**
   * @param frameSize The most bytes that a frame has: CAN_MTU or CANFD_MTU.
   * @param indexOf Where each message goes, for a socket that is bound to no interface; else null.
   */
  constructor(libc: Libc, fd: number, frameSize: number, indexOf: IndexOf | null) {
    this.#libc = libc;
    this.#fd = fd;
    this.#frameSize = frameSize;
    this.#indexOf = indexOf;
    this.#iovecs = BATCH * MMSGHDR_SIZE;
    this.#addresses = this.#iovecs + BATCH * IOVEC_SIZE;
    this.#frames = this.#addresses + BATCH * SOCKADDR_CAN_SIZE;
    const memory = new ArrayBuffer(this.#frames + BATCH * frameSize);
    this.#headers = new Uint8Array(memory);
    this.#words = new Uint32Array(memory);
    this.#firstFrame = new Uint8Array(memory, this.#frames, frameSize);

    const view = new DataView(memory);
    const base = libc.address(this.#headers);
    for (let i = 0; i < BATCH; i++) {
      const header = i * MMSGHDR_SIZE;
      const iovec = this.#iovecs + i * IOVEC_SIZE;
      const address = this.#addresses + i * SOCKADDR_CAN_SIZE;
      if (indexOf) {
        view.setBigUint64(header + MSG_NAME, base + BigInt(address), true);
        view.setUint32(header + MSG_NAMELEN, SOCKADDR_CAN_SIZE, true);
        view.setUint16(address, AF_CAN, true);
      }
      view.setBigUint64(header + MSG_IOV, base + BigInt(iovec), true);
      view.setUint32(header + MSG_IOVLEN, 1, true);
      view.setBigUint64(iovec + IOV_BASE, base + BigInt(this.#frames + i * frameSize), true);
    }
  }

  /**
   * Sends messages from index `from` on, as many as one call takes; returns how many went, or the `-errno` of the
   * first. None may be longer than the frame size.
   */
  send(messages: readonly Message[], from: number): number {
    let count = Math.min(messages.length - from, BATCH);
    if (count === 1 && !this.#indexOf) {
      const result = this.#libc.send(this.#fd, this.#firstFrame, this.#copy(messages[from], 0), 0);
      return result < 0 ? result : 1;
    }
    for (let i = 0; i < count; i++) {
      const message = messages[from + i];
      if (this.#indexOf) {
        const index = this.#indexOf(message);
        if (index < 0) {
          if (i === 0) return index;
          count = i;
          break;
        }
        const address = this.#addresses + i * SOCKADDR_CAN_SIZE;
        this.#words[(address + SOCKADDR_CAN_IFINDEX) >> 2] = index;
      }
      this.#words[(this.#iovecs + i * IOVEC_SIZE + IOV_LEN) >> 2] = this.#copy(message, i);
    }
    return this.#libc.sendmmsg(this.#fd, this.#headers, count, 0);
  }

  #copy(message: Message, i: number): number {
    const length = frameLength(message);
    copyFrame(message, length, this.#words, (this.#frames + i * this.#frameSize) >> 2);
    return length;
  }
}
