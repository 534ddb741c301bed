/**
 * Frames in socketcand's elements, as `state_raw.c`, `state_bcm.c` and `doc/protocol.md` of socketcand have them.
 *
 *     < frame 123 23.424242 11223344 >         received; BCM mode has blanks between the bytes
 *     < frame 12345678 23.424242  >            extended, no data: two blanks, without which python-can fails
 *     < fdframe 123 01 23.424242 11223344 >    CAN FD, with its flags; older: without
 *     < rtr 123 23.424242 4 >                  a remote frame
 *     < error 004 23.424242 >                  an error frame; BCM mode appends its data
 *     < send 123 4 11 22 33 44 >               to be sent
 *     < fdsend 123 01 4 11 22 33 44 >          CAN FD, with its flags; older: sendfd, without
 *     < sendrtr 123 4 >
 *
 * @module
 */

import {
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_RTR_FLAG,
  CANFD_FDF,
  CANFD_MAX_DLEN,
  fdLength,
} from "../../kernel/can.ts";
import { SOFTWARE_TIME } from "../../message/fields.ts";
import { bytesText, hexText } from "../../message/hex.ts";
import { fieldsOf, frameIdWord, type Message } from "../../message/message.ts";
import { frameData, loadFrame, receivedMessage } from "../frames.ts";
import { idText, parseByte, parseBytes, parseCount, parseId, parsePacked, parseTime } from "./numbers.ts";

/** The time of a frame that is to be sent. */
const NO_TIME = { seconds: 0, nanoseconds: 0 };

/** Writes a frame that was received. `blanks`: between its bytes, as in BCM mode. */
export function receivedText(message: Message, blanks: boolean): string {
  const idWord = frameIdWord(message);
  const { seconds, nanoseconds } = fieldsOf(message);
  const time = `${seconds}.${`${Math.floor(nanoseconds / 1000)}`.padStart(6, "0")}`;
  if (idWord & CAN_RTR_FLAG) return `< rtr ${idText(idWord)} ${time} ${message.dlc} >`;
  const length = loadFrame(message);
  // In BCM mode each byte has a blank behind it, so that two of them are before the end.
  const data = blanks && length > 0 ? `${bytesText(frameData, " ", length)} ` : bytesText(frameData, "", length);
  if (idWord & CAN_ERR_FLAG) {
    const head = `< error ${hexText(idWord & CAN_EFF_MASK, 3)} ${time}`;
    return blanks ? `${head} ${data} >` : `${head} >`;
  }
  if (message.isFd) return `< fdframe ${idText(idWord)} ${hexText(message.fdFlags, 2)} ${time} ${data} >`;
  return `< frame ${idText(idWord)} ${time} ${data} >`;
}

/** Writes a frame that is to be sent. */
export function sendText(message: Message): string {
  const id = idText(frameIdWord(message));
  if (message.isRemoteFrame) return `< sendrtr ${id} ${message.dlc} >`;
  const length = loadFrame(message);
  const data = length > 0 ? `${bytesText(frameData, " ", length)} ` : "";
  if (message.isFd) return `< fdsend ${id} ${hexText(message.fdFlags, 2)} ${length} ${data}>`;
  return `< send ${id} ${length} ${data}>`;
}

/**
 * Returns the message of an element about a received frame; null if there is none in it.
 *
 * @param words Those of the element; the first says what it is.
 */
export function parseReceived(words: readonly string[], channel: string): Message | null {
  switch (words[0]) {
    case "frame":
      return parseData(words, 2, null, channel);
    case "fdframe": {
      if (words[2]?.includes(".")) return parseData(words, 2, CANFD_FDF, channel);
      const flags = parseByte(words[2] ?? "");
      return flags === null ? null : parseData(words, 3, flags, channel);
    }
    case "rtr": {
      const idWord = parseId(words[1] ?? "");
      const time = parseTime(words[2]);
      const length = parseCount(words[3], CAN_MAX_DLEN);
      if (idWord === null || time === null || length === null || words.length !== 4) return null;
      return receivedMessage(idWord | CAN_RTR_FLAG, length, null, time, SOFTWARE_TIME, channel);
    }
    case "error": {
      const time = parseTime(words[2]);
      const isClass = /^[0-9a-f]{1,8}$/i.test(words[1] ?? "");
      const bytes = parseBytes(words.slice(3));
      if (time === null || !isClass || bytes === null || bytes.length > CAN_MAX_DLEN) return null;
      frameData.set(bytes);
      const idWord = (Number.parseInt(words[1], 16) & CAN_EFF_MASK) | CAN_ERR_FLAG;
      return receivedMessage(idWord, bytes.length, null, time, SOFTWARE_TIME, channel);
    }
  }
  return null;
}

