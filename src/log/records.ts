/**
 * Messages made from the frames of a file.
 *
 * @module
 */

import { CAN_MTU, CANXL_MTU } from "../kernel/can.ts";
import { LOCAL, wordsOf } from "../message/fields.ts";
import type { Message } from "../message/message.ts";
import { messageOfWords } from "../message/of_frame.ts";

/** A frame in the kernel's layout, one after the other in the same memory: `begin`, write it, `finish`. */
export class Records {
  readonly words: Uint32Array = new Uint32Array(wordsOf(CANXL_MTU));
  readonly bytes: Uint8Array = new Uint8Array(this.words.buffer);

  /** Fills the memory of a frame of so many bytes with zeros. */
  begin(frameLength: number): void {
    const { words } = this;
    if (frameLength !== CAN_MTU) words.fill(0, 0, wordsOf(frameLength));
    else {words[0] =
        words[1] =
        words[2] =
        words[3] =
          0; // the most frequent, without a call
    }
  }

  /**
   * Returns the message of the frame that was written.
   *
   * @param seconds Whole seconds since 1970, 0 or more.
   * @param outgoing Whether the host that wrote the file sent the frame.
   * @param frameLength `CAN_MTU`, `CANFD_MTU`, or the length of an XL frame; not more than `begin` was called with.
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
