/**
 * ASC, the text log of Vector CANalyzer and CANoe. The variant of BUSMASTER can be read.
 *
 *     date Fri Feb 14 08:51:20.000 am 2020
 *     base hex  timestamps absolute
 *        0.161550 1  123             Rx   d 2 12 34
 *        0.161750 CANFD   1 Rx        123                                   1 0 9 12 00 … 130000  130 3000 0 0 0 0 0
 *
 * Sources: `asc2log.c` and `log2asc.c` of https://github.com/linux-can/can-utils;
 * https://python-can.readthedocs.io/en/stable/file_io.html#asc-asc-logging-format.
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_MTU,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_FDF,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  CANXL_AF,
  CANXL_HDR_SIZE,
  CANXL_LEN,
  CANXL_MAX_DLEN,
  CANXL_PRIO_MASK,
  CANXL_SDT,
  CANXL_SEC,
  CANXL_VCID_OFFSET,
  CANXL_XLF,
  fdLength,
  FRAME_DATA,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import { CAN_ERR_BUSERROR } from "../kernel/error.ts";
import { Message } from "../message/message.ts";
import { formatAscDate, parseAscDate } from "./asc_date.ts";
import type { Bytes } from "./bytes.ts";
import { ChannelNames, channelText, FileChannels } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import { type DecodeContext, type EncodeOptions, FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { HEX_VALUE } from "./cursor.ts";
import { LineDecoder, textOf } from "./lines.ts";
import { noteOfText, textOfNote } from "./notes.ts";
import { Records } from "./records.ts";
import { splitTime, YEAR_9999 } from "./time.ts";

// The message flags of CANFD and CANXL lines.
const RTR = 0x10;
const FDF = 0x1000;
const BRS = 0x2000;
const ESI = 0x4000;
const XLF = 0x400000;
const SEC = 0x1000000;

const [ZERO, NINE, DOT, X] = [..."09.x"].map((each) => each.charCodeAt(0));
const SECOND = 1_000_000_000n;
/** Lengths in bytes by four-bit length code. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];
/** The number of tokens read of a line: a CAN XL frame has up to 2048 bytes and some 20 fields. */
const TOKENS = 2048 + 64;

class AscDecoder extends LineDecoder {
  readonly #records = new Records();
  /** The offsets at which the tokens of the line begin and end. */
  readonly #starts = new Int32Array(TOKENS);
  readonly #ends = new Int32Array(TOKENS);
  #count = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #from = 0;
  #base = 16;
  #relative = false;
  /** Whether an event was read: a trigger block that begins later does not change the start of the times. */
  #began = false;
  /** The start of the times: seconds since 1970, and nanoseconds. */
  #startSeconds = 0;
  #startNanoseconds = 0;
  /** The time of the current line: seconds since 1970, and nanoseconds. */
  #seconds = 0;
  #nanoseconds = 0;

  readonly #channels: ChannelNames;

  constructor(context: DecodeContext) {
    super(context);
    this.#channels = new ChannelNames(context.info.channels);
  }

