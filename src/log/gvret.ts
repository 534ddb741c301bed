/**
 * GVRET, SavvyCAN's native CSV format.
 *
 *     Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8
 *     166064000,0000021A,false,Rx,0,8,FE,36,12,FE,69,05,07,AD,
 *
 * Source: `framefileio.cpp` of https://github.com/collin80/SavvyCAN.
 *
 * @module
 */

import { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import { ChannelNames, FileChannels } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import { type DecodeContext, type EncodeOptions, FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { writeHexData } from "./frame.ts";
import { LineDecoder, textOf } from "./lines.ts";
import { hexBytesOf, messageOf } from "./plain.ts";

class GvretDecoder extends LineDecoder {
  readonly #channels: ChannelNames;
  /** The index of each column by its name in lower case; null before the header. */
  #columns: ReadonlyMap<string, number> | null = null;

  constructor(context: DecodeContext) {
    super(context);
    this.#channels = new ChannelNames(context.info.channels);
  }

  protected override line(text: string, items: LogItem[]): void {
    if (text.trim() === "") return;
    const values = text.split(",").map((value) => value.trim());
    if (this.#columns === null) {
      this.#columns = new Map(values.map((name, i): [string, number] => [name.toLowerCase(), i]).reverse());
      return;
    }
    const found = this.#row(values, this.#columns);
    if (found instanceof Message) items.push(found);
    else this.diagnose(found, this.from);
  }

  #row(values: readonly string[], columns: ReadonlyMap<string, number>): Message | string {
    const value = (name: string) => values[columns.get(name) ?? -1] ?? "";
    const time = value("time stamp");
    if (!/^\d{1,18}$/.test(time)) return `invalid time in microseconds: ${time}`;
    const id = value("id");
    if (!/^[0-9a-f]{1,8}$/i.test(id)) return `invalid identifier: ${id}`;
    const length = Number(value("len"));
    const first = (columns.get("len") ?? -1) + 1;
    const bytes = values.slice(first, first + length);
    if (!Number.isInteger(length) || length < 0 || bytes.filter((byte) => byte !== "").length < length) {
      return `fewer than ${value("len")} bytes of data`;
    }
    const data = hexBytesOf(bytes.map((byte) => byte.padStart(2, "0")).join(""));
    if (data === null) return `data is not hexadecimal: ${bytes.join(",")}`;
    return messageOf({
      timestampNs: BigInt(time) * 1000n,
      arbitrationId: Number.parseInt(id, 16),
      isExtendedId: /^(true|1)$/i.test(value("extended")),
      isFd: length > 8,
      data,
      isRx: !/^tx$/i.test(value("dir")),
      channel: this.#channels.of(Number(value("bus")) + 1),
    });
  }
}

class GvretEncoder implements LogEncoder {
  readonly #channels: FileChannels;

  constructor(options: EncodeOptions) {
    this.#channels = new FileChannels(options, null);
  }

  begin(out: Bytes): void {
    out.text("Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n");
  }

  write(item: LogItem, out: Bytes): void {
    if (!(item instanceof Message)) return;
    const bus = this.#channels.of(item, out) - 1;
    out.text(`${item.timestampNs / 1000n},`);
    out.hex(item.arbitrationId, 8);
    out.text(`,${item.isExtendedId},${item.isRx ? "Rx" : "Tx"},${bus},${item.dlc},`);
    writeHexData(item, out, 44);
    if (item.data.length > 0) out.byte(44);
    out.byte(10);
  }
}

/** SavvyCAN's CSV format. */
export const gvret: LogFormat = {
  name: "gvret",
  title: "SavvyCAN GVRET CSV",
  extensions: [],
  appendable: true,
  capacity: {
    ...FULL,
    fd: false,
    xl: false,
    remote: false,
    remoteLength: false,
    len8Dlc: false,
    error: false,
    errorData: false,
    errorDirection: false,
    channel: "number",
    resolution: 1000,
    lastSecond: 999_999_999_999, // microseconds of 18 digits
    timestampSource: false,
    marker: false,
    dropped: false,
  },
  detect: (head) => /^\ufeff?Time Stamp,ID,Extended,/i.test(textOf(head.subarray(0, 256))) ? 2 : 0,
  decoder: (context) => new GvretDecoder(context),
  encoder: (options) => new GvretEncoder(options),
};
