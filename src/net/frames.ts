/**
 * Frames between messages and the bytes of a protocol.
 *
 * @module
 */

import { CAN_MTU, CANFD_MTU, FRAME_DATA } from "../kernel/can.ts";
import { wordsOf } from "../message/fields.ts";
import { copyFrame, frameLength, type Message } from "../message/message.ts";
import { messageOfWords } from "../message/of_frame.ts";

/** One frame in the kernel's layout, in memory that is used again. */
const words = new Uint32Array(wordsOf(CANFD_MTU));

/** The bytes of a frame's data: where `receivedMessage` finds them, and `loadFrame` puts them. */
export const frameData: Uint8Array = new Uint8Array(words.buffer, FRAME_DATA);

/**
 * Makes the message of a frame whose data is in `frameData`.
 *
 * @param idWord The identifier with its flags.
 * @param length Bytes of data, at most 8, FD 64; in a remote frame those asked for.
 * @param fdFlags The flags of an FD frame; null for a classic one.
 * @param bits SOFTWARE_TIME for a time of a clock in software, LOCAL and CONFIRM.
 */
export function receivedMessage(
  idWord: number,
  length: number,
  fdFlags: number | null,
  { seconds, nanoseconds }: { readonly seconds: number; readonly nanoseconds: number },
  bits: number,
  channel: string | null,
): Message {
  words[0] = idWord;
  words[1] = length | (fdFlags ?? 0) << 8;
  const size = fdFlags === null ? CAN_MTU : CANFD_MTU;
  return messageOfWords(words, 0, size, seconds, nanoseconds, bits, channel);
}

/** Copies the data of a message to `frameData`, and returns how many bytes it has. Reading `data` would make an array. */
export function loadFrame(message: Message): number {
  copyFrame(message, frameLength(message), words, 0);
  return message.isRemoteFrame ? 0 : message.dlc;
}
