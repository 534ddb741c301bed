/**
 * One datagram per call, with its address and control messages, in memory that is allocated once.
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

/** The maximum sizes of a datagram's parts, in bytes. */
export interface DatagramSizes {
  /** The address; 0 for a socket that needs none. */
  readonly name: number;
  /** The control messages, each with its header and aligned to 8 bytes; 0 for none. */
  readonly control: number;
  /** The data, or the memory to use for it, which must never move. */
  readonly data: number | Uint8Array;
}

/** A control message received with a datagram. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  /** A view of the datagram's memory. */
  readonly data: Uint8Array;
}

/** Memory for sending or receiving one datagram at a time. */
export class Datagram {
  /** The address. `send` uses its content unchanged. */
  readonly name: Uint8Array;
  /** The control messages. */
  readonly control: Uint8Array;
  /** The data. */
  readonly data: Uint8Array;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #header: Uint8Array;
  readonly #view: DataView;
  readonly #iovec: number;
  readonly #dataAddress: bigint;

  /** Allocates memory for a descriptor's datagrams. */
  constructor(libc: Libc, fd: number, sizes: DatagramSizes) {
    this.#libc = libc;
    this.#fd = fd;
    const iovec = this.#iovec = MMSGHDR_SIZE;
    const name = iovec + IOVEC_SIZE;
    const control = name + aligned(sizes.name);
    const data = control + aligned(sizes.control);
    const own = typeof sizes.data === "number" ? sizes.data : 0;
    // The memory behind a small typed array may move; an explicit ArrayBuffer of this size does not.
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

  /** Length of the received address in bytes. */
  get nameLength(): number {
    return this.#view.getUint32(MSG_NAMELEN, true);
  }

  /** The received MSG_* flags, such as MSG_TRUNC if the data did not fit. */
  get flags(): number {
    return this.#view.getUint32(MSG_FLAGS, true);
  }

  /** The received control messages. */
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
   * @returns The number of bytes of data received (with MSG_TRUNC in `flags`, the datagram's full length), or `-errno`.
   */
  receive(flags = 0): number {
    this.#prepare(this.name.length, this.control.length, this.data.length);
    const result = this.#libc.recvmmsg(this.#fd, this.#header, 1, flags);
    return result < 0 ? result : this.#view.getUint32(MSG_LEN, true);
  }

  /**
   * Sends this memory's content.
   *
   * @param length Bytes of data to send.
   * @param controlLength Bytes of control messages to send.
   * @param from Offset of the first byte of data to send.
   * @returns The number of bytes of data sent, or `-errno`.
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
