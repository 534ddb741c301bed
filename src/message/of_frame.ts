/**
 * Messages from frames in the kernel's layout.
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_MTU,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  CANXL_XLF,
  FRAME_LEN,
} from "../kernel/can.ts";
import { FD, firstBytes, SOFTWARE_TIME, wordsOf } from "./fields.ts";
import { fieldsOfFrame, fourteenWords } from "./frame_fields.ts";
import { type Message, messageOf, MessageOver } from "./message.ts";

/** Masks of the bytes of data in the first and in the second word, by the length of the data. */
const firstMasks = Int32Array.from({ length: CAN_MAX_DLEN + 1 }, (_, length) => firstBytes(-1, length));
const secondMasks = Int32Array.from({ length: CAN_MAX_DLEN + 1 }, (_, length) => firstBytes(-1, length - 4));

/**
 * Returns a message for a frame; see `fieldsOfFrame`, which this does faster for classic frames with data, and for FD
 * frames of 64 bytes.
 *
 * @param bits CONFIRM, LOCAL, SOFTWARE_TIME and HARDWARE_TIME.
 */
export function messageOfWords(
  words: Uint32Array,
  at: number,
  length: number,
  seconds: number,
  nanoseconds: number,
  bits: number,
  channel: string | null,
): Message {
  const idWord = words[at] | 0;
  const lenWord = words[at + 1];
  const isUsual = (idWord & (CAN_RTR_FLAG | CAN_ERR_FLAG)) === 0 &&
    ((idWord & CAN_EFF_FLAG) !== 0 || idWord <= CAN_SFF_MASK);
  if (isUsual && length === CAN_MTU && lenWord <= CAN_MAX_DLEN) {
    const word0 = words[at + 2] & firstMasks[lenWord];
    const word1 = words[at + 3] & secondMasks[lenWord];
    return new MessageOver(idWord, lenWord, word0, word1, null, seconds, nanoseconds, bits, channel);
  }
  if (isUsual && length === CANFD_MTU && lenWord <= 0xffff && (lenWord & 0xff) === CANFD_MAX_DLEN) {
    const word0 = words[at + 2] | 0;
    const word1 = words[at + 3] | 0;
    const more = fourteenWords(words, at + 4);
    return new MessageOver(idWord, lenWord, word0, word1, more, seconds, nanoseconds, bits | FD, channel);
  }
  return messageOf(fieldsOfFrame(words, at, length, seconds, nanoseconds, bits, channel));
}

/**
 * Copies a frame into a message.
 *
 * @param frame A `struct can_frame` or `struct canfd_frame`.
 * @param time The `struct timespec` at which the kernel received the frame, if known.
 */
export function messageOfFrame(frame: Uint8Array, time: Uint8Array | undefined, channel: string | null): Message {
  const words = new Uint32Array(wordsOf(frame.length));
  const bytes = new Uint8Array(words.buffer);
  bytes.set(frame);
  // No XL frame comes here, whatever length the frame states.
  bytes[FRAME_LEN] = Math.min(bytes[FRAME_LEN], CANXL_XLF - 1);
  if (time === undefined) return messageOfWords(words, 0, frame.length, 0, 0, 0, channel);
  const view = new DataView(time.buffer, time.byteOffset, 16);
  const seconds = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  return messageOfWords(words, 0, frame.length, seconds, view.getUint32(8, true), SOFTWARE_TIME, channel);
}
