/**
 * Datagrams of the broadcast manager, decoded.
 *
 * @module
 */

import { BCM_MSG_HEAD_SIZE, type BcmHead, CAN_FD_FRAME, decodeBcmHead, RX_CHANGED } from "../kernel/bcm.ts";
import { CAN_MTU, CANFD_MTU, SOCKADDR_CAN_IFINDEX } from "../kernel/can.ts";
import { SO_TIMESTAMPNS, SOL_SOCKET } from "../kernel/socket.ts";
import type { Message } from "../message/message.ts";
import { messageOfFrame } from "../message/of_frame.ts";
import type { Datagram } from "../socket/datagram.ts";

/** A `struct bcm_msg_head` and the frames that follow it. */
export interface BcmReport {
  readonly head: Required<BcmHead>;
  readonly messages: readonly Message[];
  /** The interface's name; null where the kernel does not name one, as for transmissions. */
  readonly channel: string | null;
}

/** Bytes of each frame that follows a head with these flags. */
export function frameSize(flags: number): number {
  return flags & CAN_FD_FRAME ? CANFD_MTU : CAN_MTU;
}

/**
 * Decodes a received datagram.
 *
 * @param length Its bytes, at least those of a head.
 * @param nameOf Returns the name of the interface with an index.
 */
export function decodeReport(
  { data, name, controls }: Datagram,
  length: number,
  nameOf: (index: number) => string | null,
): BcmReport {
  const head = decodeBcmHead(data);
  const index = new DataView(name.buffer, name.byteOffset).getInt32(SOCKADDR_CAN_IFINDEX, true);
  const channel = index === 0 ? null : nameOf(index);
  // Only a received frame has a timestamp of its own: for all else the kernel fills in the time of the read.
  const time = head.opcode === RX_CHANGED
    ? controls.find(({ level, type, data }) => level === SOL_SOCKET && type === SO_TIMESTAMPNS && data.length === 16)
    : undefined;
  const size = frameSize(head.flags);
  const count = Math.min(head.nframes, Math.floor((Math.min(length, data.length) - BCM_MSG_HEAD_SIZE) / size));
  const messages = Array.from({ length: count }, (_, i) => {
    const at = BCM_MSG_HEAD_SIZE + i * size;
    return messageOfFrame(data.subarray(at, at + size), time?.data, channel);
  });
  return { head, messages, channel };
}
