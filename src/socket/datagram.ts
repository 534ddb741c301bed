/**
 * One datagram a call, with its address and control messages, in memory made once.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
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
} from "../kernel/socket.ts";

/** The most bytes that a datagram's parts have. */
export interface DatagramSizes {
  /** Of the address; 0 for a socket that needs none. */
  readonly name: number;
  /** Of the control messages, each with its header and aligned to 8; 0 for none. */
  readonly control: number;
  /** Of the data; or the memory to use for it, which must not move. */
  readonly data: number | Uint8Array;
}

/** A control message that came with a datagram. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  /** A view of the datagram's memory. */
  readonly data: Uint8Array;
}

/** Memory for one datagram at a time: to send it, or to receive it. */
export class Datagram {
  /** The address: to send, what it holds is used as it is. */
  readonly name: Uint8Array;
  /** The control messages' memory. */
  readonly control: Uint8Array;
  /** The data's memory. */
  readonly data: Uint8Array;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #header: Uint8Array;
  readonly #view: DataView;
  readonly #iovec: number;
  readonly #dataAddress: bigint;

  /** Memory for datagrams of a descriptor, none of whose parts is longer than `sizes` says. */
  constructor(libc: Libc, fd: number, sizes: DatagramSizes) {
    this.#libc = libc;
    this.#fd = fd;
    const iovec = this.#iovec = MMSGHDR_SIZE;
    const name = iovec + IOVEC_SIZE;
    const control = name + aligned(sizes.name);
    const data = control + aligned(sizes.control);
    const own = typeof sizes.data === "number" ? sizes.data : 0;
    // Small typed arrays may move; a buffer of its own, asked for as such, does not.
    const memory = new ArrayBuffer(Math.max(data + own, 1024));
    this.#header = new Uint8Array(memory);
    this.#view = new DataView(memory);
    this.name = new Uint8Array(memory, name, sizes.name);
    this.control = new Uint8Array(memory, control, sizes.control);
    this.data = typeof sizes.data === "number" ? new Uint8Array(memory, data, own) : sizes.data;
    const base = libc.address(this.#header);
    this.#dataAddress = typeof sizes.data === "number" ? base + BigInt(data) : libc.address(sizes.data);
    const at = (offset: number, size: number) => size === 0 ? 0n : base + BigInt(offset);
    this.#view.setBigUint64(MSG_NAME, at(name, sizes.name), true);
    this.#view.setBigUint64(MSG_IOV, base + BigInt(iovec), true);
    this.#view.setUint32(MSG_IOVLEN, 1, true);
    this.#view.setBigUint64(MSG_CONTROL, at(control, sizes.control), true);
  }

  /** Bytes of the address that was received. */
  get nameLength(): number {
    return this.#view.getUint32(MSG_NAMELEN, true);
  }

  /** The MSG_ flags that were received: MSG_TRUNC, if the data had no room. */
  get flags(): number {
    return this.#view.getUint32(MSG_FLAGS, true);
  }

  /** The control messages that were received. */
  get controls(): ControlMessage[] {
    const found: ControlMessage[] = [];
    const end = this.#view.getUint32(MSG_CONTROLLEN, true);
    const start = this.control.byteOffset;
    for (let at = 0; at + CMSG_DATA <= end;) {
      const length = this.#view.getUint32(start + at, true);
      if (length < CMSG_DATA || at + length > end) break;
      found.push({
        level: this.#view.getInt32(start + at + CMSG_LEVEL, true),
        type: this.#view.getInt32(start + at + CMSG_TYPE, true),
        data: this.control.subarray(at + CMSG_DATA, at + length),
      });
      at += aligned(length);
    }
    return found;
  }

  /**
   * Receives one datagram into this memory.
   *
   * @returns Bytes of its data (of all of it with MSG_TRUNC), or `-errno`.
   */
  receive(flags = 0): number {
    this.#prepare(this.name.length, this.control.length, this.data.length);
    const result = this.#libc.recvmmsg(this.#fd, this.#header, 1, flags);
    return result < 0 ? result : this.#view.getUint32(MSG_LEN, true);
  }

  /**
   * Sends what this memory holds.
   *
   * @param length Bytes of the data.
   * @param controlLength Bytes of the control messages.
   * @param from Bytes of the data to leave out before.
   * @returns Bytes of data that went, or `-errno`.
   */
  send(length: number, controlLength = 0, flags = 0, from = 0): number {
    this.#prepare(this.name.length, controlLength, length, from);
    const result = this.#libc.sendmmsg(this.#fd, this.#header, 1, flags);
    return result < 0 ? result : this.#view.getUint32(MSG_LEN, true);
  }

  #prepare(name: number, control: number, data: number, from = 0): void {
    this.#view.setUint32(MSG_NAMELEN, name, true);
    this.#view.setBigUint64(MSG_CONTROLLEN, BigInt(control), true);
    this.#view.setUint32(MSG_FLAGS, 0, true);
    this.#view.setBigUint64(this.#iovec + IOV_BASE, this.#dataAddress + BigInt(from), true);
    this.#view.setUint32(this.#iovec + IOV_LEN, data, true);
  }
}

function aligned(length: number): number {
  return (length + 7) & ~7;
}
