/**
 * The data of messages as arrays of bytes.
 *
 * @module
 */

import { CAN_MAX_DLEN, CANXL_XLF } from "../kernel/can.ts";
import { smallArraysAreCheap } from "./engine.ts";
import { type Fields, wordsOf } from "./fields.ts";

/**
 * Words in a block that arrays share. A larger block wastes memory when few of them are kept; a smaller one is slower.
 */
const BLOCK = 2048;

let block = new ArrayBuffer(0);
let words = new Uint32Array(block);
/** The number of words of the block that are in use. */
let used = 0;

/** Returns the data of a message. Optimised for speed: for many users this is most of the cost of receiving. */
export function dataOf(fields: Fields, length: number): Uint8Array {
  if (smallArraysAreCheap && length <= CAN_MAX_DLEN && (fields.lenWord & CANXL_XLF) === 0) {
    const bytes = new Uint8Array(length);
    const { word0, word1 } = fields;
    for (let i = 0; i < length; i++) bytes[i] = (i < 4 ? word0 : word1) >>> (8 * (i & 3));
    return bytes;
  }
  let at = used;
  const end = at + ((wordsOf(length) + 1) & ~1); // aligned to 8 bytes, for any typed array
  if (end > words.length) return dataInNewBlock(fields, length);
  used = end;
  const start = 4 * at;
  const { more } = fields;
  if ((fields.lenWord & CANXL_XLF) === 0 && at < end) words[at++] = fields.word0;
  if (at < end) words[at++] = fields.word1;
  if (more !== null) { for (let i = 0; i < more.length; i++) words[at + i] = more[i]; }
  return new Uint8Array(block, start, length);
}

function dataInNewBlock(fields: Fields, length: number): Uint8Array {
  block = new ArrayBuffer(4 * BLOCK);
  words = new Uint32Array(block);
  used = 0;
  return dataOf(fields, length);
}
