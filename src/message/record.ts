/**
 * The form in which messages are held: records, each a head with what the socket tells of a frame, and the frame itself
 * as the kernel lays it out, one after the other in blocks of 32-bit words. A message is a view of one record, decodes
 * what it is asked for, and is made when its record has been written for good.
 *
 * Record
 *   0  u32 × 2  seconds since 1970
 *   8  u32      nanoseconds
 *  12  u32      RECORD_* bits
 *  16  u32      bytes of the frame: CAN_MTU, CANFD_MTU or an XL frame's
 *  20  u32      0
 *  24  struct can_frame, struct canfd_frame or struct canxl_frame
 *
 * @module
 */

import { MSG_CONFIRM, MSG_DONTROUTE } from "../kernel/socket.ts";

/** Bytes before the frame; a multiple of 8, so that the data of classic and FD frames is aligned for any typed array. */
export const RECORD_HEAD = 24;

// Words (bytes / 4) from the beginning of a record.
export const RECORD_SECONDS = 0;
export const RECORD_NANOSECONDS = 2;
export const RECORD_BITS = 3;
export const RECORD_LENGTH = 4;
export const RECORD_FRAME = 6;

// Bits: what a received frame's msg_flags say, as they say it, and whose its time is.

/** This host sent the frame. */
export const RECORD_LOCAL = MSG_DONTROUTE;
/** The socket that received the frame had sent it. */
export const RECORD_CONFIRM = MSG_CONFIRM;
/** The time is the kernel's. */
export const RECORD_SOFTWARE = 1;
/** The time is the controller's. */
export const RECORD_HARDWARE = 2;

/** Writes the head of a record of its own. */
export function writeHead(
  words: Uint32Array,
  seconds: number,
  nanoseconds: number,
  bits: number,
  frameLength: number,
): void {
  words[RECORD_SECONDS] = seconds % 2 ** 32;
  words[RECORD_SECONDS + 1] = seconds / 2 ** 32;
  words[RECORD_NANOSECONDS] = nanoseconds;
  words[RECORD_BITS] = bits;
  words[RECORD_LENGTH] = frameLength;
}

/** Words that so many bytes take. */
export function wordsOf(bytes: number): number {
  return (bytes + 3) >> 2;
}

/** Copies words; the first four, which every frame has, without a loop: twice as fast where it matters most. */
export function copyWords(from: Uint32Array, at: number, to: Uint32Array, toAt: number, count: number): void {
  to[toAt] = from[at];
  to[toAt + 1] = from[at + 1];
  to[toAt + 2] = from[at + 2];
  to[toAt + 3] = from[at + 3];
  for (let i = 4; i < count; i++) to[toAt + i] = from[at + i];
}