  protected override line(bytes: Uint8Array, from: number, to: number, items: LogItem[]): void {
    this.#bytes = bytes;
    this.#from = from;
    this.#split(bytes, from, to);
    if (this.#count === 0) return;
    const first = bytes[this.#starts[0]];
    if (first < ZERO || first > NINE) this.#text(textOf(bytes.subarray(from, to)).trim(), items);
    else if (this.#time()) this.#event(items);
  }

  /** Reads a line that is not an event: a header line, a comment, the beginning or the end of a trigger block. */
  #text(line: string, items: LogItem[]): void {
    const { info } = this.context;
    if (line.startsWith("//")) {
      const text = line.slice(2).trim();
      const version = /^version (\S+)$/.exec(text)?.[1];
      if (version !== undefined) info.version = version;
      else if (!this.#channels.declareByText(text)) items.push(noteOfText(text, null));
      return;
    }
    const base = /^base\s+(hex|dec)/i.exec(line)?.[1];
    if (base !== undefined) {
      this.#base = base.toLowerCase() === "dec" ? 10 : 16;
      this.#relative = /timestamps\s+relative/i.test(line);
      return;
    }
    const date = /^(?:date|begin\s+triggerblock)\s+(.+)$/i.exec(line)?.[1];
    if (date !== undefined) {
      const start = parseAscDate(date, this.context.zone);
      if (start === null) this.diagnose(`invalid date: ${date}`, 0, 0);
      else if (!this.#began) this.#begin(start);
      return;
    }
    if (/^(no\s+)?internal\s+events\s+logged|^end\s+triggerblock/i.test(line)) return;
    this.diagnose(`unknown kind of line: ${line.slice(0, 80)}`, 0, 0);
  }

  #begin(startNs: bigint): void {
    this.context.info.startTimeNs = startNs;
    this.#seconds = this.#startSeconds = Number(startNs / SECOND);
    this.#nanoseconds = this.#startNanoseconds = Number(startNs % SECOND);
  }

  #split(bytes: Uint8Array, from: number, to: number): void {
    let count = 0;
    for (let at = from; at < to && count < TOKENS; count++) {
      while (at < to && bytes[at] <= 32) at++;
      if (at === to) break;
      this.#starts[count] = at;
      while (at < to && bytes[at] > 32) at++;
      this.#ends[count] = at;
    }
    this.#count = count;
  }

  /** Reads the time in the first token; false if it is invalid. */
  #time(): boolean {
    const bytes = this.#bytes;
    const end = this.#ends[0];
    let at = this.#starts[0];
    let seconds = 0;
    for (; at < end && bytes[at] >= ZERO && bytes[at] <= NINE; at++) seconds = 10 * seconds + bytes[at] - ZERO;
    let nanoseconds = 0;
    if (at < end && bytes[at] === DOT) {
      let digits = 0;
      for (at++; at < end && bytes[at] >= ZERO && bytes[at] <= NINE; at++, digits++) {
        if (digits < 9) nanoseconds = 10 * nanoseconds + bytes[at] - ZERO;
      }
      for (; digits < 9; digits++) nanoseconds *= 10;
    }
    if (at !== end || seconds >= 2 ** 40) {
      this.diagnose(`invalid time: ${this.#token(0)}`, this.#from, this.#starts[0]);
      return false;
    }
    this.#began = true;
    seconds += this.#relative ? this.#seconds : this.#startSeconds;
    nanoseconds += this.#relative ? this.#nanoseconds : this.#startNanoseconds;
    if (nanoseconds >= 1e9) {
      nanoseconds -= 1e9;
      seconds++;
    }
    this.#seconds = seconds;
    this.#nanoseconds = nanoseconds;
    return true;
  }

  #event(items: LogItem[]): void {
    const second = this.#bytes[this.#starts[1]];
    let found: Message | string | null;
    if (this.#count > 1 && second >= ZERO && second <= NINE) found = this.#classic(items);
    else {
      const kind = this.#token(1);
      if (kind === "CANFD") found = this.#fd(items);
      else if (kind === "CANXL") found = this.#xl(items);
      else {
        found = null;
        if (this.#count > 1) this.#object(kind, items);
      }
    }
    if (found instanceof Message) items.push(found);
    else if (found !== null) this.diagnose(found, this.#from, this.#starts[1]);
  }

  #object(kind: string, items: LogItem[]): void {
    if (kind === "Start" || kind === "Stop") return; // of measurement
    const timestampNs = BigInt(this.#seconds) * SECOND + BigInt(this.#nanoseconds);
    items.push({ type: "object", kind: kind.replace(/:$/, ""), timestampNs });
  }

  /** `1 123x Rx d 8 00 …`, `1 123 Tx r 4`, `1 ErrorFrame …`. */
  #classic(items: LogItem[]): Message | string | null {
    const bytes = this.#bytes;
    const channel = this.#number(1, 10);
    if (channel < 0) return `invalid channel: ${this.#token(1)}`;
    const letter = bytes[this.#starts[2]];
    if (this.#count > 2 && letter === 69 && /^ErrorFrame/.test(this.#token(2))) return this.#error(channel);
    if (this.#count < 5) {
      this.#object(this.#token(2), items);
      return null;
    }
    const direction = this.#direction(3);
    if (direction < 0) {
      // Statistics, the status of the controller, and transmit requests are not frames.
      this.#object(this.#ends[3] - this.#starts[3] === 4 ? this.#token(3) : this.#token(2), items);
      return null;
    }
    const word = this.#identifier(2, this.#base);
    if (typeof word === "string") return word;
    const kind = bytes[this.#starts[4]] | 32;
    if (kind === 0x72) {
      const asked = this.#count > 5 ? this.#number(5, 16) : 0;
      const length = asked < 0 || asked > 15 ? 0 : asked;
      return this.#frame(word | CAN_RTR_FLAG, 6, 0, Math.min(length, CAN_MAX_DLEN), length, channel, direction, 16);
    }
    if (kind !== 0x64) return `expected d or r: ${this.#token(4)}`;
    // A single digit is hexadecimal; some programs write 10 to 15 in decimal.
    const wide = this.#ends[5] - this.#starts[5] > 1;
    const code = this.#count > 5 ? this.#number(5, wide ? 10 : 16) : -1;
    if (code < 0 || code > 15) return `invalid length code: ${this.#token(5)}`;
    const there = this.#dataTokens(6);
    const length = Math.min(LENGTHS[code], there);
    if (there > CAN_MAX_DLEN && code > CAN_MAX_DLEN) {
      if (length < LENGTHS[code]) return `${there} bytes of data instead of ${LENGTHS[code]}`;
      return this.#fdFrame(word, 6, length, 0, channel, direction, this.#base);
    }
    if (there < Math.min(LENGTHS[code], CAN_MAX_DLEN)) return `${there} bytes of data instead of ${code}`;
    const data = Math.min(LENGTHS[code], CAN_MAX_DLEN);
    return this.#frame(word, 6, data, data, code, channel, direction, this.#base);
  }

  /** `CANFD 1 Rx 123 [name] BRS ESI DLC length data duration length flags …`. */
  #fd(items: LogItem[]): Message | string | null {
    const channel = this.#number(2, 10);
    if (channel < 0 || this.#count < 5) {
      this.#object("CANFD", items); // some versions mark the start of measurement so
      return null;
    }
    if (/^ErrorFrame/.test(this.#token(4))) return this.#error(channel);
    const direction = this.#direction(3);
    if (direction < 0) {
      this.#object(this.#token(3), items);
      return null;
    }
    const word = this.#identifier(4, 16);
    if (typeof word === "string") return word;
    const at = this.#isHead(5) ? 5 : this.#isHead(6) ? 6 : -1;
    if (at < 0) return "missing or invalid BRS, ESI, length code or length";
    const code = this.#number(at + 2, 16);
    const length = this.#number(at + 3, 10);
    const data = at + 4;
    if (this.#count < data + length) return `${this.#count - data} bytes of data instead of ${length}`;
    const flags = this.#count > data + length + 2 ? this.#number(data + length + 2, 16) : FDF;
    if (flags & RTR) {
      return this.#frame(word | CAN_RTR_FLAG, data, 0, Math.min(code, CAN_MAX_DLEN), code, channel, direction, 16);
    }
    if ((flags & FDF) === 0 && length <= CAN_MAX_DLEN) {
      return this.#frame(word, data, length, length, code, channel, direction, 16);
    }
    const bits = (this.#number(at, 10) || flags & BRS ? CANFD_BRS : 0) |
      (this.#number(at + 1, 10) || flags & ESI ? CANFD_ESI : 0);
    return this.#fdFrame(word, data, length, bits, channel, direction, 16);
  }

  /** Whether BRS, ESI, a length code and a length begin at a token. */
  #isHead(at: number): boolean {
    const bit = (token: number) => this.#ends[token] - this.#starts[token] === 1 && this.#number(token, 2) >= 0;
    const length = at + 3 < this.#count ? this.#number(at + 3, 10) : -1;
    const code = at + 2 < this.#count ? this.#number(at + 2, 16) : -1;
    return bit(at) && bit(at + 1) && code >= 0 && code <= 15 && length >= 0 && length <= CANFD_MAX_DLEN;
  }

  /** `CANXL 1 Rx XLFF duration bits ID [name] SDT SEC DLC length SBC PCRC VCID AF data FCRC flags …`, also for FD and classic. */
  #xl(items: LogItem[]): Message | string | null {
    const channel = this.#number(2, 10);
    if (channel < 0 || this.#count < 10) {
      this.#object("CANXL", items);
      return null;
    }
    const direction = this.#direction(3);
    if (direction < 0) {
      this.#object(this.#token(3), items);
      return null;
    }
    const form = this.#token(4);
    const word = this.#identifier(7, 16);
    if (typeof word === "string") return word;
    if (form === "XLFF") return this.#xlFrame(word, channel, direction);
    if (!/^[CF][BE]FF$/.test(form)) return `unknown frame format: ${form}`;
    const most = form[0] === "F" ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
    const isHead = (at: number) =>
      at + 1 < this.#count && this.#ends[at] - this.#starts[at] === 1 && this.#number(at, 16) >= 0 &&
      this.#number(at + 1, 10) >= 0 && this.#number(at + 1, 10) <= most;
    const at = isHead(8) ? 8 : isHead(9) ? 9 : -1;
    if (at < 0) return "missing or invalid length code or length";
    const code = this.#number(at, 16);
    const length = this.#number(at + 1, 10);
    const data = at + 2;
    // The data is followed by the stuff bit count (FD frames only), the checksum, and the flags.
    const flagsAt = data + length + (form[0] === "F" ? 2 : 1);
    if (this.#count < data + length) return `${this.#count - data} bytes of data instead of ${length}`;
    const flags = flagsAt < this.#count ? Math.max(this.#number(flagsAt, 16), 0) : 0;
    if (form[0] === "F") {
      const bits = (flags & BRS ? CANFD_BRS : 0) | (flags & ESI ? CANFD_ESI : 0);
      return this.#fdFrame(word, data, length, bits, channel, direction, 16);
    }
    if (flags & RTR) {
      return this.#frame(word | CAN_RTR_FLAG, data, 0, Math.min(code, CAN_MAX_DLEN), code, channel, direction, 16);
    }
    return this.#frame(word, data, length, length, code, channel, direction, 16);
  }

  #xlFrame(priority: number, channel: number, direction: number): Message | string {
    const isHead = (at: number) =>
      at + 7 < this.#count && this.#number(at + 1, 2) >= 0 && this.#number(at + 3, 10) >= 1 &&
      this.#number(at + 2, 16) === this.#number(at + 3, 10) - 1;
    const at = isHead(8) ? 8 : isHead(9) ? 9 : -1;
    const length = at < 0 ? 0 : this.#number(at + 3, 10);
    if (length < 1 || length > CANXL_MAX_DLEN) return "missing or invalid SDU type, SEC, length code or length";
    const [sdt, vcid, af] = [this.#number(at, 16), this.#number(at + 6, 16), this.#number(at + 7, 16)];
    const data = at + 8;
    if (sdt < 0 || sdt > 255 || vcid < 0 || vcid > 255 || af < 0 || af > 0xffffffff || priority > CANXL_PRIO_MASK) {
      return "SDU type, VCID, acceptance field or priority out of range for CAN XL";
    }
    if (this.#count < data + length) return `${this.#count - data} bytes of data instead of ${length}`;
    const flags = data + length + 1 < this.#count ? Math.max(this.#number(data + length + 1, 16), 0) : 0;
    const records = this.#records;
    records.begin(CANXL_HDR_SIZE + length);
    const memory = records.bytes;
    if (!this.#copyData(data, length, memory, CANXL_HDR_SIZE, 16)) {
      return "invalid byte of data";
    }
    records.words[0] = priority | vcid << CANXL_VCID_OFFSET;
    memory[FRAME_LEN] = CANXL_XLF | (flags & SEC || this.#number(at + 1, 2) === 1 ? CANXL_SEC : 0);
    memory[CANXL_SDT] = sdt;
    memory[CANXL_LEN] = length;
    memory[CANXL_LEN + 1] = length >>> 8;
    records.words[CANXL_AF >> 2] = af;
    return this.#finish(CANXL_HDR_SIZE + length, channel, direction);
  }

  /** Builds a classic frame. Its data begins at token `at`. */
  #frame(
    word: number,
    at: number,
    data: number,
    length: number,
    code: number,
    channel: number,
    direction: number,
    base: number,
  ): Message | string {
    const records = this.#records;
    records.begin(CAN_MTU);
    const memory = records.bytes;
    if (!this.#copyData(at, data, memory, FRAME_DATA, base)) {
      return "invalid byte of data";
    }
    records.words[0] = word;
    memory[FRAME_LEN] = length;
    if (length === CAN_MAX_DLEN && code > CAN_MAX_DLEN) memory[FRAME_LEN8_DLC] = code;
    return this.#finish(CAN_MTU, channel, direction);
  }

  #fdFrame(
    word: number,
    at: number,
    length: number,
    bits: number,
    channel: number,
    direction: number,
    base: number,
  ): Message | string {
    const records = this.#records;
    records.begin(CANFD_MTU);
    const memory = records.bytes;
    if (!this.#copyData(at, length, memory, FRAME_DATA, base)) {
      return "invalid byte of data";
    }
    records.words[0] = word;
    memory[FRAME_LEN] = fdLength(length);
    memory[FRAME_LEN + 1] = bits | CANFD_FDF;
    return this.#finish(CANFD_MTU, channel, direction);
  }

  /** The log contains no details of an error. As in can-utils, it becomes a bus error without details. */
  #error(channel: number): Message {
    const records = this.#records;
    records.begin(CAN_MTU);
    records.words[0] = CAN_ERR_FLAG | CAN_ERR_BUSERROR;
    records.bytes[FRAME_LEN] = CAN_MAX_DLEN;
    return this.#finish(CAN_MTU, channel, 0);
  }

  #finish(frameLength: number, channel: number, direction: number): Message {
    const name = this.#channels.of(channel);
    return this.#records.finish(this.#seconds, this.#nanoseconds, direction === 1, frameLength, name);
  }

  #copyData(token: number, count: number, memory: Uint8Array, to: number, base: number): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < count; i++) {
      const from = this.#starts[token + i];
      const length = this.#ends[token + i] - from;
      let value: number;
      if (base === 16 && length === 2) {
        const [high, low] = [HEX_VALUE[bytes[from]], HEX_VALUE[bytes[from + 1]]];
        value = high === 255 || low === 255 ? -1 : high * 16 + low;
      } else value = this.#number(token + i, base);
      if (value < 0 || value > 255) return false;
      memory[to + i] = value;
    }
    return true;
  }

  /** Returns the number of tokens that are bytes of data, up to the next field such as `Length = …`. */
  #dataTokens(from: number): number {
    let count = 0;
    while (from + count < this.#count && count < CANFD_MAX_DLEN) {
      const value = this.#number(from + count, this.#base);
      if (value < 0 || value > 255) break;
      count++;
    }
    return count;
  }

  /** Returns 0 for Rx, 1 for Tx, -1 for anything else. */
  #direction(token: number): number {
    const from = this.#starts[token];
    if (this.#ends[token] - from !== 2 || (this.#bytes[from + 1] | 32) !== X) return -1;
    const letter = this.#bytes[from] | 32;
    return letter === 0x72 ? 0 : letter === 0x74 ? 1 : -1;
  }

  #identifier(token: number, base: number): number | string {
    const end = this.#ends[token];
    const extended = (this.#bytes[end - 1] | 32) === X;
    if (extended) this.#ends[token]--;
    const id = this.#number(token, base);
    this.#ends[token] = end;
    if (id < 0 || id > (extended ? CAN_EFF_MASK : CAN_SFF_MASK)) return `invalid identifier: ${this.#token(token)}`;
    return extended ? id | CAN_EFF_FLAG : id;
  }

  /** Returns the number in a token; -1 if it is not a number. */
  #number(token: number, base: number): number {
    if (token >= this.#count) return -1;
    const end = this.#ends[token];
    let value = 0;
    for (let at = this.#starts[token]; at < end; at++) {
      const digit = HEX_VALUE[this.#bytes[at]];
      if (digit >= base) return -1;
      value = value * base + digit;
    }
    return this.#starts[token] === end ? -1 : value;
  }

  #token(token: number): string {
    return token < this.#count ? textOf(this.#bytes.subarray(this.#starts[token], this.#ends[token])) : "";
  }
}

class AscEncoder implements LogEncoder {
  readonly #options: EncodeOptions;
  readonly #channels: FileChannels;
  /** The start of the times in whole seconds since 1970: the second of the first entry; null before it. */
  #start: number | null = null;

  constructor(options: EncodeOptions) {
    this.#options = options;
    this.#channels = new FileChannels(options, (number, name, _, out) => {
      out.text(`// ${channelText(number, name)}\n`);
      return true;
    });
  }

  begin(): void {} // the header needs the time of the first entry

  write(item: LogItem, out: Bytes): void {
    if (!(item instanceof Message)) {
      if (this.#start === null) this.#header(item.timestampNs ?? 0n, out);
      out.text(`// ${textOfNote(item)}\n`);
      return;
    }
    const { seconds, nanoseconds } = splitTime(item);
    if (this.#start === null) this.#header(item.timestampNs, out);
    const channel = this.#channels.of(item, out);
    const after = seconds - this.#start!;
    // Some readers reject times before the start.
    if (after < 0) this.#options.lose("timestampNs", item);
    const [whole, fraction] = after < 0 ? [0, 0] : [after, Math.floor(nanoseconds / 1000)];
    for (let digits = 1000; digits > 1 && whole < digits; digits /= 10) out.byte(32);
    out.decimal(whole);
    out.byte(DOT);
    out.decimal(fraction, 6);
    out.byte(32);
    if (item.isXl) this.#xl(item, channel, out);
    else if (item.isFd) this.#fd(item, channel, out);
    else this.#classic(item, channel, out);
    out.byte(10);
  }

  end(out: Bytes): void {
    if (this.#start === null) this.#header(0n, out);
    out.text("End TriggerBlock\n");
  }

  #header(timestampNs: bigint, out: Bytes): void {
    this.#start = Number(timestampNs / SECOND);
    const date = formatAscDate(BigInt(this.#start) * SECOND, this.#options.zone);
    out.text(`date ${date}\nbase hex  timestamps absolute\ninternal events logged\n// version 9.0.0\n`);
    out.text(`Begin Triggerblock ${date}\n   0.000000 Start of measurement\n`);
  }

  #classic(message: Message, channel: number, out: Bytes): void {
    out.decimal(channel);
    out.text(channel < 10 ? "  " : " ");
    if (message.isErrorFrame) {
      out.text("ErrorFrame");
      return;
    }
    const from = out.length;
    identifier(message, out);
    while (out.length < from + 15) out.byte(32);
    out.text(message.isRx ? " Rx   " : " Tx   ");
    out.text(message.isRemoteFrame ? "r " : "d ");
    out.hex(message.len8Dlc || message.dlc, 1);
    const { data } = message;
    if (data.length > 0) out.byte(32);
    out.hexBytes(data, 32);
  }

  #fd(message: Message, channel: number, out: Bytes): void {
    const { data } = message;
    out.text(`CANFD ${String(channel).padStart(3)} ${message.isRx ? "Rx" : "Tx"}   `);
    const text = message.arbitrationId.toString(16).toUpperCase() + (message.isExtendedId ? "x" : " ");
    out.text(`${text.padStart(11)}                                  `);
    out.text(`${message.bitrateSwitch ? 1 : 0} ${message.errorStateIndicator ? 1 : 0} `);
    out.text(`${LENGTHS.indexOf(data.length).toString(16)} ${String(data.length).padStart(2)}`);
    if (data.length > 0) out.byte(32);
    out.hexBytes(data, 32);
    const flags = FDF | (message.bitrateSwitch ? BRS : 0) | (message.errorStateIndicator ? ESI : 0);
    out.text(`   130000  130 ${flags.toString(16).toUpperCase().padStart(8)} 0 0 0 0 0`);
  }

  #xl(message: Message, channel: number, out: Bytes): void {
    const { data } = message;
    out.text(`CANXL ${String(channel).padStart(3)} ${message.isRx ? "Rx" : "Tx"}   XLFF   984438   4656 `);
    out.text(`${message.priority.toString(16).toUpperCase().padStart(9)}                                  `);
    out.hex(message.sdt, 2);
    out.text(` ${message.sec ? 1 : 0} ${(data.length - 1).toString(16)} ${data.length} 1 1f96 `);
    out.hex(message.vcid, 2);
    out.byte(32);
    out.hex(message.af, 8);
    out.byte(32);
    out.hexBytes(data, 32);
    const flags = XLF | FDF | BRS | (message.sec ? SEC : 0);
    out.text(` 123123 ${flags.toString(16).padStart(8, "0")} 00000000`);
    out.text(" 000000050005000e 0000000000a00010 0000000a000a001d 0000000000a00002 000000100010000f 0000000000a00001");
  }
}

function identifier(message: Message, out: Bytes): void {
  const id = message.arbitrationId;
  let digits = 1;
  while (digits < 8 && id >>> (4 * digits) > 0) digits++;
  out.hex(id, digits);
  if (message.isExtendedId) out.byte(X);
}

/** Vector ASC. */
export const asc: LogFormat = {
  name: "asc",
  title: "Vector ASC log",
  extensions: [".asc"],
  appendable: false,
  capacity: {
    ...FULL,
    errorData: false,
    errorDirection: false,
    resolution: 1000,
    lastSecond: YEAR_9999,
    timestampSource: false,
  },
  detect(head) {
    const text = textOf(head.subarray(0, 4096));
    return /^\s*date\s+\S+\s+\S+\s+\d/im.test(text) && /^\s*base\s+(hex|dec)/im.test(text) ? 2 : 0;
  },
  decoder: (context) => new AscDecoder(context),
  encoder: (options) => new AscEncoder(options),
};
