/**
 * TRC, PEAK's trace format. Versions 1.0 to 2.1 can be read; 1.1, 2.0 and 2.1 can be written.
 *
 *     1.1         1)      1059.9  Rx  0300  7  00 00 00 00 04 00 00
 *     1.3         1)      1059.900 1  Rx        0300 -  7    00 00 00 00 04 00 00
 *     2.1   ;$COLUMNS=N,O,T,B,I,d,R,L,D
 *             1      1059.900 DT 1     0300 Rx -  7    00 00 00 00 04 00 00
 *
 * Source: https://www.peak-system.com/produktcd/Pdf/English/PEAK_CAN_TRC_File_Format.pdf.
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
  fdLength,
  FRAME_DATA,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import { CAN_ERR_BUSERROR } from "../kernel/error.ts";
import { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import { ChannelNames, channelText, FileChannels } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import {
  type Capacity,
  type DecodeContext,
  type EncodeOptions,
  FULL,
  type LogEncoder,
  type LogFormat,
  type LogFormatName,
} from "./format.ts";
import { HEX_VALUE } from "./cursor.ts";
import { LineDecoder, textOf } from "./lines.ts";
import { noteOfText, textOfNote } from "./notes.ts";
import { Records } from "./records.ts";
import { splitTime, YEAR_9999 } from "./time.ts";

const [ZERO, NINE, DOT, SEMICOLON] = [..."09.;"].map((each) => each.charCodeAt(0));
const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;
/** Days from 1899-12-30, where the calendar of TRC begins, to 1970-01-01. */
const DAYS_TO_1970 = 25569n;
const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];
/** The number of tokens read of a line: 64 bytes of data and up to 9 columns. */
const TOKENS = 80;

/** The default columns by version, for files without a `$COLUMNS` line. */
const columnsOf: Readonly<Record<string, string>> = {
  "1.0": "NOILD",
  "1.1": "NOTILD",
  "1.2": "NOBTILD",
  "1.3": "NOBTIRLD",
  "2.0": "NOTIdLD",
  "2.1": "NOTBIdRLD",
};

// Kinds of rows, and flags.
const DATA = 1;
const REMOTE = 2;
const STATUS = 4;
const FD_KIND = 8;
const BRS_KIND = 16;
const ESI_KIND = 32;

const KINDS: Readonly<Record<number, number>> = Object.fromEntries(
  Object.entries({
    DT: DATA,
    Rx: DATA,
    Tx: DATA,
    RR: REMOTE,
    FD: FD_KIND,
    FB: FD_KIND | BRS_KIND,
    FE: FD_KIND | ESI_KIND,
    BI: FD_KIND | BRS_KIND | ESI_KIND,
  }).map(([name, kind]) => [name.charCodeAt(0) << 8 | name.charCodeAt(1), kind]),
);

/** Returns the token indices of the columns in a row; -1 for a missing column. */
function placesOf(columns: string) {
  const at = (letters: string) => [...columns].findIndex((column) => letters.includes(column));
  const data = at("D");
  return {
    time: at("O"),
    type: at("T"),
    bus: at("B"),
    id: at("I"),
    direction: at("d"),
    length: at("Ll"),
    data: data < 0 ? columns.length : data,
  };
}

class TrcDecoder extends LineDecoder {
  readonly #records = new Records();
  readonly #starts = new Int32Array(TOKENS);
  readonly #ends = new Int32Array(TOKENS);
  #bytes: Uint8Array = new Uint8Array(0);
  #count = 0;
  readonly #channels: ChannelNames;
  /** The token indices of the columns. */
  #places = placesOf(columnsOf["1.0"]);
  /** Whether lengths are in bytes instead of length codes. */
  #inBytes = false;
  #startSeconds = 0;
  #startNanoseconds = 0;
  /** The time of the current row. */
  #seconds = 0;
  #nanoseconds = 0;

  constructor(context: DecodeContext) {
    super(context);
    this.#channels = new ChannelNames(context.info.channels);
  }

