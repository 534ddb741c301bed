/**
 * Receives J1939 messages from the kernel, one per call.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { SOCKADDR_CAN_SIZE } from "../kernel/can.ts";
import { EMSGSIZE } from "../kernel/errno.ts";
import {
  decodeJ1939Address,
  J1939_NO_ADDR,
  SCM_J1939_DEST_ADDR,
  SCM_J1939_DEST_NAME,
  SCM_J1939_PRIO,
  SOL_CAN_J1939,
} from "../kernel/j1939.ts";
import { MSG_DONTROUTE, MSG_TRUNC, SO_TIMESTAMPNS, SOL_SOCKET } from "../kernel/socket.ts";
import { Datagram } from "../socket/datagram.ts";
import { J1939Message } from "./message.ts";

/**
 * Most bytes of a received message. With pages of 4 KiB the kernel refuses to receive messages of this length. Pages of
 * the buffer that are never written use no memory.
 */
export const MAX_RECEIVED_BYTES = 2 ** 22;

/** Space for all control messages of one message. */
const CONTROL_SPACE = 256;

/** The buffer that every message is received into before its payload is copied: one for all sockets of the thread. */
let buffer: Uint8Array | undefined;

/** Receives datagrams and makes messages of them. */
export class J1939Inbox {
  readonly #datagram: Datagram;

  constructor(libc: Libc, fd: number) {
    buffer ??= new Uint8Array(MAX_RECEIVED_BYTES);
    this.#datagram = new Datagram(libc, fd, { name: SOCKADDR_CAN_SIZE, control: CONTROL_SPACE, data: buffer });
  }

  /** Returns the next message, or `-errno`: `-EMSGSIZE` for a message that was too long, which is lost. */
  receive(): J1939Message | number {
    const datagram = this.#datagram;
    const length = datagram.receive();
    if (length < 0) return length;
    const { flags } = datagram;
    if (flags & MSG_TRUNC) return -EMSGSIZE;
    const { name, pgn, address } = decodeJ1939Address(datagram.name);
    let destination = J1939_NO_ADDR;
    let destinationName: bigint | null = null;
    let priority = 0;
    let timestampNs = 0n;
    for (const { level, type, data } of datagram.controls) {
      if (level === SOL_CAN_J1939 && type === SCM_J1939_DEST_ADDR) destination = data[0];
      else if (level === SOL_CAN_J1939 && type === SCM_J1939_DEST_NAME) destinationName = u64(data, 0);
      else if (level === SOL_CAN_J1939 && type === SCM_J1939_PRIO) priority = data[0];
      else if (level === SOL_SOCKET && type === SO_TIMESTAMPNS) {
        timestampNs = u64(data, 0) * 1_000_000_000n + u64(data, 8);
      }
    }
    return new J1939Message({
      pgn,
      source: address,
      name: name || null,
      destination,
      destinationName,
      priority,
      data: datagram.data.slice(0, length),
      timestampNs,
      isLocal: (flags & MSG_DONTROUTE) !== 0,
    });
  }
}

function u64(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
}
