/**
 * The fields of messages from frames in the kernel's layout.
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_MAX_RAW_DLC,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  CANXL_HDR_SIZE,
  CANXL_LEN,
  CANXL_MAX_DLEN,
  CANXL_PRIO_MASK,
  CANXL_VCID_MASK,
  CANXL_XLF,
  FRAME_DATA,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import { FD, type Fields, firstBytes, wordsOf } from "./fields.ts";

/**
 * Returns the fields of a message for a frame.
 *
 * What means nothing is cleared: unused bits of a standard identifier, reserved bytes, length codes other than 9 to 15
 * or in frames that have none, and bytes behind the data. Other programs may leave anything there.
 *
 * @param at The index of the frame's first word.
 * @param length The frame's bytes: CAN_MTU, CANFD_MTU, or those of an XL frame. No frame has more data than fits.
 */
export function fieldsOfFrame(
  words: Uint32Array,
  at: number,
  length: number,
  seconds: number,
  nanoseconds: number,
  bits: number,
  channel: string | null,
): Fields {
  const idWord = words[at];
  const lenWord = words[at + 1];
  if (lenWord & CANXL_XLF) {
    const shift = 8 * (CANXL_LEN - FRAME_LEN);
    const dataLength = Math.min(lenWord >>> shift, length - CANXL_HDR_SIZE, CANXL_MAX_DLEN);
    return {
      idWord: idWord & (CANXL_PRIO_MASK | CANXL_VCID_MASK),
      lenWord: (lenWord & ((1 << shift) - 1)) | (dataLength << shift),
      word0: words[at + 2] | 0,
      word1: firstBytes(words[at + 3], dataLength),
      more: moreWords(words, at + 4, dataLength - 4),
      seconds,
      nanoseconds,
      bits,
      channel,
    };
  }
  const isFd = length === CANFD_MTU;
  const wide = (idWord & (CAN_EFF_FLAG | CAN_ERR_FLAG)) !== 0;
  const stated = Math.min(lenWord & 0xff, isFd ? CANFD_MAX_DLEN : CAN_MAX_DLEN);
  const dataLength = idWord & CAN_RTR_FLAG ? 0 : stated;
  return {
    idWord: wide ? idWord | 0 : idWord & (CAN_SFF_MASK | CAN_RTR_FLAG),
    lenWord: isFd ? stated | (lenWord & 0xff00) : stated | lengthCode(idWord, lenWord, stated),
    word0: firstBytes(words[at + (FRAME_DATA >> 2)], dataLength),
    word1: firstBytes(words[at + (FRAME_DATA >> 2) + 1], dataLength - 4),
    more: moreWords(words, at + (FRAME_DATA >> 2) + 2, dataLength - 8),
    seconds,
    nanoseconds,
    bits: isFd ? bits | FD : bits,
    channel,
  };
}

/** Returns the length code of a classic frame in its place, 0 for none. As in the kernel, only 9 to 15 is one. */
function lengthCode(idWord: number, lenWord: number, stated: number): number {
  const shift = 8 * (FRAME_LEN8_DLC - FRAME_LEN);
  const code = lenWord >>> shift;
  const isCode = stated === CAN_MAX_DLEN && code > CAN_MAX_DLEN && code <= CAN_MAX_RAW_DLC;
  return isCode && !(idWord & CAN_ERR_FLAG) ? code << shift : 0;
}

/** Returns the words of so many bytes; null for none. */
function moreWords(words: Uint32Array, at: number, length: number): number[] | null {
  if (length <= 0) return null;
  const more = new Array<number>(wordsOf(length));
  const last = more.length - 1;
  for (let i = 0; i < last; i++) more[i] = words[at + i] | 0;
  more[last] = firstBytes(words[at + last], length - 4 * last);
  return more;
}

/** Returns the words of an FD frame of 64 bytes behind the first two of data. A literal is twice as fast as a loop. */
export function fourteenWords(words: Uint32Array, at: number): number[] {
  return [
    words[at] | 0,
    words[at + 1] | 0,
    words[at + 2] | 0,
    words[at + 3] | 0,
    words[at + 4] | 0,
    words[at + 5] | 0,
    words[at + 6] | 0,
    words[at + 7] | 0,
    words[at + 8] | 0,
    words[at + 9] | 0,
    words[at + 10] | 0,
    words[at + 11] | 0,
    words[at + 12] | 0,
    words[at + 13] | 0,
  ];
}