  protected override line(bytes: Uint8Array, from: number, to: number, items: LogItem[]): void {
    if (bytes[from] === SEMICOLON) return this.#comment(textOf(bytes.subarray(from + 1, to)).trim(), items);
    this.#bytes = bytes;
    this.#split(bytes, from, to);
    if (this.#count === 0) return;
    const found = this.#row();
    if (found instanceof Message || typeof found === "object") items.push(found);
    else this.diagnose(found, from, this.#starts[0]);
  }

  #comment(text: string, items: LogItem[]): void {
    const { info, zone } = this.context;
    const setting = /^\$(\w+)=(.*)$/.exec(text);
    if (setting) {
      const [, name, value] = setting;
      if (name === "FILEVERSION") {
        info.version = value.trim();
        const columns = columnsOf[info.version];
        if (columns === undefined) this.diagnose(`unknown version ${value}: read as 2.1`, 0, 0);
        this.#setColumns(columns ?? columnsOf["2.1"]);
      } else if (name === "COLUMNS") this.#setColumns(value.replaceAll(",", "").trim());
      else if (name === "STARTTIME") {
        const days = /^(\d{1,7})(?:\.(\d{1,18}))?$/.exec(value.trim());
        if (!days) return this.diagnose(`start time is not a number of days: ${value}`, 0, 0);
        const [, whole, fraction = ""] = days;
        // Rounded, as no number of digits holds a whole second exactly.
        const ofDay = (BigInt(fraction.padEnd(18, "0")) * DAY + 10n ** 18n / 2n) / 10n ** 18n;
        const local = (BigInt(whole) - DAYS_TO_1970) * DAY + ofDay;
        this.#begin(zone.fromLocal(local));
      }
      return;
    }
    // Version 1.0 has the start only as a date in a comment, day before month.
    const start = /^Start time: (\d{1,2})\.(\d{1,2})\.(\d{4}) (\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,9}))?/.exec(text);
    if (start && info.startTimeNs === null) {
      const [, day, month, year, hour, minute, second, fraction = ""] = start;
      const date = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second);
      this.#begin(zone.fromLocal(BigInt(date) * 1_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9))));
    }
    const generated = /^Generated by (.*)$/.exec(text);
    if (generated) info.application = generated[1].trim();
    const note = /^# (.*)$/.exec(text);
    if (note && !this.#channels.declareByText(note[1])) items.push(noteOfText(note[1], null));
  }

  #setColumns(columns: string): void {
    const places = placesOf(columns);
    if (places.time < 0 || places.id < 0 || places.length < 0) {
      return this.diagnose(`missing column for the time, the identifier or the length: ${columns}`, 0, 0);
    }
    this.#places = places;
    this.#inBytes = columns.includes("l");
  }

  #begin(startNs: bigint): void {
    if (startNs < 0n) return this.diagnose("start time is before 1970", 0, 0);
    this.context.info.startTimeNs = startNs;
    this.#startSeconds = Number(startNs / SECOND);
    this.#startNanoseconds = Number(startNs % SECOND);
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

  #row(): LogItem | string {
    const { time, type, bus, id, direction, length, data } = this.#places;
    if (!this.#milliseconds(time)) return `invalid time in milliseconds: ${this.#token(time)}`;
    const kind = type < 0 ? DATA : this.#kind(type);
    const channel = bus < 0 ? 0 : Math.max(this.#number(bus, 10), 0);
    if (kind === STATUS) return this.#status(this.#token(type), Math.max(time, type, bus) + 1, channel);
    if (this.#count < data) return "line is incomplete";
    const value = this.#number(id, 16);
    const extended = this.#ends[id] - this.#starts[id] > 4;
    if (value === 0xffffffff) return this.#status("ST", data, channel); // a status row before version 2.0
    if (value < 0 || value > (extended ? CAN_EFF_MASK : CAN_SFF_MASK)) return `invalid identifier: ${this.#token(id)}`;
    const there = this.#count - data;
    const code = this.#number(length, 10);
    if (code < 0 || code > (this.#inBytes ? CANFD_MAX_DLEN : 15)) return `invalid length: ${this.#token(length)}`;
    const remote = kind === REMOTE || (kind === DATA && there > 0 && this.#bytes[this.#starts[data]] === 0x52); // RTR
    const fd = kind & FD_KIND ? true : kind === DATA && !remote && there > CAN_MAX_DLEN;
    const all = this.#inBytes ? code : LENGTHS[code];
    const bytes = fd ? all : Math.min(all, CAN_MAX_DLEN);
    if (!remote && there < bytes) return `${there} bytes of data instead of ${bytes}`;
    const records = this.#records;
    records.begin(fd ? CANFD_MTU : CAN_MTU);
    const memory = records.bytes;
    for (let i = 0; i < bytes && !remote; i++) {
      const at = this.#starts[data + i];
      const high = HEX_VALUE[this.#bytes[at]];
      const low = HEX_VALUE[this.#bytes[at + 1]];
      if (this.#ends[data + i] - at !== 2 || high === 255 || low === 255) {
        return `invalid byte of data: ${this.#token(data + i)}`;
      }
      memory[FRAME_DATA + i] = high * 16 + low;
    }
    records.words[0] = (value | (extended ? CAN_EFF_FLAG : 0) | (remote ? CAN_RTR_FLAG : 0)) >>> 0;
    memory[FRAME_LEN] = fd ? fdLength(bytes) : bytes;
    if (fd) memory[FRAME_LEN + 1] = CANFD_FDF | (kind & BRS_KIND ? CANFD_BRS : 0) | (kind & ESI_KIND ? CANFD_ESI : 0);
    else if (!this.#inBytes && code > CAN_MAX_DLEN) memory[FRAME_LEN8_DLC] = code;
    // Before version 2.0 the type is the direction.
    const letter = this.#bytes[this.#starts[direction < 0 ? type : direction]];
    return this.#finish(fd ? CANFD_MTU : CAN_MTU, channel, letter === 0x54 && (direction >= 0 || kind === DATA));
  }

  /** Returns the kind of a row by the two letters of its type. Before version 2.0, data rows have the types Rx and Tx. */
  #kind(token: number): number {
    const at = this.#starts[token];
    if (token >= this.#count || this.#ends[token] - at !== 2) return STATUS;
    return KINDS[this.#bytes[at] << 8 | this.#bytes[at + 1]] ?? STATUS;
  }

  /** Reads a row that is not a data or remote frame: an error frame, a status, or an event with a text. */
  #status(type: string, token: number, channel: number): LogItem {
    if (type === "ER" || type === "Error") {
      this.#records.begin(CAN_MTU);
      this.#records.words[0] = (CAN_ERR_FLAG | CAN_ERR_BUSERROR) >>> 0;
      this.#records.bytes[FRAME_LEN] = CAN_MAX_DLEN;
      return this.#finish(CAN_MTU, channel, false);
    }
    const timestampNs = BigInt(this.#seconds) * SECOND + BigInt(this.#nanoseconds);
    if (type === "EV" && token < this.#count) {
      const text = textOf(this.#bytes.subarray(this.#starts[token], this.#ends[this.#count - 1]));
      return noteOfText(text.replace(/^"(.*)"$/, "$1"), timestampNs);
    }
    return { type: "object", kind: type, timestampNs };
  }

  #finish(frameLength: number, channel: number, outgoing: boolean): Message {
    return this.#records.finish(this.#seconds, this.#nanoseconds, outgoing, frameLength, this.#channels.of(channel));
  }

  /** Reads the time of a row: milliseconds after the start, with decimals. Returns false if it is invalid. */
  #milliseconds(token: number): boolean {
    if (token >= this.#count) return false;
    const bytes = this.#bytes;
    const end = this.#ends[token];
    let at = this.#starts[token];
    let whole = 0;
    for (; at < end && bytes[at] >= ZERO && bytes[at] <= NINE; at++) whole = 10 * whole + bytes[at] - ZERO;
    let fraction = 0;
    let unit = 1e6;
    if (at < end && bytes[at] === DOT) {
      for (at++; at < end && bytes[at] >= ZERO && bytes[at] <= NINE; at++) {
        unit /= 10;
        if (unit >= 1) fraction += (bytes[at] - ZERO) * unit;
      }
    }
    if (at !== end || whole >= 2 ** 50) return false;
    const seconds = Math.floor(whole / 1000);
    this.#seconds = this.#startSeconds + seconds;
    this.#nanoseconds = this.#startNanoseconds + (whole - 1000 * seconds) * 1e6 + fraction;
    if (this.#nanoseconds >= 1e9) {
      this.#seconds++;
      this.#nanoseconds -= 1e9;
    }
    return true;
  }

  #number(token: number, base: number): number {
    if (token >= this.#count) return -1;
    let value = 0;
    for (let at = this.#starts[token]; at < this.#ends[token]; at++) {
      const digit = HEX_VALUE[this.#bytes[at]];
      if (digit >= base) return -1;
      value = value * base + digit;
    }
    return value;
  }

  #token(token: number): string {
    if (token < 0 || token >= this.#count) return "";
    return textOf(this.#bytes.subarray(this.#starts[token], this.#ends[token]));
  }
}

class TrcEncoder implements LogEncoder {
  readonly #options: EncodeOptions;
  readonly #channels: FileChannels;
  readonly #version: "1.1" | "2.0" | "2.1";
  #start: number | null = null;
  #number = 0;

  constructor(options: EncodeOptions, version: "1.1" | "2.0" | "2.1") {
    this.#options = options;
    this.#channels = new FileChannels(options, (number, name, _, out) => {
      out.text(`;# ${channelText(number, name)}\r\n`);
      return true;
    });
    this.#version = version;
  }

  begin(): void {} // the header needs the time of the first entry

  write(item: LogItem, out: Bytes): void {
    if (this.#start === null) this.#header(item.timestampNs ?? 0n, out);
    if (item instanceof Message) this.#row(item, out);
    else out.text(`;# ${textOfNote(item)}\r\n`);
  }

  end(out: Bytes): void {
    if (this.#start === null) this.#header(0n, out);
  }

  #header(timestampNs: bigint, out: Bytes): void {
    this.#start = Number(timestampNs / SECOND);
    const local = this.#options.zone.toLocal(BigInt(this.#start) * SECOND);
    const days = local / DAY + DAYS_TO_1970;
    const fraction = local % DAY * 10n ** 15n / DAY + (local % DAY * 10n ** 15n % DAY === 0n ? 0n : 1n);
    const columns = { "1.1": "", "2.0": "N,O,T,I,d,L,D", "2.1": "N,O,T,B,I,d,R,L,D" }[this.#version];
    out.text(`;$FILEVERSION=${this.#version}\r\n`);
    out.text(`;$STARTTIME=${days}.${String(fraction).padStart(15, "0")}\r\n`);
    if (columns !== "") out.text(`;$COLUMNS=${columns}\r\n`);
    const date = new Date(Number(local / 1_000_000n)).toISOString();
    const [year, month, day] = date.slice(0, 10).split("-");
    out.text(`;\r\n;   Start time: ${day}.${month}.${year} ${date.slice(11, 23)}\r\n`);
    out.text(";   Generated by @socketcan/bus\r\n;\r\n");
  }

  #row(message: Message, out: Bytes): void {
    const old = this.#version === "1.1";
    const channel = this.#version === "2.1" ? this.#channels.of(message, out) : 0;
    const { seconds, nanoseconds } = splitTime(message);
    // Times are not negative: a message from before the start gets the time of the start.
    const before = seconds < this.#start!;
    if (before) this.#options.lose("timestampNs", message);
    const [after, fraction] = before ? [0, 0] : [seconds - this.#start!, nanoseconds];
    const time = `${after * 1000 + Math.floor(fraction / 1e6)}`;
    const rest = String(Math.floor(fraction / 1000) % 1000).padStart(3, "0");
    out.text(`${String(++this.#number).padStart(old ? 6 : 7)}${old ? ")" : ""} ${time.padStart(9)}.${rest} `);
    const direction = message.isRx ? "Rx" : "Tx";
    const type = typeOf(message);
    if (old) out.text(message.isErrorFrame ? "Error " : ` ${direction}  `);
    else out.text(`${type} `);
    if (this.#version === "2.1") out.text(`${String(channel).padEnd(2)} `);
    if (message.isErrorFrame && !old) {
      out.text("   -   Rx -  0\r\n");
      return;
    }
    const id = message.isErrorFrame ? 0 : message.arbitrationId;
    if (message.isExtendedId) out.hex(id, 8);
    else {
      out.text("    ");
      out.hex(id, 4);
    }
    if (!old) out.text(` ${direction}`);
    if (this.#version === "2.1") out.text(" -");
    const length = message.isFd
      ? LENGTHS.indexOf(message.dlc)
      : message.isErrorFrame
      ? 0
      : message.len8Dlc || message.dlc;
    out.text(` ${String(length).padStart(2)}  `);
    if (message.isRemoteFrame && old) out.text("RTR");
    else if (!message.isErrorFrame) out.hexBytes(message.data, 32);
    out.text("\r\n");
  }
}

function typeOf(message: Message): string {
  if (message.isErrorFrame) return "ER";
  if (message.isRemoteFrame) return "RR";
  if (!message.isFd) return "DT";
  if (message.bitrateSwitch) return message.errorStateIndicator ? "BI" : "FB";
  return message.errorStateIndicator ? "FE" : "FD";
}

const capacity: Capacity = {
  ...FULL,
  xl: false,
  errorData: false,
  errorDirection: false,
  resolution: 1000,
  lastSecond: YEAR_9999,
  timestampSource: false,
};

function trcFormat(name: LogFormatName, version: "1.1" | "2.0" | "2.1", limits: Partial<Capacity>): LogFormat {
  return {
    name,
    title: `PEAK TRC ${version} trace`,
    extensions: version === "2.1" ? [".trc"] : [],
    appendable: false,
    capacity: { ...capacity, ...limits },
    detect: (head) =>
      version === "2.1" && /^;(\$FILEVERSION=|[^]*\n;\s*Start time:)/.test(textOf(head.subarray(0, 1024))) ? 2 : 0,
    decoder: (context) => new TrcDecoder(context),
    encoder: (options) => new TrcEncoder(options, version),
  };
}

/** PEAK TRC 2.1. Files of every version are detected and read as this format. */
export const trc: LogFormat = trcFormat("trc", "2.1", {});
/** PEAK TRC 2.0, which stores no channels. */
export const trc20: LogFormat = trcFormat("trc-2.0", "2.0", { channel: "none" });
/** PEAK TRC 1.1, which stores classic frames only, without channels. */
export const trc11: LogFormat = trcFormat("trc-1.1", "1.1", { channel: "none", fd: false });
