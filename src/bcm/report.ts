/**
 * What the broadcast manager tells.
 *
 * @module
 */

import { BCM_MSG_HEAD_SIZE, type BcmHead, CAN_FD_FRAME, decodeBcmHead, RX_CHANGED } from "../kernel/bcm.ts";
import { CAN_MTU, CANFD_MTU, SOCKADDR_CAN_IFINDEX } from "../kernel/can.ts";
import { SO_TIMESTAMPNS, SOL_SOCKET } from "../kernel/socket.ts";
import type { Message } from "../message/message.ts";
import { messageOfFrame } from "../message/of_frame.ts";
import type { Datagram } from "../socket/datagram.ts";

/** A head, and the frames after it. */
export interface BcmReport {
  readonly head: Required<BcmHead>;
  readonly messages: readonly Message[];
  /** The interface, where the kernel tells it: not of what is sent. */
  readonly channel: string | null;
}

/** Bytes of each frame after a head with these flags. */
export function frameSize(flags: number): number {
  return flags & CAN_FD_FRAME ? CANFD_MTU : CAN_MTU;
}

/**
 * Reads what was received.
 *
 * @param length Bytes of it: a head at the least.
 * @param nameOf Gives the name of an interface's index.
 */
export function decodeReport(
  { data, name, controls }: Datagram,
  length: number,
  nameOf: (index: number) => string | null,
): BcmReport {
  const head = decodeBcmHead(data);
  const index = new DataView(name.buffer, name.byteOffset).getInt32(SOCKADDR_CAN_IFINDEX, true);
  const channel = index === 0 ? null : nameOf(index);
  // Only a frame that has come has a time: of all else the kernel tells when it was read.
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