/** @param at The index of the word with the time, behind which the data is. */
function parseData(words: readonly string[], at: number, fdFlags: number | null, channel: string): Message | null {
  const idWord = parseId(words[1] ?? "");
  const time = parseTime(words[at]);
  if (idWord === null || time === null || idWord & CAN_RTR_FLAG) return null;
  const length = words.length === at + 2 ? packedData(words[at + 1]) : spacedData(words, at + 1);
  return length === null || !isLength(length, fdFlags !== null)
    ? null
    : receivedMessage(idWord, length, fdFlags, time, SOFTWARE_TIME, channel);
}

/** Reads bytes without blanks into `frameData`; returns how many, null if they are none. */
function packedData(digits: string): number | null {
  if (digits.length === 1) return spacedData([digits], 0);
  if (digits.length > 2 * CANFD_MAX_DLEN) return null;
  const bytes = parsePacked(digits);
  if (bytes === null) return null;
  frameData.set(bytes);
  return bytes.length;
}

function spacedData(words: readonly string[], from: number): number | null {
  if (words.length - from > CANFD_MAX_DLEN) return null;
  const bytes = parseBytes(words.slice(from));
  if (bytes === null) return null;
  frameData.set(bytes);
  return bytes.length;
}

function isLength(length: number, fd: boolean): boolean {
  return fd ? length <= CANFD_MAX_DLEN && fdLength(length) === length : length <= CAN_MAX_DLEN;
}

/** Makes the message of a frame that is to be sent. */
function toSend(idWord: number, bytes: readonly number[], fdFlags: number | null): Message {
  frameData.set(bytes);
  return receivedMessage(idWord, bytes.length, fdFlags, NO_TIME, 0, null);
}

/**
 * Returns the message of words that end an element about a frame to be sent: identifier, length in decimal digits, data.
 *
 * @returns Null if they are none.
 */
export function parseFrameWords(words: readonly string[]): Message | null {
  const idWord = parseId(words[0] ?? "");
  const length = parseCount(words[1], CAN_MAX_DLEN);
  if (idWord === null || length === null) return null;
  if (idWord & CAN_RTR_FLAG) return receivedMessage(idWord, length, null, NO_TIME, 0, null);
  const bytes = words.length === 2 + length ? parseBytes(words.slice(2)) : null;
  return bytes === null ? null : toSend(idWord, bytes, null);
}

/** Returns the message of an element that asks to send one; null if it is wrong, undefined if it does not ask for it. */
export function parseSend(words: readonly string[], fd: boolean): Message | null | undefined {
  switch (words[0]) {
    case "send":
      return parseFrameWords(words.slice(1));
    case "sendrtr": {
      const idWord = parseId(words[1] ?? "");
      const length = parseCount(words[2], CAN_MAX_DLEN);
      if (idWord === null || length === null || words.length !== 3) return null;
      return receivedMessage(idWord | CAN_RTR_FLAG, length, null, NO_TIME, 0, null);
    }
    case "fdsend":
    case "sendfd": {
      if (!fd) return undefined;
      const withFlags = words[0] === "fdsend";
      const idWord = parseId(words[1] ?? "");
      const flags = withFlags ? parseByte(words[2] ?? "") : CANFD_FDF;
      const from = withFlags ? 4 : 3;
      const length = parseCount(words[from - 1], CANFD_MAX_DLEN);
      if (idWord === null || idWord & CAN_RTR_FLAG || flags === null || length === null || !isLength(length, true)) {
        return null;
      }
      const bytes = words.length === from + length ? parseBytes(words.slice(from)) : null;
      return bytes === null ? null : toSend(idWord, bytes, flags | CANFD_FDF);
    }
  }
  return undefined;
}
