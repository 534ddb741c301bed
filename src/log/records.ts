/**
 * Building messages from the frames of a file.
 *
 * @module
 */

import { CAN_MTU, CANXL_MTU } from "../kernel/can.ts";
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
    else {words[0] =
        words[1] =
        words[2] =
        words[3] =
          0; // the most frequent size, without a call
    }
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
