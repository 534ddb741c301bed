/**
 * cannelloni's records of frames, the same in datagrams and on a connection; `parser.cpp` and `doc/udp_format.md` of
 * cannelloni have them.
 *
 *     0  u32 be  identifier with the flags of linux/can.h
 *     4  u8      length; 0x80 is added for CAN FD
 *     5  u8      flags of CAN FD; only there
 *     5  u8[]    data; a remote frame has none, whatever its length
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_MAX_DLEN,
  fdLength,
} from "../../kernel/can.ts";
import { SOFTWARE_TIME } from "../../message/fields.ts";
import { frameIdWord, type Message } from "../../message/message.ts";
import { frameData, loadFrame, receivedMessage } from "../frames.ts";

/** Added to the length of a CAN FD frame. */
const CANFD_FRAME = 0x80;
/** The shortest record. */
export const MIN_RECORD = 5;
/** The longest record. */
export const MAX_RECORD: number = MIN_RECORD + 1 + CANFD_MAX_DLEN;

/** Returns how many bytes the record of a message takes. */
export function recordSize(message: Message): number {
  return MIN_RECORD + Number(message.isFd) + (message.isRemoteFrame ? 0 : message.dlc);
}

/** Writes the record of a message, and returns the offset behind it. */
export function writeRecord(message: Message, into: Uint8Array, at: number): number {
  const idWord = frameIdWord(message);
  into[at++] = idWord >>> 24;
  into[at++] = idWord >>> 16;
  into[at++] = idWord >>> 8;
  into[at++] = idWord;
  into[at++] = message.isFd ? message.dlc | CANFD_FRAME : message.dlc;
  if (message.isFd) into[at++] = message.fdFlags;
  const length = loadFrame(message);
  for (let i = 0; i < length; i++) into[at++] = frameData[i];
  return at;
}

/** Reads records, one after the other. */
export class RecordReader {
  /** The offset of the next one. */
  at = 0;
  /** Why the last record is none; null if it is not all there yet. */
  fault: string | null = null;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;

  /** Begins to read at an offset. */
  start(bytes: Uint8Array, at: number): void {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.at = at;
    this.fault = null;
  }

  /**
   * Returns the next frame; null if there is none, for the reason in `fault`.
   *
   * @param time When it was received.
   */
  next(time: { readonly seconds: number; readonly nanoseconds: number }, channel: string): Message | null {
    const bytes = this.#bytes;
    let { at } = this;
    if (at + MIN_RECORD > this.#end) return null;
    const idWord = (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0;
    const stated = bytes[at + 4];
    at += MIN_RECORD;
    const isFd = (stated & CANFD_FRAME) !== 0;
    const length = stated & ~CANFD_FRAME;
    this.fault = faultOf(idWord, isFd, length);
    if (this.fault !== null) return null;
    if (at + Number(isFd) > this.#end) return null;
    const flags = isFd ? bytes[at++] : null;
    const dataLength = idWord & CAN_RTR_FLAG ? 0 : length;
    if (at + dataLength > this.#end) return null;
    for (let i = 0; i < dataLength; i++) frameData[i] = bytes[at + i];
    this.at = at + dataLength;
    return receivedMessage(idWord, length, flags, time, SOFTWARE_TIME, channel);
  }
}

/** Returns why a record is none; null if it may be one. */
function faultOf(idWord: number, isFd: boolean, length: number): string | null {
  if (length > (isFd ? CANFD_MAX_DLEN : CAN_MAX_DLEN)) {
    return `a ${isFd ? "CAN FD" : "classic"} frame of ${length} bytes`;
  }
  if (isFd && fdLength(length) !== length) return `a CAN FD frame of ${length} bytes, a length that it does not have`;
  if (isFd && idWord & (CAN_RTR_FLAG | CAN_ERR_FLAG)) return "a remote or error frame of CAN FD";
  if (idWord & CAN_RTR_FLAG && idWord & CAN_ERR_FLAG) return "a frame that is remote and an error at once";
  if ((idWord & (CAN_EFF_FLAG | CAN_ERR_FLAG)) === 0 && (idWord & ~CAN_RTR_FLAG) > CAN_SFF_MASK) {
    return `a standard identifier of 0x${(idWord & ~CAN_RTR_FLAG).toString(16)}`;
  }
  return null;
}
