/**
 * pcapng, the capture format of Wireshark. It stores interface names, nanoseconds, directions and comments.
 *
 * Source: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html.
 *
 *     block: u32 type, u32 length, body, u32 length; a body ends with options: u16 code, u16 length, value, padding to 4
 *
 * @module
 */

import { frameLength, Message } from "../message/message.ts";
import { Bytes } from "./bytes.ts";
import type { LogItem, LogNote } from "./entry.ts";
import { type EncodeOptions, FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { textOfNote } from "./notes.ts";
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  EPB_DROPCOUNT,
  EPB_FLAGS,
  IF_NAME,
  IF_TSRESOL,
  INBOUND,
  INTERFACE_DESCRIPTION,
  INTERFACE_STATISTICS,
  MOST,
  OPT_COMMENT,
  OPT_ENDOFOPT,
  OUTBOUND,
  PACKET_HEADER,
  SECTION_HEADER,
  SHB_USERAPPL,
} from "./pcapng_blocks.ts";
import { PcapngDecoder } from "./pcapng_read.ts";
import type { RandomSource } from "./random.ts";
import { endOfBlocks } from "./resume.ts";
import { encodeFrame, LINKTYPE_CAN_SOCKETCAN } from "./socketcan_link.ts";
import { SECOND, splitTime, type Time, timeOf, UNSIGNED_64 } from "./time.ts";

class PcapngEncoder implements LogEncoder {
  readonly #interfaces = new Map<string | null, number>();
  /** The channel of the last packet, that of the next one most often, and its interface; -1 before the first packet. */
  #channel: string | null = null;
  #interface = -1;
  readonly #comment = new Bytes(256);
  readonly #options: EncodeOptions;
  /** Notes to be written as options of the next packet. */
  #notes: LogNote[] = [];
  /** The time of the last packet in nanoseconds since 1970. The part of whole seconds is cached: most packets share it. */
  #seconds = -1;
  #secondHigh = 0;
  #secondLow = 0;
  #high = 0;
  #low = 0;

  constructor(options: EncodeOptions) {
    this.#options = options;
  }

  begin(out: Bytes): void {
    const from = this.#beginBlock(SECTION_HEADER, out);
    out.u32(BYTE_ORDER_MAGIC);
    out.u16(1);
    out.u16(0);
    out.u32(0xffffffff); // the length of the section is unknown
    out.u32(0xffffffff);
    this.#textOption(SHB_USERAPPL, "@socketcan/bus", out);
    out.u32(OPT_ENDOFOPT);
    this.#endBlock(from, out);
  }

  /** Appends another section, with interfaces of its own. */
  resume(file: RandomSource, out: Bytes): number {
    let littleEndian = true;
    const end = endOfBlocks(file, 0, 12, (view, at) => {
      if (view.getUint32(at, true) === SECTION_HEADER) littleEndian = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
      const length = view.getUint32(at + 4, littleEndian);
      return length > MOST || length % 4 !== 0 ? 0 : length;
    });
    if (end > 0) this.begin(out);
    return end;
  }

  resumeCompressed(_head: Uint8Array, out: Bytes): void {
    this.begin(out);
  }

  write(item: LogItem, out: Bytes): void {
    if (item instanceof Message) this.#packet(item, out);
    else this.#notes.push(item);
  }

