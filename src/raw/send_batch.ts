/**
 * Sends one frame, or many with one system call, from memory that is allocated once.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { AF_CAN, SOCKADDR_CAN_IFINDEX, SOCKADDR_CAN_SIZE } from "../kernel/can.ts";
import { EMSGSIZE } from "../kernel/errno.ts";
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
import { wordsOf } from "../message/fields.ts";
import { copyFrame, frameLength, type Message } from "../message/message.ts";
import { BATCH } from "./receive_batch.ts";

/** Returns the index of the interface to send a message to, or `-errno`. */
export type IndexOf = (message: Message) => number;

/** The memory for `send` and `sendmmsg`: headers, then the addresses and frames that the headers point to. */
export class SendBatch {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #indexOf: IndexOf | null;
  readonly #headers: Uint8Array;
  readonly #words: Uint32Array;
  readonly #iovecs: number;
  readonly #addresses: number;
  readonly #frames: number;
  readonly #stride: number;
  readonly #firstFrame: Uint8Array;
  /** The interface's MTU in bytes. Longer frames are not passed to the kernel. */
  limit = Infinity;

  /**
   * @param frameSize The maximum size of a frame in bytes: CAN_MTU, CANFD_MTU or CANXL_MTU.
   * @param indexOf Returns the interface of each message, for a socket that is bound to every interface; else null.
   */
  constructor(libc: Libc, fd: number, frameSize: number, indexOf: IndexOf | null) {
    this.#libc = libc;
    this.#fd = fd;
    this.#indexOf = indexOf;
    this.#iovecs = BATCH * MMSGHDR_SIZE;
    this.#addresses = this.#iovecs + BATCH * IOVEC_SIZE;
    this.#frames = this.#addresses + BATCH * SOCKADDR_CAN_SIZE;
    this.#stride = 4 * wordsOf(frameSize);
    const memory = new ArrayBuffer(this.#frames + BATCH * this.#stride);
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
      view.setBigUint64(iovec + IOV_BASE, base + BigInt(this.#frames + i * this.#stride), true);
    }
  }

  /**
   * Sends the messages from index `from` on, as many as one call accepts, and returns how many it sent, or the `-errno`
   * of the first. No frame may be longer than the frame size.
   */
  send(messages: readonly Message[], from: number): number {
    const max = Math.min(messages.length - from, BATCH);
    if (max === 1 && !this.#indexOf) {
      const length = this.#copy(messages[from], 0);
      if (length < 0) return length;
      const result = this.#libc.send(this.#fd, this.#firstFrame, length, 0);
      return result < 0 ? result : 1;
    }
    let count = 0;
    for (; count < max; count++) {
      const result = this.#prepare(messages[from + count], count);
      if (result >= 0) continue;
      if (count === 0) return result;
      break;
    }
    return this.#libc.sendmmsg(this.#fd, this.#headers, count, 0);
  }

  /** Makes a message the i-th of the next call; returns its length in bytes, or `-errno` if it cannot be sent. */
  #prepare(message: Message, i: number): number {
    if (this.#indexOf) {
      const index = this.#indexOf(message);
      if (index < 0) return index;
      this.#words[(this.#addresses + i * SOCKADDR_CAN_SIZE + SOCKADDR_CAN_IFINDEX) >> 2] = index;
    }
    const length = this.#copy(message, i);
    if (length > 0) this.#words[(this.#iovecs + i * IOVEC_SIZE + IOV_LEN) >> 2] = length;
    return length;
  }

  #copy(message: Message, i: number): number {
    const length = frameLength(message);
    if (length > this.limit) return -EMSGSIZE;
    copyFrame(message, length, this.#words, (this.#frames + i * this.#stride) >> 2);
    return length;
  }
}
