/**
 * The log format that `candump -l` and `-L` write and `canplayer` reads.
 *
 *     (1436509053.850870) vcan0 12345678#11223344556677 T
 *
 * Source: `lib.h`, `lib.c` and `candump.c` of https://github.com/linux-can/can-utils.
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
  CANXL_AF,
  CANXL_HDR_SIZE,
  CANXL_LEN,
  CANXL_MAX_DLEN,
  CANXL_MTU,
  CANXL_PRIO_MASK,
  CANXL_SDT,
  CANXL_VCID_OFFSET,
  CANXL_XLF,
  fdLength,
  FRAME_DATA,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import type { LogItem, LogNote } from "./entry.ts";
import { FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { HEX_VALUE, LineDecoder, textOf } from "./lines.ts";
import { NO_CHANNEL, noteOfText, textOfNote } from "./notes.ts";
import { Records } from "./records.ts";

const [SPACE, HASH, OPEN, CLOSE, DOT, COLON, UNDERSCORE] = [..." #().:_"].map((each) => each.charCodeAt(0));
const [ZERO, NINE, R, T] = [..."09RT"].map((each) => each.charCodeAt(0));

/** The time before a note, as this library writes it. */
const NOTE_TIME = /^#\s*\((\d+)\.(\d{1,9})\) /;

class CandumpDecoder extends LineDecoder {
  readonly #records = new Records();
  /** The channel of the last line, and its name as bytes. */
  #channel: string | null = null;
  #channelBytes = new Uint8Array(0);
  /** The offset at which the current line begins. */
  #from = 0;

