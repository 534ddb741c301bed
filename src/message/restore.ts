/**
 * Messages from copies of their fields: spreads and structured clones.
 *
 * @module
 */

import { checkWhole, show } from "../check.ts";
import { CAN_MTU, CANFD_MTU, CANXL_HDR_SIZE, CANXL_LEN, CANXL_MTU, CANXL_XLF, FRAME_LEN } from "../kernel/can.ts";
import { CONFIRM, FD, type Fields, HARDWARE_TIME, LOCAL, SOFTWARE_TIME, wordsOf } from "./fields.ts";
import { fieldsOfFrame } from "./frame_fields.ts";
import type { MessageInit } from "./init.ts";

const names: readonly (keyof Fields)[] = [
  "idWord",
  "lenWord",
  "word0",
  "word1",
  "more",
  "seconds",
  "nanoseconds",
  "bits",
  "channel",
];

/** The maximum number of words in `more`: an XL frame of 2048 bytes has two of its words elsewhere. */
const MAX_MORE = 511;

/** Where the frame of a copy is put together. */
const frame = new Uint32Array(4 + MAX_MORE);

/** Whether an object has the fields of a message, instead of those of a `MessageInit`. */
export function hasFields(init: unknown): init is object {
  return typeof init === "object" && init !== null && Object.hasOwn(init, "idWord");
}

/**
 * Returns the fields of a copy, and the other properties that it has, null if there are none. The fields may come from
 * anywhere: they are checked, so that the message has no more data than is there.
 *
 * @throws {TypeError | RangeError} A field is missing or wrong.
 */
export function restoreFields(copy: object): [fields: Fields, changes: MessageInit | null] {
  const given = copy as Record<keyof Fields, unknown>;
  for (const name of names) {
    if (!Object.hasOwn(copy, name)) throw new TypeError(`This copy of a message is incomplete: it has no ${name}`);
  }
  const word = (name: keyof Fields, value = given[name]) => checkWhole(name, value, -(2 ** 31), 2 ** 31 - 1);
  const { more, channel } = given;
  if (channel !== null && typeof channel !== "string") {
    throw new TypeError(`channel must be a string or null: ${show(channel)}`);
  }
  if (more !== null && !(Array.isArray(more) && more.length <= MAX_MORE)) {
    throw new TypeError("This copy of a message is not whole: more must be an array of numbers or null");
  }
  const words = frame;
  words[0] = word("idWord");
  words[1] = word("lenWord");
  words[2] = word("word0");
  words[3] = word("word1");
  let used = 4;
  if (more !== null) { for (const each of more as unknown[]) words[used++] = word("more", each); }
  const bits = word("bits") & (LOCAL | CONFIRM | SOFTWARE_TIME | HARDWARE_TIME | FD);
  const length = frameLengthOf(words[1], bits);
  words.fill(0, used, Math.max(used, wordsOf(length)));
  const seconds = checkWhole("seconds", given.seconds, 0, 2 ** 53);
  const nanoseconds = checkWhole("nanoseconds", given.nanoseconds, 0, 2 ** 32 - 1);
  const fields = fieldsOfFrame(words, 0, length, seconds, nanoseconds, bits & ~FD, channel);
  let changes: Record<string, unknown> | null = null;
  for (const name of Object.keys(copy)) {
    if (!names.includes(name as keyof Fields)) (changes ??= {})[name] = copy[name as keyof object];
  }
  return [fields, changes];
}

/** Returns the length in bytes that a frame with these fields has. */
function frameLengthOf(lenWord: number, bits: number): number {
  if (lenWord & CANXL_XLF) return Math.min(CANXL_HDR_SIZE + (lenWord >>> (8 * (CANXL_LEN - FRAME_LEN))), CANXL_MTU);
  return bits & FD ? CANFD_MTU : CAN_MTU;
}
