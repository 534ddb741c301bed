/**
 * Receives many frames with one system call, into memory that is allocated once.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import {
  CAN_MAX_DLEN,
  CAN_MTU,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  CANXL_HDR_SIZE,
  CANXL_LEN,
  CANXL_MTU,
  CANXL_PRIO_MASK,
  CANXL_VCID_MASK,
  CANXL_XLF,
  FRAME_LEN,
  SOCKADDR_CAN_IFINDEX,
  SOCKADDR_CAN_SIZE,
} from "../kernel/can.ts";
import {
  CMSG_DATA,
  CMSG_LEVEL,
  CMSG_TYPE,
  IOV_BASE,
  IOV_LEN,
  IOVEC_SIZE,
  MMSGHDR_SIZE,
  MSG_CONTROL,
  MSG_CONTROLLEN,
  MSG_FLAGS,
  MSG_IOV,
  MSG_IOVLEN,
  MSG_LEN,
  MSG_NAME,
  MSG_NAMELEN,
  RXQ_OVFL_SPACE,
  SO_RXQ_OVFL,
  SO_TIMESTAMPING,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
  TIMESTAMPING_HARDWARE,
  TIMESTAMPING_SPACE,
  TIMESTAMPNS_SPACE,
} from "../kernel/socket.ts";
import { CONFIRM, HARDWARE_TIME, LOCAL, SOFTWARE_TIME, wordsOf } from "../message/fields.ts";
import { noteDropped } from "../message/losses.ts";
import type { Message } from "../message/message.ts";
import { messageOfWords } from "../message/of_frame.ts";

/** The maximum number of frames that one call receives. */
export const BATCH = 64;

/** Returns the name of the interface with an index; null if it is unknown. */
export type NameOf = (ifindex: number) => string | null;

/** Offsets into the memory for `recvmmsg`, in words; each is that of the first of BATCH frames. */
interface Layout {
  /** The interface's index in the address; the next frame's is SOCKADDR_CAN_SIZE bytes further. */
  readonly interfaces: number;
  readonly controls: number;
  /** Words from one frame's control messages to the next. */
  readonly controlWords: number;
  /** Words of the control message with the timestamp, which is followed by one with the number of dropped frames. */
  readonly timeWords: number;
  readonly frames: number;
  /** Words from one frame to the next. */
  readonly frameWords: number;
}

/** The memory for `recvmmsg`: headers, then the addresses, control messages and frames that the headers point to. */
export class ReceiveBatch {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #frameSize: number;
  readonly #channel: string | null;
  readonly #nameOf: NameOf;
  readonly #headers: Uint8Array;
  readonly #words: Uint32Array;
  readonly #layout: Layout;
  /** The number of frames that the socket had dropped when the latest frame was queued. */
  #dropped = 0;

  /**
   * @param frameSize The maximum size of a frame in bytes: CAN_MTU, CANFD_MTU or CANXL_MTU.
   * @param hardware Whether timestamps arrive by SO_TIMESTAMPING instead of SO_TIMESTAMPNS.
   * @param names The name of the interface that all frames come from, or a function that returns it by index.
   */
  constructor(libc: Libc, fd: number, frameSize: number, hardware: boolean, names: string | NameOf) {
    this.#libc = libc;
    this.#fd = fd;
    this.#frameSize = frameSize;
    this.#channel = typeof names === "string" ? names : null;
    this.#nameOf = typeof names === "string" ? () => names : names;
    const timeSpace = hardware ? TIMESTAMPING_SPACE : TIMESTAMPNS_SPACE;
    const controlSpace = timeSpace + RXQ_OVFL_SPACE;
    const frameSpace = 4 * wordsOf(frameSize);
    const iovecs = BATCH * MMSGHDR_SIZE;
    const addresses = iovecs + BATCH * IOVEC_SIZE;
    const controls = addresses + BATCH * SOCKADDR_CAN_SIZE;
    const frames = controls + BATCH * controlSpace;
    this.#layout = {
      interfaces: (addresses + SOCKADDR_CAN_IFINDEX) >> 2,
      controls: controls >> 2,
      controlWords: controlSpace >> 2,
      timeWords: timeSpace >> 2,
      frames: frames >> 2,
      frameWords: frameSpace >> 2,
    };
    const memory = new ArrayBuffer(frames + BATCH * frameSpace);
    this.#headers = new Uint8Array(memory);
    this.#words = new Uint32Array(memory);

