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
  SO_TIMESTAMPING,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
  TIMESTAMPING_HARDWARE,
  TIMESTAMPING_SPACE,
  TIMESTAMPNS_SPACE,
} from "../kernel/socket.ts";
import { type Message, MessageOver } from "../message/message.ts";
import {
  copyWords,
  RECORD_BITS,
  RECORD_CONFIRM,
  RECORD_FRAME,
  RECORD_HARDWARE,
  RECORD_LENGTH,
  RECORD_LOCAL,
  RECORD_NANOSECONDS,
  RECORD_SECONDS,
  RECORD_SOFTWARE,
  wordsOf,
} from "../message/record.ts";

/** The maximum number of frames that one call receives. */
export const BATCH = 64;

/** Returns the name of the interface with an index; null if it is unknown. */
export type NameOf = (ifindex: number) => string | null;

/** Words in a block of records. A larger block wastes memory when few of its messages are kept; a smaller one is slower. */
const BLOCK = 2048;

/** Offsets into the memory for `recvmmsg`, in words; each is that of the first of BATCH frames. */
interface Layout {
  /** The interface's index in the address; the next frame's is SOCKADDR_CAN_SIZE bytes further. */
  readonly interfaces: number;
  readonly controls: number;
  /** Words from one frame's control message to the next. */
  readonly controlWords: number;
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
  /** The block that records are written to, batch after batch, until it is full. */
  #block = new Uint32Array(0);
  /** The number of words of the block that are in use. */
  #at = 0;

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
    const controlSpace = hardware ? TIMESTAMPING_SPACE : TIMESTAMPNS_SPACE;
    const frameSpace = 4 * wordsOf(frameSize);
    const iovecs = BATCH * MMSGHDR_SIZE;
    const addresses = iovecs + BATCH * IOVEC_SIZE;
    const controls = addresses + BATCH * SOCKADDR_CAN_SIZE;
    const frames = controls + BATCH * controlSpace;
    this.#layout = {
      interfaces: (addresses + SOCKADDR_CAN_IFINDEX) >> 2,
      controls: controls >> 2,
      controlWords: controlSpace >> 2,
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

  /** Receives up to `max` messages with one call, writes them from index `from` on, and returns how many, or `-errno`. */
  receive(into: Message[], from: number, max: number): number {
    const count = this.#libc.recvmmsg(this.#fd, this.#headers, Math.min(max, BATCH), 0);
    // Local variables for everything: they make this loop, which runs for each frame, a fifth faster.
    const { interfaces, controls, controlWords, frames, frameWords } = this.#layout;
    const channel = this.#channel;
    const words = this.#words;
    let block = this.#block;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      const header = i * (MMSGHDR_SIZE >> 2);
      const first = frames + i * frameWords;
      let length = words[header + (MSG_LEN >> 2)];
      if (length !== CAN_MTU) length = trueLength(length, words[first + 1], this.#frameSize);
      const taken = wordsOf(length);
      if (at + RECORD_FRAME + taken > block.length) {
        this.#block = block = new Uint32Array(BLOCK);
        at = 0;
      }
      block[at + RECORD_BITS] = (words[header + (MSG_FLAGS >> 2)] & (RECORD_LOCAL | RECORD_CONFIRM)) |
        copyTime(words, header, controls + i * controlWords, controlWords, block, at);
      block[at + RECORD_LENGTH] = length;
      const frame = at + RECORD_FRAME;
      copyWords(words, first, block, frame, taken);
      if ((block[frame + 1] & 0xff) > CAN_MAX_DLEN) sanitize(block, frame, length, this.#frameSize);
      const name = channel ?? this.#nameOf(words[interfaces + i * (SOCKADDR_CAN_SIZE >> 2)]);
      into[from + i] = new MessageOver(block, at, name);
      at = (frame + taken + 1) & ~1; // records are aligned to 8 bytes, whatever the length of an XL frame
      reset(words, header, controlWords);
    }
    this.#at = at;
    return count;
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

/** Copies a timestamp from its control message to a record; returns the record's bit for its source, 0 for none. */
function copyTime(
  words: Uint32Array,
  header: number,
  control: number,
  controlWords: number,
  to: Uint32Array,
  at: number,
): number {
  const length = words[header + (MSG_CONTROLLEN >> 2)];
  if (length !== 4 * controlWords || words[control + (CMSG_LEVEL >> 2)] !== SOL_SOCKET) return 0;
  let timespec = control + (CMSG_DATA >> 2);
  let source = RECORD_SOFTWARE;
  const type = words[control + (CMSG_TYPE >> 2)];
  if (type === SO_TIMESTAMPING && length === TIMESTAMPING_SPACE) {
    const hardware = timespec + (TIMESTAMPING_HARDWARE >> 2);
    if (isTime(words, hardware)) {
      timespec = hardware;
      source = RECORD_HARDWARE;
    } else if (!isTime(words, timespec)) return 0;
  } else if (type !== SO_TIMESTAMPNS) return 0;
  to[at + RECORD_SECONDS] = words[timespec];
  to[at + RECORD_SECONDS + 1] = words[timespec + 1];
  to[at + RECORD_NANOSECONDS] = words[timespec + 2];
  return source;
}

/** Whether a `struct timespec` is not zero. Zero stands for no timestamp. */
function isTime(words: Uint32Array, timespec: number): boolean {
  return words[timespec] !== 0 || words[timespec + 1] !== 0 || words[timespec + 2] !== 0;
}

// The kernel delivers whole frames with valid lengths. The functions below ensure that, whatever arrives, a message exposes
// only the memory of its own frame.

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
