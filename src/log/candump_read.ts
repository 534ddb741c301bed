/**
 * Reading the log format of `candump`: see `candump.ts`.
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_MAX_RAW_DLC,
  CAN_MTU,
  CAN_RTR_FLAG,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  CANXL_HDR_SIZE,
  CANXL_MAX_DLEN,
  CANXL_MTU,
  CANXL_PRIO_MASK,
  CANXL_VCID_OFFSET,
  CANXL_XLF,
  fdLength,
  FRAME_DATA,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import type { Message } from "../message/message.ts";
import { addChannel } from "./channels.ts";
import { type Cursor, HEX_VALUE } from "./cursor.ts";
import type { LogItem, LogNote } from "./entry.ts";
import { LineScanner, textOf } from "./lines.ts";
import { NO_CHANNEL, noteOfText } from "./notes.ts";
import { Records } from "./records.ts";
import { SECOND } from "./time.ts";

const [SPACE, HASH, OPEN, CLOSE, DOT, COLON, UNDERSCORE] = [..." #().:_"].map((each) => each.charCodeAt(0));
const [ZERO, R, T] = [..."0RT"].map((each) => each.charCodeAt(0));

/** The time before a note, as this library writes it. */
const NOTE_TIME = /^#\s*\((\d+)\.(\d{1,9})\) /;

/** Reads the log format of `candump`. */
export class CandumpDecoder extends LineScanner {
  readonly #records = new Records();
  /** The channel of the last line, and its name as bytes. */
  #channel: string | null = null;
  #channelBytes = new Uint8Array(0);

  protected override scan(items: LogItem[]): void {
    const { cursor } = this;
    if (cursor.byte !== OPEN) {
      cursor.at = this.lineEnd();
      if (cursor.at > this.from) items.push(this.#note(this.textFrom(this.from)));
      return;
    }
    cursor.at++;
    const message = this.#frame(cursor);
    if (message !== null) items.push(message);
  }

  #note(line: string): LogNote {
    const time = NOTE_TIME.exec(line);
    const timestampNs = time ? BigInt(time[1]) * SECOND + BigInt(time[2].padEnd(9, "0")) : null;
    return noteOfText(line.slice(time?.[0].length ?? 0).replace(/^#\s*/, ""), timestampNs);
  }

  #frame(cursor: Cursor): Message | null {
    const seconds = cursor.decimal();
    if (cursor.byte !== DOT || seconds >= 2 ** 53) return this.#fail("expected a time such as (1436509053.850870)");
    cursor.at++;
    const nanoseconds = cursor.fraction(9);
    if (cursor.byte !== CLOSE || cursor.bytes[cursor.at + 1] !== SPACE) {
      return this.#fail("expected a time such as (1436509053.850870)");
    }
    cursor.at += 2;
    cursor.blanks();
    const name = cursor.at;
    cursor.word();
    const nameEnd = cursor.at;
    cursor.blanks();
    const identifier = cursor.at;
    const id = cursor.hex();
    const width = cursor.at - identifier;
    if (nameEnd === name || cursor.byte !== HASH) {
      return this.#fail("expected a channel and an identifier such as vcan0 123#");
    }
    let word: number;
    if (width === 3) word = id;
    else if (width === 8) word = id & CAN_ERR_FLAG ? id : id | CAN_EFF_FLAG;
    else if (width === 5) {
      cursor.at++;
      return this.#xl(cursor, id, seconds, nanoseconds, this.#name(cursor.bytes, name, nameEnd));
    } else return this.#fail(`identifier has ${width} digits: it must have 3 or 8, or 5 for CAN XL`, identifier);
    if (width === 3 ? id > 0x7ff : id > (CAN_ERR_FLAG | CAN_EFF_MASK)) {
      return this.#fail(`identifier 0x${id.toString(16)} is out of range`, identifier);
    }
    cursor.at++;

    const channel = this.#name(cursor.bytes, name, nameEnd);
    const fd = cursor.byte === HASH;
    const records = this.#records;
    records.begin(fd ? CANFD_MTU : CAN_MTU);
    const memory = records.bytes;
    let length = 0;
    let flags = 0;
    let code = 0;
    if (word & CAN_ERR_FLAG && (fd || cursor.byte === R)) {
      return this.#fail("an error frame can be neither CAN FD nor a remote frame");
    }
    if (fd) {
      flags = HEX_VALUE[cursor.bytes[cursor.at + 1]];
      if (flags === 255) return this.#fail("expected a hexadecimal digit of flags after ##");
      cursor.at += 2;
    } else if (cursor.byte === R) {
      word |= CAN_RTR_FLAG;
      cursor.at++;
      if (cursor.byte >= ZERO && cursor.byte <= ZERO + CAN_MAX_DLEN) length = cursor.bytes[cursor.at++] - ZERO;
    }
    if ((word & CAN_RTR_FLAG) === 0) {
      length = this.#data(cursor, FRAME_DATA, fd ? CANFD_MAX_DLEN : CAN_MAX_DLEN);
      if (length < 0) return null;
    }
    if (!fd && length === CAN_MAX_DLEN && cursor.byte === UNDERSCORE) {
      code = HEX_VALUE[cursor.bytes[cursor.at + 1]];
      if (code <= CAN_MAX_DLEN || code > CAN_MAX_RAW_DLC) {
        return this.#fail("expected a length code from 9 to F after _");
      }
      cursor.at += 2;
    }
    const dataEnd = cursor.at;
    const direction = this.#direction(cursor);
    if (direction < 0) return null;
    if (fd && fdLength(length) !== length) {
      this.diagnose(`CAN FD has no frames of ${length} bytes: padded to ${fdLength(length)}`, dataEnd);
      length = fdLength(length);
    }
    records.words[0] = word;
    memory[FRAME_LEN] = length;
    memory[FRAME_LEN + 1] = flags;
    memory[FRAME_LEN8_DLC] = code;
    return records.finish(seconds, nanoseconds, direction === 1, fd ? CANFD_MTU : CAN_MTU, channel);
  }

  /** Reads `45123#81:00:12345678#data`: VCID and priority, flags, SDU type, acceptance field, data. */
  #xl(cursor: Cursor, id: number, seconds: number, nanoseconds: number, channel: string | null): Message | null {
    const from = cursor.at;
    const { bytes } = cursor;
    const flags = hexAt(bytes, from, 2);
    const sdt = flags >= 0 && bytes[from + 2] === COLON ? hexAt(bytes, from + 3, 2) : -1;
    const af = sdt >= 0 && bytes[from + 5] === COLON ? hexAt(bytes, from + 6, 8) : -1;
    const priority = id & 0xfff;
    if ((flags & CANXL_XLF) === 0 || af < 0 || bytes[from + 14] !== HASH || priority > CANXL_PRIO_MASK) {
      return this.#fail("expected a CAN XL frame such as 45123#81:00:12345678#11223344");
    }
    cursor.at += 15;
    const records = this.#records;
    records.begin(CANXL_MTU);
    const length = this.#data(cursor, CANXL_HDR_SIZE, CANXL_MAX_DLEN);
    if (length < 0) return null;
    if (length === 0) return this.#fail("CAN XL frame without data");
    const direction = this.#direction(cursor);
    if (direction < 0) return null;
    records.xl(priority | ((id >>> 12) << CANXL_VCID_OFFSET), flags, sdt, length, af);
    return records.finish(seconds, nanoseconds, direction === 1, CANXL_HDR_SIZE + length, channel);
  }