  protected override line(bytes: Uint8Array, from: number, to: number, items: LogItem[]): void {
    if (to === from) return;
    this.#from = from;
    if (bytes[from] !== OPEN) items.push(this.#note(textOf(bytes.subarray(from, to))));
    else {
      const message = this.#frame(bytes, from, to);
      if (message !== null) items.push(message);
    }
  }

  #note(line: string): LogNote {
    const time = NOTE_TIME.exec(line);
    const timestampNs = time ? BigInt(time[1]) * 1_000_000_000n + BigInt(time[2].padEnd(9, "0")) : null;
    return noteOfText(line.slice(time?.[0].length ?? 0).replace(/^#\s*/, ""), timestampNs);
  }

  #frame(bytes: Uint8Array, from: number, to: number): Message | null {
    let at = from + 1;
    let seconds = 0;
    for (; bytes[at] >= ZERO && bytes[at] <= NINE; at++) seconds = 10 * seconds + bytes[at] - ZERO;
    if (bytes[at] !== DOT || seconds >= 2 ** 53) return this.#fail("expected a time such as (1436509053.850870)", at);
    let nanoseconds = 0;
    let digits = 0;
    for (at++; bytes[at] >= ZERO && bytes[at] <= NINE; at++, digits++) {
      if (digits < 9) nanoseconds = 10 * nanoseconds + bytes[at] - ZERO;
    }
    for (; digits < 9; digits++) nanoseconds *= 10;
    if (bytes[at] !== CLOSE || bytes[at + 1] !== SPACE) {
      return this.#fail("expected a time such as (1436509053.850870)", at);
    }
    at += 2;
    while (bytes[at] === SPACE) at++;

    const name = at;
    while (at < to && bytes[at] !== SPACE) at++;
    const nameEnd = at;
    while (bytes[at] === SPACE) at++;

    const identifier = at;
    let id = 0;
    for (let digit; (digit = HEX_VALUE[bytes[at]]) !== 255 && at < to; at++) id = id * 16 + digit;
    const width = at - identifier;
    if (nameEnd === name || at >= to || bytes[at] !== HASH) {
      return this.#fail("expected a channel and an identifier such as vcan0 123#", at);
    }
    let word: number;
    if (width === 3) word = id;
    else if (width === 8) word = id & CAN_ERR_FLAG ? id : id | CAN_EFF_FLAG;
    else if (width === 5) {
      return this.#xl(bytes, at + 1, to, id, seconds, nanoseconds, this.#name(bytes, name, nameEnd));
    } else return this.#fail(`identifier has ${width} digits: it must have 3 or 8, or 5 for CAN XL`, identifier);
    if (width === 3 ? id > 0x7ff : id > (CAN_ERR_FLAG | CAN_EFF_MASK)) {
      return this.#fail(`identifier 0x${id.toString(16)} is out of range`, identifier);
    }
    at++;

    const channel = this.#name(bytes, name, nameEnd);
    const fd = bytes[at] === HASH;
    const records = this.#records;
    records.begin(fd ? CANFD_MTU : CAN_MTU);
    const memory = records.bytes;
    let length = 0;
    let flags = 0;
    let code = 0;
    if (fd) {
      flags = at + 1 < to ? HEX_VALUE[bytes[at + 1]] : 255;
      if (flags === 255) return this.#cancel("expected a hexadecimal digit of flags after ##", at);
      at += 2;
    } else if (bytes[at] === R && at < to) {
      word |= CAN_RTR_FLAG;
      if (++at < to && bytes[at] >= ZERO && bytes[at] <= ZERO + CAN_MAX_DLEN) length = bytes[at++] - ZERO;
    }
    if ((word & CAN_RTR_FLAG) === 0) {
      const most = fd ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
      for (; at + 1 < to; at += 2) {
        if (bytes[at] === DOT) at++;
        const high = HEX_VALUE[bytes[at]];
        if (high === 255 || at + 1 >= to) break;
        const low = HEX_VALUE[bytes[at + 1]];
        if (low === 255) return this.#cancel("odd number of hexadecimal digits", at);
        if (length === most) return this.#cancel(`more than ${most} bytes of data`, at);
        memory[FRAME_DATA + length++] = high * 16 + low;
      }
    }
    if (!fd && length === CAN_MAX_DLEN && bytes[at] === UNDERSCORE && at + 1 < to) {
      code = HEX_VALUE[bytes[at + 1]];
      if (code <= CAN_MAX_DLEN || code > CAN_MAX_RAW_DLC) {
        return this.#cancel("expected a length code from 9 to F after _", at);
      }
      at += 2;
    }
    const local = this.#end(bytes, at, to);
    if (local < 0) return this.#cancel("unexpected text after the frame", at);
    if (fd && fdLength(length) !== length) {
      this.diagnose(`CAN FD has no frames of ${length} bytes: padded to ${fdLength(length)}`, this.#from, at);
      length = fdLength(length);
    }
    records.words[0] = word;
    memory[FRAME_LEN] = length;
    memory[FRAME_LEN + 1] = flags;
    memory[FRAME_LEN8_DLC] = code;
    return records.finish(seconds, nanoseconds, local === 1, fd ? CANFD_MTU : CAN_MTU, channel);
  }

  /** Reads `45123#81:00:12345678#data`: VCID and priority, flags, SDU type, acceptance field, data. */
  #xl(
    bytes: Uint8Array,
    at: number,
    to: number,
    id: number,
    seconds: number,
    nanoseconds: number,
    channel: string | null,
  ): Message | null {
    const flags = at + 14 <= to ? hexAt(bytes, at, 2) : -1;
    const sdt = hexAt(bytes, at + 3, 2);
    const af = hexAt(bytes, at + 6, 8);
    const priority = id & 0xfff;
    const separated = bytes[at + 2] === COLON && bytes[at + 5] === COLON && bytes[at + 14] === HASH;
    if (flags < 0 || (flags & CANXL_XLF) === 0 || sdt < 0 || af < 0 || !separated || priority > CANXL_PRIO_MASK) {
      return this.#fail("expected a CAN XL frame such as 45123#81:00:12345678#11223344", at);
    }
    const records = this.#records;
    records.begin(CANXL_MTU);
    const memory = records.bytes;
    let length = 0;
    for (at += 15; at + 1 < to; at += 2) {
      if (bytes[at] === DOT) at++;
      const high = HEX_VALUE[bytes[at]];
      if (high === 255 || at + 1 >= to) break;
      const low = HEX_VALUE[bytes[at + 1]];
      if (low === 255) return this.#cancel("odd number of hexadecimal digits", at);
      if (length === CANXL_MAX_DLEN) return this.#cancel(`more than ${CANXL_MAX_DLEN} bytes of data`, at);
      memory[CANXL_HDR_SIZE + length++] = high * 16 + low;
    }
    if (length === 0) return this.#cancel("CAN XL frame without data", at);
    const local = this.#end(bytes, at, to);
    if (local < 0) return this.#cancel("unexpected text after the frame", at);
    records.words[0] = priority | ((id >>> 12) << CANXL_VCID_OFFSET);
    memory[FRAME_LEN] = flags;
    memory[CANXL_SDT] = sdt;
    memory[CANXL_LEN] = length;
    memory[CANXL_LEN + 1] = length >>> 8;
    records.words[CANXL_AF >> 2] = af;
    return records.finish(seconds, nanoseconds, local === 1, CANXL_HDR_SIZE + length, channel);
  }

  /** Reads the direction after a frame. Returns 1 for T, 0 for R or nothing, -1 for anything else. */
  #end(bytes: Uint8Array, at: number, to: number): number {
    while (at < to && bytes[at] === SPACE) at++;
    if (at === to) return 0;
    const letter = bytes[at++];
    while (at < to && bytes[at] === SPACE) at++;
    if (at < to) return -1;
    return letter === T ? 1 : letter === R ? 0 : -1;
  }

