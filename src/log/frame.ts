/**
 * Writing the data of messages. `data` of a message would make an array, which costs more than all else in writing it.
 *
 * @module
 */

import { CANXL_HDR_SIZE, CANXL_MTU, FRAME_DATA } from "../kernel/can.ts";
import { wordsOf } from "../message/fields.ts";
import { copyFrame, frameLength, type Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";

/** One frame in the kernel's layout, in memory that is used again. */
const words = new Uint32Array(wordsOf(CANXL_MTU));
const frame = new Uint8Array(words.buffer);

/** Returns the number of bytes of data that a message has. */
export function dataLength(message: Message): number {
  return message.isRemoteFrame ? 0 : message.dlc;
}

/** Appends the data of a message, padded with zeros to at least `least` bytes. */
export function writeData(message: Message, out: Bytes, least = 0): void {
  const from = load(message);
  const to = from + dataLength(message);
  out.part(frame, from, to);
  for (let i = to - from; i < least; i++) out.byte(0);
}

/** Appends the data of a message in hexadecimal. `separator` is a character code put between the bytes; 0 for none. */
export function writeHexData(message: Message, out: Bytes, separator = 0): void {
  const from = load(message);
  out.hexBytes(frame, from, from + dataLength(message), separator);
}

/** Copies the frame of a message, and returns the offset of its data. */
function load(message: Message): number {
  copyFrame(message, frameLength(message), words, 0);
  return message.isXl ? CANXL_HDR_SIZE : FRAME_DATA;
}
