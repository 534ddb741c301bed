/**
 * The fields that a message stores: small whole numbers, in which both JavaScript engines keep a frame at less cost
 * than in any other form.
 *
 * They are enumerable and hold the contents of a message in one form only. So a spread and `structuredClone` copy them,
 * from which a message can be restored, and deep comparisons of messages compare them. For the latter, bits and bytes
 * of a received frame that mean nothing are cleared.
 *
 * @module
 */

import { MSG_CONFIRM, MSG_DONTROUTE } from "../kernel/socket.ts";

/** The fields of a message. All numbers but the timestamp are signed 32-bit numbers. */
export interface Fields {
  /** Bytes 0 to 3 of the frame: the identifier with its flags, or the priority and the VCID of an XL frame. */
  readonly idWord: number;
  /** Bytes 4 to 7 of the frame: length, flags, and other fields that depend on the kind of frame. */
  readonly lenWord: number;
  /** Bytes 8 to 11 of the frame: the first bytes of data, or the acceptance field of an XL frame. */
  readonly word0: number;
  /** Bytes 12 to 15 of the frame. */
  readonly word1: number;
  /** The remaining bytes of data of a longer frame, four in a number; null if there are none. */
  readonly more: readonly number[] | null;
  /** Seconds since 1970. */
  readonly seconds: number;
  /** Nanoseconds of the second. */
  readonly nanoseconds: number;
  /** The bits below. */
  readonly bits: number;
  readonly channel: string | null;
}

// Bits: flags of a received frame, equal to those of its msg_flags, the source of its timestamp, and its kind.

/** This host sent the frame. */
export const LOCAL = MSG_DONTROUTE;
/** The socket that received the frame has sent it. */
export const CONFIRM = MSG_CONFIRM;
/** The kernel took the timestamp. */
export const SOFTWARE_TIME = 1;
/** The controller took the timestamp. */
export const HARDWARE_TIME = 2;
/** The frame is a `struct canfd_frame`. */
export const FD = 8;

/** Returns how many words a number of bytes takes up. */
export function wordsOf(bytes: number): number {
  return (bytes + 3) >> 2;
}

/** Returns a word of which only the first bytes are kept: 4 or more for all of them. */
export function firstBytes(word: number, count: number): number {
  return count >= 4 ? word | 0 : count <= 0 ? 0 : word & ((1 << (8 * count)) - 1);
}
