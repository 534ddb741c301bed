/**
 * Building messages from the frames of a file.
 *
 * @module
 */

import {
  CAN_MAX_DLEN,
  CAN_MAX_RAW_DLC,
  CAN_MTU,
  CANFD_FDF,
  CANXL_AF,
  CANXL_LEN,
  CANXL_MTU,
  CANXL_SDT,
  CANXL_XLF,
  fdLength,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import { LOCAL, wordsOf } from "../message/fields.ts";
import type { Message } from "../message/message.ts";
import { messageOfWords } from "../message/of_frame.ts";

/** One frame at a time in the kernel's layout, in reused memory: call `begin`, write the frame, call `finish`. */
export class Records {
  readonly words: Uint32Array = new Uint32Array(wordsOf(CANXL_MTU));
  readonly bytes: Uint8Array = new Uint8Array(this.words.buffer);

  /** Zeroes the memory of a frame of `frameLength` bytes. */
  begin(frameLength: number): void {
    const { words } = this;
    if (frameLength !== CAN_MTU) words.fill(0, 0, wordsOf(frameLength));
    else { // the most frequent size, without a call
      words[0] = 0;
      words[1] = 0;
      words[2] = 0;
      words[3] = 0;
    }
  }

  /**
   * Sets the identifier and the length of a classic frame.
   *
   * @param word The identifier with its flags.
   * @param code The length code: kept if it is 9 to 15 and the length is 8.
   */
  classic(word: number, length: number, code: number): void {
    const { words, bytes } = this;
    words[0] = word;
    bytes[FRAME_LEN] = length;
    if (length === CAN_MAX_DLEN && code > CAN_MAX_DLEN && code <= CAN_MAX_RAW_DLC) bytes[FRAME_LEN8_DLC] = code;
  }

  /**
   * Sets the identifier and the length of an FD frame.
   *
   * @param length The number of bytes of data, rounded up to the next length of an FD frame.
   * @param flags `CANFD_BRS`, `CANFD_ESI` or both.
   */
  fd(word: number, length: number, flags: number): void {
    const { words, bytes } = this;
    words[0] = word;
    bytes[FRAME_LEN] = fdLength(length);
    bytes[FRAME_LEN + 1] = flags | CANFD_FDF;
  }

  /**
   * Sets the header of an XL frame.
   *
   * @param word The priority and the VCID.
   * @param flags `CANXL_SEC` and other flags, or 0.
   * @param length The number of bytes of data, 1 to 2048.
   */
  xl(word: number, flags: number, sdt: number, length: number, af: number): void {
    const { words, bytes } = this;
    words[0] = word;
    bytes[FRAME_LEN] = flags | CANXL_XLF;
    bytes[CANXL_SDT] = sdt;
    bytes[CANXL_LEN] = length;
    bytes[CANXL_LEN + 1] = length >>> 8;
    words[CANXL_AF >> 2] = af;
  }

  /** Copies `count` bytes of a file into the frame, from the offset `at` to the offset `to`, a multiple of 4. */
  copy(from: DataView, at: number, to: number, count: number): void {
    const { bytes } = this;
    let i = 0;
    for (; i + 4 <= count; i += 4) this.words[to + i >> 2] = from.getUint32(at + i, true);
    for (; i < count; i++) bytes[to + i] = from.getUint8(at + i);
  }

  /**
   * Returns a message with the frame in memory.
   *
   * @param seconds Whole seconds since 1970, 0 or more.
   * @param nanoseconds The remaining nanoseconds, 0 to 999 999 999.
   * @param outgoing Whether the frame was sent by the host that wrote the file.
   * @param frameLength `CAN_MTU`, `CANFD_MTU` or the length of an XL frame in bytes; at most the length passed to `begin`.
   */
  finish(
    seconds: number,
    nanoseconds: number,
    outgoing: boolean,
    frameLength: number,
    channel: string | null,
  ): Message {
    return messageOfWords(this.words, 0, frameLength, seconds, nanoseconds, outgoing ? LOCAL : 0, channel);
  }
}
