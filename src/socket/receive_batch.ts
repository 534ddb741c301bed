/**
 * Receives many frames with one system call, into memory made once.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CAN_MTU, CANFD_MTU, FRAME_DATA, FRAME_LEN, SOCKADDR_CAN_IFINDEX, SOCKADDR_CAN_SIZE } from "../kernel/can.ts";
import {
  CMSG_DATA,
  CMSG_LEVEL,
  CMSG_TYPE,
  IOV_BASE,
  IOV_LEN,
  IOVEC_SIZE,
  MMSGHDR_SIZE,
  MSG_CONFIRM,
  MSG_CONTROL,
  MSG_CONTROLLEN,
  MSG_DONTROUTE,
  MSG_FLAGS,
  MSG_IOV,
  MSG_IOVLEN,
  MSG_LEN,
  MSG_NAME,
  MSG_NAMELEN,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
  TIMESTAMPNS_SPACE,
} from "../kernel/socket.ts";
import { type Message, MessageOver } from "../message.ts";
import {
  copyWords,
  RECORD_BITS,
  RECORD_CONFIRM,
  RECORD_FRAME,
  RECORD_HEAD,
  RECORD_LENGTH,
  RECORD_LOCAL,
  RECORD_NANOSECONDS,
  RECORD_SECONDS,
} from "../record.ts";

/** Frames a call receives at the most. */
export const BATCH = 64;

/** Gives the name of an interface's index. */
export type NameOf = (ifindex: number) => string | null;

/** The memory for `recvmmsg`: headers, then addresses, times and frames, which the headers point to. */
export class ReceiveBatch {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #headers: Uint8Array;
  readonly #words: Uint32Array;
  readonly #addresses: number;
  readonly #control: number;
  readonly #frames: number;
  readonly #frameSize: number;
  /** Words that a record takes at the most. */
  readonly #recordWords: number;
  /** Where records are written, one batch after the other, until it is full; and the words that are taken. */
  #block = new Uint32Array(0);
  #at = 0;

  /** @param frameSize The most bytes that a frame has: CAN_MTU or CANFD_MTU. */
  constructor(libc: Libc, fd: number, frameSize: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#frameSize = frameSize;
    this.#recordWords = (RECORD_HEAD + frameSize) >> 2;
    const iovecs = BATCH * MMSGHDR_SIZE;
    this.#addresses = iovecs + BATCH * IOVEC_SIZE;
    this.#control = this.#addresses + BATCH * SOCKADDR_CAN_SIZE;
    this.#frames = this.#control + BATCH * TIMESTAMPNS_SPACE;
    const memory = new ArrayBuffer(this.#frames + BATCH * frameSize);
    this.#headers = new Uint8Array(memory);
    this.#words = new Uint32Array(memory);

    const view = new DataView(memory);
    const base = libc.address(this.#headers);
    for (let i = 0; i < BATCH; i++) {
      const header = i * MMSGHDR_SIZE;
      const iovec = iovecs + i * IOVEC_SIZE;
      view.setBigUint64(header + MSG_NAME, base + BigInt(this.#addresses + i * SOCKADDR_CAN_SIZE), true);
      view.setUint32(header + MSG_NAMELEN, SOCKADDR_CAN_SIZE, true);
      view.setBigUint64(header + MSG_IOV, base + BigInt(iovec), true);
      view.setUint32(header + MSG_IOVLEN, 1, true);
      view.setBigUint64(header + MSG_CONTROL, base + BigInt(this.#control + i * TIMESTAMPNS_SPACE), true);
      view.setUint32(header + MSG_CONTROLLEN, TIMESTAMPNS_SPACE, true);
      view.setBigUint64(iovec + IOV_BASE, base + BigInt(this.#frames + i * frameSize), true);
      view.setUint32(iovec + IOV_LEN, frameSize, true);
    }
  }

  /** Appends up to `max` messages, as far as one call gives them; returns how many, or `-errno`. */
  receive(into: Message[], max: number, nameOf: NameOf): number {
    const count = this.#libc.recvmmsg(this.#fd, this.#headers, Math.min(max, BATCH), 0);
    if (count <= 0) return count;
    for (let i = 0; i < count; i++) {
      if (this.#at + this.#recordWords > this.#block.length) {
        this.#block = new Uint32Array(BATCH * this.#recordWords);
        this.#at = 0;
      }
      const address = this.#addresses + i * SOCKADDR_CAN_SIZE;
      const ifindex = this.#words[(address + SOCKADDR_CAN_IFINDEX) >> 2];
      const at = this.#at;
      this.#at = this.#copy(i, this.#block, at);
      into.push(new MessageOver(this.#block, at, nameOf(ifindex)));
    }
    return count;
  }

  /** Receives and forgets all that waits; returns 0, or the `-errno` that stopped it. */
  drain(): number {
    for (;;) {
      const count = this.#libc.recvmmsg(this.#fd, this.#headers, BATCH, 0);
      if (count < 0) return count;
      for (let i = 0; i < count; i++) this.#reset(i);
    }
  }

  /** Writes the i-th frame's record; returns where the next one begins. */
  #copy(i: number, to: Uint32Array, at: number): number {
    const words = this.#words;
    const header = (i * MMSGHDR_SIZE) >> 2;
    // The kernel gives whole frames; whatever else the lengths say, a message shows no memory but its own frame's.
    const isFd = words[header + (MSG_LEN >> 2)] === CANFD_MTU && this.#frameSize === CANFD_MTU;
    const length = isFd ? CANFD_MTU : CAN_MTU;
    const flags = words[header + (MSG_FLAGS >> 2)];
    const control = (this.#control + i * TIMESTAMPNS_SPACE) >> 2;
    const stamped = words[header + (MSG_CONTROLLEN >> 2)] >= TIMESTAMPNS_SPACE &&
      words[control + (CMSG_LEVEL >> 2)] === SOL_SOCKET &&
      words[control + (CMSG_TYPE >> 2)] === SO_TIMESTAMPNS;
    if (stamped) {
      const timespec = control + (CMSG_DATA >> 2);
      to[at + RECORD_SECONDS] = words[timespec];
      to[at + RECORD_SECONDS + 1] = words[timespec + 1];
      to[at + RECORD_NANOSECONDS] = words[timespec + 2];
    }
    to[at + RECORD_BITS] = ((flags & MSG_DONTROUTE) !== 0 ? RECORD_LOCAL : 0) |
      ((flags & MSG_CONFIRM) !== 0 ? RECORD_CONFIRM : 0);
    to[at + RECORD_LENGTH] = length;
    const from = (this.#frames + i * this.#frameSize) >> 2;
    const frame = at + RECORD_FRAME;
    copyWords(words, from, to, frame, length >> 2);
    const excess = (to[frame + (FRAME_LEN >> 2)] & 0xff) - (length - FRAME_DATA);
    if (excess > 0) to[frame + (FRAME_LEN >> 2)] -= excess;
    this.#reset(i);
    return frame + (length >> 2);
  }

  /** Gives the kernel back the room that it overwrote with what it used. */
  #reset(i: number): void {
    const header = (i * MMSGHDR_SIZE) >> 2;
    this.#words[header + (MSG_NAMELEN >> 2)] = SOCKADDR_CAN_SIZE;
    this.#words[header + (MSG_CONTROLLEN >> 2)] = TIMESTAMPNS_SPACE;
  }
}