  /** Reads bytes of data, two digits each, which dots may separate. Returns their number; -1 if they are invalid. */
  #data(cursor: Cursor, to: number, most: number): number {
    const memory = this.#records.bytes;
    const { bytes } = cursor;
    let { at } = cursor;
    let length = 0;
    for (;; at += 2) {
      if (bytes[at] === DOT) at++;
      const high = HEX_VALUE[bytes[at]];
      if (high === 255) break;
      const low = HEX_VALUE[bytes[at + 1]];
      if (low === 255 || length === most) {
        this.#fail(low === 255 ? "odd number of hexadecimal digits" : `more than ${most} bytes of data`, at);
        return -1;
      }
      memory[to + length++] = high * 16 + low;
    }
    cursor.at = at;
    return length;
  }

  /** Reads the direction after a frame. Returns 1 for T, 0 for R or nothing, -1 for anything else. */
  #direction(cursor: Cursor): number {
    const from = cursor.at;
    cursor.blanks();
    if (cursor.isEnd) return 0;
    const letter = cursor.bytes[cursor.at++];
    cursor.blanks();
    if (cursor.isEnd && (letter === T || letter === R)) return letter === T ? 1 : 0;
    this.#fail("unexpected text after the frame", from);
    return -1;
  }

  #name(bytes: Uint8Array, from: number, to: number): string | null {
    const known = this.#channelBytes;
    let same = known.length === to - from;
    for (let i = 0; same && i < known.length; i++) same = known[i] === bytes[from + i];
    if (same) return this.#channel;
    this.#channelBytes = bytes.slice(from, to);
    const name = textOf(this.#channelBytes);
    this.#channel = name === NO_CHANNEL ? null : name;
    if (this.#channel !== null) addChannel(this.context.info.channels, name);
    return this.#channel;
  }

  #fail(reason: string, at?: number): null {
    this.diagnose(reason, at);
    return null;
  }
}

/** Returns the value of a number of hexadecimal digits; -1 if one of them is invalid. */
function hexAt(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = 0; i < digits; i++) {
    const digit = HEX_VALUE[bytes[at + i] ?? 0];
    if (digit === 255) return -1;
    value = value * 16 + digit;
  }
  return value;
}