  /** Writes the notes that no packet followed yet into interface statistics blocks. */
  flush(out: Bytes): void {
    for (const note of this.#notes) {
      const isOfAny = note.type !== "dropped" && this.#interfaces.size > 0;
      const source = isOfAny ? 0 : this.#interfaceOf(note.type === "dropped" ? note.channel : null, out);
      if (note.timestampNs !== null) this.#setTime(timeOf(note.timestampNs));
      const from = this.#beginBlock(INTERFACE_STATISTICS, out);
      out.u32(source);
      out.u32(this.#high);
      out.u32(this.#low);
      this.#textOption(OPT_COMMENT, commentOf(note), out);
      out.u32(OPT_ENDOFOPT);
      this.#endBlock(from, out);
    }
    this.#notes = [];
  }

  #packet(message: Message, out: Bytes): void {
    if (this.#interface < 0 || message.channel !== this.#channel) {
      this.#channel = message.channel;
      this.#interface = this.#interfaceOf(message.channel, out);
    }
    this.#setTime(splitTime(message));
    const length = frameLength(message);
    const options = PACKET_HEADER + (length + 3 & ~3);
    const from = out.claim(options + 8);
    const { data } = out;
    data.setUint32(from, ENHANCED_PACKET, true);
    data.setUint32(from + 8, this.#interface, true);
    data.setUint32(from + 12, this.#high, true);
    data.setUint32(from + 16, this.#low, true);
    data.setUint32(from + 20, length, true);
    data.setUint32(from + 24, length, true);
    encodeFrame(message, length, data, from + PACKET_HEADER);
    data.setUint32(from + options, EPB_FLAGS | 4 << 16, true);
    data.setUint32(from + options + 4, message.isRx ? INBOUND : OUTBOUND, true);
    if (this.#notes.length > 0) this.#noteOptions(message, out);
    out.u32(OPT_ENDOFOPT);
    this.#endBlock(from, out);
  }

  /** Writes the notes in front of a packet as its options. Frames dropped on another interface are a comment. */
  #noteOptions(message: Message, out: Bytes): void {
    let dropped = 0;
    const comments: LogNote[] = [];
    for (const note of this.#notes) {
      if (note.timestampNs !== null && note.timestampNs !== message.timestampNs) {
        this.#options.lose("timestampNs", note); // it gets that of the packet
      }
      if (note.type === "dropped" && note.channel === message.channel && note.count) dropped += note.count;
      else comments.push(note);
    }
    if (dropped > 0) {
      out.u16(EPB_DROPCOUNT);
      out.u16(8);
      out.u64(dropped);
    }
    for (const note of comments) this.#textOption(OPT_COMMENT, commentOf(note), out);
    this.#notes = [];
  }

  #setTime({ seconds, nanoseconds }: Time): void {
    if (seconds !== this.#seconds) {
      this.#seconds = seconds;
      const units = BigInt(seconds) * SECOND;
      this.#secondHigh = Number(units >> 32n);
      this.#secondLow = Number(units & 0xffffffffn);
    }
    const low = this.#secondLow + nanoseconds;
    this.#high = low >= 2 ** 32 ? this.#secondHigh + 1 : this.#secondHigh;
    this.#low = low >= 2 ** 32 ? low - 2 ** 32 : low;
  }

  #interfaceOf(channel: string | null, out: Bytes): number {
    const known = this.#interfaces.get(channel);
    if (known !== undefined) return known;
    const number = this.#interfaces.size;
    this.#interfaces.set(channel, number);
    const from = this.#beginBlock(INTERFACE_DESCRIPTION, out);
    out.u16(LINKTYPE_CAN_SOCKETCAN);
    out.u16(0);
    out.u32(0);
    if (channel !== null) this.#textOption(IF_NAME, channel, out);
    out.u16(IF_TSRESOL);
    out.u16(1);
    out.u32(9);
    out.u32(OPT_ENDOFOPT);
    this.#endBlock(from, out);
    return number;
  }

  #textOption(code: number, text: string, out: Bytes): void {
    this.#comment.clear();
    this.#comment.text(text);
    const length = Math.min(this.#comment.length, 0xffff);
    out.u16(code);
    out.u16(length);
    out.bytes(this.#comment.memory.subarray(0, length));
    pad(length, out);
  }

  #beginBlock(type: number, out: Bytes): number {
    out.u32(type);
    out.u32(0);
    return out.length - 8;
  }

  #endBlock(from: number, out: Bytes): void {
    const length = out.length - from + 4;
    out.patch32(from + 4, length);
    out.u32(length);
  }
}

function commentOf(note: LogNote): string {
  return note.type === "marker" ? note.text : textOfNote(note);
}

function pad(length: number, out: Bytes): void {
  for (let i = length; i % 4 !== 0; i++) out.byte(0);
}

/** The capture format of Wireshark. */
export const pcapng: LogFormat = {
  name: "pcapng",
  title: "pcapng capture",
  extensions: [".pcapng", ".ntar"],
  appendable: true,
  capacity: {
    ...FULL,
    notInNames: /\0/,
    lastSecond: UNSIGNED_64,
    timestampSource: false,
  },
  detect: (head) =>
    head.length >= 4 && head[0] === 0x0a && head[1] === 0x0d && head[2] === 0x0d && head[3] === 0x0a ? 3 : 0,
  decoder: (context) => new PcapngDecoder(context),
  encoder: (options) => new PcapngEncoder(options),
};
