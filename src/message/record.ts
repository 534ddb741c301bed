/**
 * Records, the form in which messages are stored: a header with what the socket reports about a frame, followed by the
 * frame in the kernel's layout. Records lie one after the other in blocks of 32-bit words. A message is a view of one
 * record and decodes each field when it is read; it is made after its record has been written, and a record never
 * changes afterwards.
 *
 * Record
 *   0  u32 × 2  seconds since 1970
 *   8  u32      nanoseconds
 *  12  u32      RECORD_* bits
 *  16  u32      length of the frame in bytes: CAN_MTU, CANFD_MTU or that of an XL frame
 *  20  u32      0
 *  24  struct can_frame, struct canfd_frame or struct canxl_frame
 *
 * @module
 */

import { MSG_CONFIRM, MSG_DONTROUTE } from "../kernel/socket.ts";

/**
 * Length of the header in bytes; a multiple of 8, so that the data of classic and FD frames is aligned for any typed
 * array.
 */
export const RECORD_HEAD = 24;

// Offsets in words (4 bytes) from the start of a record.
export const RECORD_SECONDS = 0;
export const RECORD_NANOSECONDS = 2;
export const RECORD_BITS = 3;
export const RECORD_LENGTH = 4;
export const RECORD_FRAME = 6;

// Bits: flags of a received frame, equal to those of its msg_flags, and the source of its timestamp.

/** This host sent the frame. */
export const RECORD_LOCAL = MSG_DONTROUTE;
/** The socket that received the frame has sent it. */
export const RECORD_CONFIRM = MSG_CONFIRM;
/** The kernel took the timestamp. */
export const RECORD_SOFTWARE = 1;
/** The controller took the timestamp. */
export const RECORD_HARDWARE = 2;

/** Writes the header of a record at the start of a block. */
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

/** Returns how many words a number of bytes takes up. */
export function wordsOf(bytes: number): number {
  return (bytes + 3) >> 2;
}

/** Copies words. The first four, which every frame has, are copied without a loop: twice as fast for classic frames. */
export function copyWords(from: Uint32Array, at: number, to: Uint32Array, toAt: number, count: number): void {
  to[toAt] = from[at];
  to[toAt + 1] = from[at + 1];
  to[toAt + 2] = from[at + 2];
  to[toAt + 3] = from[at + 3];
  for (let i = 4; i < count; i++) to[toAt + i] = from[at + i];
}
