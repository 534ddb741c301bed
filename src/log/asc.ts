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

import { fdLengths } from "../kernel/can.ts";
import { Message } from "../message/message.ts";
import { formatAscDate } from "./asc_date.ts";
import { BRS, ESI, FDF, SEC, XLF } from "./asc_flags.ts";
import { AscDecoder } from "./asc_read.ts";
import type { Bytes } from "./bytes.ts";
import { channelText, FileChannels } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import { type EncodeOptions, FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { dataLength, writeHexData } from "./frame.ts";
import { textOf } from "./lines.ts";
import { textOfNote } from "./notes.ts";
import { SECOND, splitTime, YEAR_9999 } from "./time.ts";

const [DOT, X] = [...".x"].map((each) => each.charCodeAt(0));

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
      if (item.timestampNs !== null) this.#options.lose("timestampNs", item); // a comment has none
      out.text(`// ${textOfNote(item)}\n`);
      return;
    }
    const { seconds, nanoseconds } = splitTime(item);
    if (this.#start === null) this.#header(item.timestampNs, out);
    const channel = this.#channels.of(item, out);
    const after = seconds - this.#start!;
    // Some readers reject times before the start.
    if (after < 0) this.#options.lose("timestampNs", item);
    const whole = Math.max(after, 0);
    out.spaces(whole >= 1000 ? 0 : whole >= 100 ? 1 : whole >= 10 ? 2 : 3);
    out.decimal(whole);
    out.byte(DOT);
    out.decimal(after < 0 ? 0 : Math.floor(nanoseconds / 1000), 6);
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
    out.spaces(from + 15 - out.length);
    out.text(message.isRx ? " Rx   " : " Tx   ");
    out.text(message.isRemoteFrame ? "r " : "d ");
    out.hex(message.len8Dlc || message.dlc, 1);
    const length = dataLength(message);
    if (length > 0) out.byte(32);
    writeHexData(message, out, 32);
  }

  #fd(message: Message, channel: number, out: Bytes): void {
    const length = dataLength(message);
    out.text(`CANFD ${String(channel).padStart(3)} ${message.isRx ? "Rx" : "Tx"} `);
    const text = message.arbitrationId.toString(16).toUpperCase() + (message.isExtendedId ? "x" : " ");
    out.text(`${text.padStart(11)}                                  `);
    out.text(`${message.bitrateSwitch ? 1 : 0} ${message.errorStateIndicator ? 1 : 0} `);
    out.text(`${fdLengths.indexOf(length).toString(16)} ${String(length).padStart(2)}`);
    if (length > 0) out.byte(32);
    writeHexData(message, out, 32);
    const flags = FDF | (message.bitrateSwitch ? BRS : 0) | (message.errorStateIndicator ? ESI : 0);
    out.text(`   130000  130 ${flags.toString(16).toUpperCase().padStart(8)} 0 0 0 0 0`);
  }

  #xl(message: Message, channel: number, out: Bytes): void {
    const length = dataLength(message);
    out.text(`CANXL ${String(channel).padStart(3)} ${message.isRx ? "Rx" : "Tx"}   XLFF   984438   4656 `);
    out.text(`${message.priority.toString(16).toUpperCase().padStart(9)}                                  `);
    out.hex(message.sdt, 2);
    out.text(` ${message.sec ? 1 : 0} ${(length - 1).toString(16)} ${length} 1 1f96 `);
    out.hex(message.vcid, 2);
    out.byte(32);
    out.hex(message.af, 8);
    out.byte(32);
    writeHexData(message, out, 32);
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
