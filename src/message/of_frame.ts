/**
 * Messages from single frames, for sockets that do not receive frames in blocks.
 *
 * @module
 */

import { CAN_MAX_DLEN, CANFD_MAX_DLEN, CANFD_MTU, FRAME_LEN } from "../kernel/can.ts";
import { type Message, MessageOver } from "./message.ts";
import { RECORD_HEAD, RECORD_SOFTWARE, wordsOf, writeHead } from "./record.ts";

/**
 * Copies a frame into a message.
 *
 * @param frame A `struct can_frame` or `struct canfd_frame`.
 * @param time The `struct timespec` at which the kernel received the frame, if known.
 */
export function messageOfFrame(frame: Uint8Array, time: Uint8Array | undefined, channel: string | null): Message {
  const words = new Uint32Array(wordsOf(RECORD_HEAD + frame.length));
  if (time === undefined) writeHead(words, 0, 0, 0, frame.length);
  else {
    const view = new DataView(time.buffer, time.byteOffset, 16);
    const seconds = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
    writeHead(words, seconds, view.getUint32(8, true), RECORD_SOFTWARE, frame.length);
  }
  const bytes = new Uint8Array(words.buffer, RECORD_HEAD);
  bytes.set(frame);
  // Whatever length the frame states, a message exposes no memory beyond its own frame.
  bytes[FRAME_LEN] = Math.min(bytes[FRAME_LEN], frame.length === CANFD_MTU ? CANFD_MAX_DLEN : CAN_MAX_DLEN);
  return new MessageOver(words, 0, channel);
}
