/**
 * Receives many frames with one system call, into memory made once.
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

/** Frames a call receives at the most. */
export const BATCH = 64;

/** Gives the name of an interface's index. */
export type NameOf = (ifindex: number) => string | null;

/** Words of a block of records: more would keep too much memory for a message that is kept, fewer cost time. */
const BLOCK = 2048;

/** Where things are in the memory for `recvmmsg`, in words, of the first of BATCH frames each. */
interface Layout {
  /** The interface's index in the address; the next one's is SOCKADDR_CAN_SIZE further. */
  readonly interfaces: number;
  readonly controls: number;
  /** Words from one control message to the next, and to the next frame. */
  readonly controlWords: number;
  readonly frames: number;
  readonly frameWords: number;
}

/** The memory for `recvmmsg`: headers, then addresses, times and frames, which the headers point to. */
export class ReceiveBatch {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #frameSize: number;
  readonly #channel: string | null;
  readonly #nameOf: NameOf;
  readonly #headers: Uint8Array;
  readonly #words: Uint32Array;
  readonly #layout: Layout;
  /** Where records are written, one batch after the other, until it is full; and the words that are taken. */
  #block = new Uint32Array(0);
  #at = 0;

  /**
   * @param frameSize The most bytes that a frame has: CAN_MTU, CANFD_MTU or CANXL_MTU.
   * @param hardware Whether times come by SO_TIMESTAMPING instead of SO_TIMESTAMPNS.
   * @param names The name of the interface that all frames come from, or what gives each one's.
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

  /** Writes up to `max` messages from index `from` on, as far as one call gives them; returns how many, or `-errno`. */
  receive(into: Message[], from: number, max: number): number {
    const count = this.#libc.recvmmsg(this.#fd, this.#headers, Math.min(max, BATCH), 0);
    // Everything in variables of its own: in this loop, which runs for each frame, that is a fifth of the time.
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
      if ((block[frame + 1] & 0xff) > CAN_MAX_DLEN) mend(block, frame, length, this.#frameSize);
      const name = channel ?? this.#nameOf(words[interfaces + i * (SOCKADDR_CAN_SIZE >> 2)]);
      into[from + i] = new MessageOver(block, at, name);
      at = (frame + taken + 1) & ~1; // the next record is aligned to 8 bytes, whatever an XL frame's length
      reset(words, header, controlWords);
    }
    this.#at = at;
    return count;
  }

  /** Receives and forgets all that waits; returns 0, or the `-errno` that stopped it. */
  drain(): number {
    for (;;) {
      const count = this.#libc.recvmmsg(this.#fd, this.#headers, BATCH, 0);
      if (count < 0) return count;
      for (let i = 0; i < count; i++) reset(this.#words, i * (MMSGHDR_SIZE >> 2), this.#layout.controlWords);
    }
  }
}

/** Gives the kernel back the room that it has noted to be smaller: as much as it used; `header` in words. */
function reset(words: Uint32Array, header: number, controlWords: number): void {
  words[header + (MSG_NAMELEN >> 2)] = SOCKADDR_CAN_SIZE;
  words[header + (MSG_CONTROLLEN >> 2)] = 4 * controlWords;
}

/** Copies a frame's time from its control message to its record; returns the bit that says whose it is, 0 for none. */
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

/** Whether a `struct timespec` is not zero, which stands for no time. */
function isTime(words: Uint32Array, timespec: number): boolean {
  return words[timespec] !== 0 || words[timespec + 1] !== 0 || words[timespec + 2] !== 0;
}

// The kernel gives whole frames that say how long they are. Whatever else comes, a message shows no memory but its own
// frame's.

/** The bytes of a frame for which `length` were received, on a socket whose frames have `most`. */
function trueLength(length: number, lenWord: number, most: number): number {
  if (most === CANXL_MTU && lenWord & CANXL_XLF && length > CANXL_HDR_SIZE) return Math.min(length, most);
  return length === CANFD_MTU && most >= CANFD_MTU ? CANFD_MTU : CAN_MTU;
}

/** Sees to it that a frame, at a word of a block, says no greater length than it has, and as XL nothing else's flags. */
function mend(words: Uint32Array, frame: number, length: number, mostBytes: number): void {
  const word = words[frame + 1];
  if (mostBytes === CANXL_MTU && word & CANXL_XLF) {
    words[frame] &= CANXL_PRIO_MASK | CANXL_VCID_MASK;
    const shift = 8 * (CANXL_LEN - FRAME_LEN);
    words[frame + 1] = (word & ((1 << shift) - 1)) | (Math.min(word >>> shift, length - CANXL_HDR_SIZE) << shift);
    return;
  }
  const most = length === CANFD_MTU ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
  if ((word & 0xff) > most) words[frame + 1] = (word & ~0xff) | most;
}