  #name(bytes: Uint8Array, from: number, to: number): string | null {
    const known = this.#channelBytes;
    let same = known.length === to - from;
    for (let i = 0; same && i < known.length; i++) same = known[i] === bytes[from + i];
    if (same) return this.#channel;
    this.#channelBytes = bytes.slice(from, to);
    const name = textOf(this.#channelBytes);
    this.#channel = name === NO_CHANNEL ? null : name;
    if (this.#channel !== null) this.context.info.channels.add(name);
    return this.#channel;
  }

  #fail(reason: string, at: number): null {
    this.diagnose(reason, this.#from, at);
    return null;
  }

  #cancel(reason: string, at: number): null {
    return this.#fail(reason, at);
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

class CandumpEncoder implements LogEncoder {
  begin(): void {}

  write(item: LogItem, out: Bytes): void {
    if (item instanceof Message) this.#message(item, out);
    else this.#note(item, out);
  }

  #message(message: Message, out: Bytes): void {
    time(out, message.timestampNs);
    out.text(`${message.channel ?? NO_CHANNEL} `);
    const { data } = message;
    if (message.isXl) {
      out.hex(message.vcid, 2);
      out.hex(message.priority, 3);
      out.text("#");
      out.hex(CANXL_XLF | (message.sec ? 1 : 0), 2);
      out.text(":");
      out.hex(message.sdt, 2);
      out.text(":");
      out.hex(message.af, 8);
      out.text("#");
      out.hexBytes(data);
    } else {
      const id = message.isErrorFrame ? message.arbitrationId + CAN_ERR_FLAG : message.arbitrationId;
      out.hex(id, message.isExtendedId || message.isErrorFrame ? 8 : 3);
      out.byte(HASH);
      if (message.isFd) {
        out.byte(HASH);
        out.hex(message.fdFlags, 1);
      } else if (message.isRemoteFrame) {
        out.byte(R);
        if (message.dlc > 0) out.decimal(message.dlc);
      }
      out.hexBytes(data);
      if (message.len8Dlc > 0) {
        out.byte(UNDERSCORE);
        out.hex(message.len8Dlc, 1);
      }
    }
    if (!message.isRx) out.text(" T");
    out.byte(10);
  }

  #note(note: LogNote, out: Bytes): void {
    out.text("# ");
    if (note.timestampNs !== null) time(out, note.timestampNs);
    out.text(textOfNote(note));
    out.byte(10);
  }
}

/** Appends the time in parentheses, with 6 decimals if that is exact, else 9, as candump does. */
function time(out: Bytes, timestampNs: bigint): void {
  const seconds = Number(timestampNs / 1_000_000_000n);
  const nanoseconds = Number(timestampNs % 1_000_000_000n);
  out.byte(OPEN);
  out.decimal(seconds, 10);
  out.byte(DOT);
  if (nanoseconds % 1000 === 0) out.decimal(nanoseconds / 1000, 6);
  else out.decimal(nanoseconds, 9);
  out.byte(CLOSE);
  out.byte(SPACE);
}

/** A line that begins like a frame. */
const LINE = /^\(\d+\.\d+\) +\S+ +[0-9A-Fa-f]{3,8}#/m;

/** The log format of `candump -l`. */
export const candump: LogFormat = {
  name: "candump",
  title: "candump log",
  extensions: [".log"],
  appendable: true,
  capacity: {
    ...FULL,
    timestampSource: false,
  },
  detect: (head) => LINE.test(textOf(head.subarray(0, 4096))) ? 2 : 0,
  decoder: (context) => new CandumpDecoder(context),
  encoder: () => new CandumpEncoder(),
};