    const view = new DataView(memory);
    const base = libc.address(this.#headers);
    for (let i = 0; i < BATCH; i++) {
      const header = i * MMSGHDR_SIZE;
      const iovec = iovecs + i * IOVEC_SIZE;
      view.setBigUint64(header + MSG_NAME, base + BigInt(addresses + i * SOCKADDR_CAN_SIZE), true);
      view.setUint32(header + MSG_NAMELEN, SOCKADDR_CAN_SIZE, true);
      view.setBigUint64(header + MSG_IOV, base + BigInt(iovec), true);
      view.setUint32(header + MSG_IOVLEN, 1, true);
      view.setBigUint64(header + MSG_CONTROL, base + BigInt(controls + i * controlSpace), true);
      view.setUint32(header + MSG_CONTROLLEN, controlSpace, true);
      view.setBigUint64(iovec + IOV_BASE, base + BigInt(frames + i * frameSpace), true);
      view.setUint32(iovec + IOV_LEN, frameSize, true);
    }
  }

  /**
   * Receives up to `max` messages with one call, writes them from index `from` on, and returns how many, or `-errno`.
   */
  receive(into: Message[], from: number, max: number): number {
    const count = this.#libc.recvmmsg(this.#fd, this.#headers, Math.min(max, BATCH), 0);
    // Local variables for everything: they make this loop, which runs for each frame, a fifth faster.
    const { interfaces, controls, controlWords, timeWords, frames, frameWords } = this.#layout;
    const channel = this.#channel;
    const words = this.#words;
    for (let i = 0; i < count; i++) {
      const header = i * (MMSGHDR_SIZE >> 2);
      const frame = frames + i * frameWords;
      let length = words[header + (MSG_LEN >> 2)];
      if (length !== CAN_MTU) length = trueLength(length, words[frame + 1], this.#frameSize);
      if ((words[frame + 1] & 0xff) > CAN_MAX_DLEN) sanitize(words, frame, length, this.#frameSize);
      const control = controls + i * controlWords;
      const time = timeOf(words, header, control, timeWords);
      const timespec = time & ~(SOFTWARE_TIME | HARDWARE_TIME);
      const name = channel ?? this.#nameOf(words[interfaces + i * (SOCKADDR_CAN_SIZE >> 2)]);
      into[from + i] = messageOfWords(
        words,
        frame,
        length,
        timespec === 0 ? 0 : secondsOf(words, timespec >> 2),
        timespec === 0 ? 0 : words[(timespec >> 2) + 2],
        (words[header + (MSG_FLAGS >> 2)] & (LOCAL | CONFIRM)) | (time & (SOFTWARE_TIME | HARDWARE_TIME)),
        name,
      );
      if (words[header + (MSG_CONTROLLEN >> 2)] !== 4 * timeWords) this.#noteDropped(into[from + i], header, control);
      reset(words, header, controlWords);
    }
    return count;
  }

  /** Notes how many frames were dropped before a message, if its last control message says so. */
  #noteDropped(message: Message, header: number, control: number): void {
    const words = this.#words;
    const length = words[header + (MSG_CONTROLLEN >> 2)];
    if (length < RXQ_OVFL_SPACE || length > 4 * this.#layout.controlWords) return;
    const last = control + ((length - RXQ_OVFL_SPACE) >> 2);
    if (words[last + (CMSG_LEVEL >> 2)] !== SOL_SOCKET || words[last + (CMSG_TYPE >> 2)] !== SO_RXQ_OVFL) return;
    const dropped = words[last + (CMSG_DATA >> 2)];
    if (dropped === this.#dropped) return;
    noteDropped(message, (dropped - this.#dropped) >>> 0); // the kernel's counter wraps around
    this.#dropped = dropped;
  }

  /** Receives and discards all queued frames; returns the `-errno` that ended it, EAGAIN once there are no more. */
  drain(): number {
    for (;;) {
      const count = this.#libc.recvmmsg(this.#fd, this.#headers, BATCH, 0);
      if (count < 0) return count;
      for (let i = 0; i < count; i++) reset(this.#words, i * (MMSGHDR_SIZE >> 2), this.#layout.controlWords);
    }
  }
}

/** Restores the lengths in a header, which the kernel has overwritten with the bytes it used; `header` is in words. */
function reset(words: Uint32Array, header: number, controlWords: number): void {
  words[header + (MSG_NAMELEN >> 2)] = SOCKADDR_CAN_SIZE;
  words[header + (MSG_CONTROLLEN >> 2)] = 4 * controlWords;
}

/**
 * Returns a timestamp in a control message: its offset in bytes, a multiple of 4, and the bit for its source; 0 for
 * none.
 */
function timeOf(words: Uint32Array, header: number, control: number, timeWords: number): number {
  if (words[header + (MSG_CONTROLLEN >> 2)] < 4 * timeWords || words[control + (CMSG_LEVEL >> 2)] !== SOL_SOCKET) {
    return 0;
  }
  const timespec = control + (CMSG_DATA >> 2);
  const type = words[control + (CMSG_TYPE >> 2)];
  if (type === SO_TIMESTAMPNS) return 4 * timespec + SOFTWARE_TIME;
  if (type !== SO_TIMESTAMPING || 4 * timeWords !== TIMESTAMPING_SPACE) return 0;
  const hardware = timespec + (TIMESTAMPING_HARDWARE >> 2);
  if (isTime(words, hardware)) return 4 * hardware + HARDWARE_TIME;
  return isTime(words, timespec) ? 4 * timespec + SOFTWARE_TIME : 0;
}

/** Returns the seconds of a `struct timespec`. Until 2106 they fit into one word, which stays a small whole number. */
function secondsOf(words: Uint32Array, timespec: number): number {
  const high = words[timespec + 1];
  return high === 0 ? words[timespec] : words[timespec] + high * 2 ** 32;
}

/** Whether a `struct timespec` is not zero. Zero stands for no timestamp. */
function isTime(words: Uint32Array, timespec: number): boolean {
  return words[timespec] !== 0 || words[timespec + 1] !== 0 || words[timespec + 2] !== 0;
}

// The kernel delivers whole frames with valid lengths. The functions below ensure that, whatever arrives, a message
// exposes only the memory of its own frame.

/** Returns the bytes of a frame of which `length` bytes were received, on a socket for frames of up to `maxBytes`. */
function trueLength(length: number, lenWord: number, maxBytes: number): number {
  if (maxBytes === CANXL_MTU && lenWord & CANXL_XLF && length > CANXL_HDR_SIZE) return Math.min(length, maxBytes);
  return length === CANFD_MTU && maxBytes >= CANFD_MTU ? CANFD_MTU : CAN_MTU;
}

/** Limits the length that a frame states to the bytes that it has, and clears flags that are not those of CAN XL. */
function sanitize(words: Uint32Array, frame: number, length: number, maxBytes: number): void {
  const word = words[frame + 1];
  if (maxBytes === CANXL_MTU && word & CANXL_XLF) {
    words[frame] &= CANXL_PRIO_MASK | CANXL_VCID_MASK;
    const shift = 8 * (CANXL_LEN - FRAME_LEN);
    words[frame + 1] = (word & ((1 << shift) - 1)) | (Math.min(word >>> shift, length - CANXL_HDR_SIZE) << shift);
    return;
  }
  const max = length === CANFD_MTU ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
  if ((word & 0xff) > max) words[frame + 1] = (word & ~0xff) | max;
}
