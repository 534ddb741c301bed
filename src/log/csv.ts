/**
 * python-can's CSV format, and an extension with more columns that stores every field. The CSV files of CSS Electronics'
 * CANedge converters can be read, too.
 *
 *     timestamp,arbitration_id,extended,remote,error,dlc,data
 *     1483389946.197,0xdadada,1,0,0,6,WzQyLCA5XQ==
 *
 * Source: https://python-can.readthedocs.io/en/stable/file_io.html#csvwriter.
 *
 * @module
 */

import type { MessageInit } from "../message/init.ts";
import { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import { addChannel, channelName } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import { type Capacity, FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { LineDecoder, textOf } from "./lines.ts";
import { hexBytesOf, messageOf, secondsOf, secondsText } from "./plain.ts";
import type { RandomSource } from "./random.ts";
import { resumeLines } from "./resume.ts";

const COMMON = ["timestamp", "arbitration_id", "extended", "remote", "error", "dlc", "data"] as const;
const MORE = [
  "channel",
  "is_rx",
  "is_fd",
  "bitrate_switch",
  "error_state_indicator",
  "len8_dlc",
  "timestamp_source",
  "is_xl",
  "vcid",
  "sdt",
  "af",
  "sec",
] as const;

type Row = Readonly<Record<string, string>>;

/** Creates a message from the fields of a row, by column name; or returns the reason why it cannot. */
type Reader = (row: Row) => Message | string;

class CsvDecoder extends LineDecoder {
  #columns: readonly string[] = [];
  #separator = ",";
  #read: Reader | null = null;

  protected override line(text: string, items: LogItem[]): void {
    if (text === "") return;
    if (this.#read === null) {
      this.#header(text.replace(/^\ufeff/, ""));
      return;
    }
    const values = fieldsOf(text, this.#separator);
    if (values.length < this.#columns.length) {
      return this.diagnose(`${values.length} columns instead of the ${this.#columns.length} of the header`);
    }
    const row = Object.fromEntries(this.#columns.map((name, i) => [name, values[i]]));
    const found = this.#read(row);
    if (found instanceof Message) {
      if (found.channel !== null) addChannel(this.context.info.channels, found.channel);
      items.push(found);
    } else this.diagnose(found, this.from);
  }

  #header(text: string): void {
    this.#separator = text.includes(";") && !text.includes(",") ? ";" : ",";
    this.#columns = fieldsOf(text, this.#separator).map((name) => name.trim());
    const known = (...names: string[]) => names.every((name) => this.#columns.includes(name));
    if (known("timestamp", "arbitration_id", "data")) this.#read = pythonRow;
    else if (known("TimestampEpoch", "ID", "IDE", "DataBytes")) this.#read = canedgeRow;
    else {
      this.diagnose(`unknown columns: ${text.slice(0, 80)}`, this.from);
      this.#read = () => "row with unknown columns";
    }
  }
}

/** Splits a line into fields. A field in double quotes may contain the separator. */
function fieldsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator);
  const fields: string[] = [];
  for (let at = 0; at <= line.length;) {
    if (line[at] !== '"') {
      const end = line.indexOf(separator, at);
      fields.push(line.slice(at, end < 0 ? undefined : end));
      at = end < 0 ? line.length + 1 : end + 1;
      continue;
    }
    let field = "";
    for (at++; at < line.length; at++) {
      if (line[at] !== '"') field += line[at];
      else if (line[at + 1] === '"') field += line[++at];
      else break;
    }
    fields.push(field);
    at += 2;
  }
  return fields;
}

function pythonRow(row: Row): Message | string {
  const timestampNs = secondsOf(row.timestamp);
  if (timestampNs === null) return `invalid timestamp: ${row.timestamp}`;
  if (!/^(0x)?[0-9a-f]{1,8}$/i.test(row.arbitration_id)) return `invalid arbitration_id: ${row.arbitration_id}`;
  const data = base64(row.data);
  if (data === null) return `data is not valid base64: ${row.data}`;
  const isErrorFrame = row.error === "1";
  const isXl = row.is_xl === "1";
  // python-can's CSV has no flag for CAN FD: it can only be inferred from the length.
  const isFd = row.is_fd === undefined ? data.length > 8 : row.is_fd === "1";
  const isRemoteFrame = row.remote === "1";
  const source = row.timestamp_source;
  return messageOf({
    timestampNs,
    ...source !== undefined && source !== "" && { timestampSource: source as MessageInit["timestampSource"] },
    arbitrationId: Number.parseInt(row.arbitration_id, 16),
    ...!isXl && { isExtendedId: row.extended === "1" && !isErrorFrame },
    isRemoteFrame,
    isErrorFrame,
    isFd,
    data,
    ...isRemoteFrame && { dlc: Number(row.dlc) },
    channel: row.channel === undefined || row.channel === "" ? null : row.channel,
    isRx: row.is_rx !== "0",
    ...isFd && { bitrateSwitch: row.bitrate_switch === "1", errorStateIndicator: row.error_state_indicator === "1" },
    ...Number(row.len8_dlc ?? 0) > 0 && { len8Dlc: Number(row.len8_dlc) },
    ...isXl &&
      { isXl, vcid: Number(row.vcid), sdt: Number(row.sdt), af: Number(row.af), sec: row.sec === "1" },
  });
}

/** A row of CSS Electronics' CANedge converters. */
function canedgeRow(row: Row): Message | string {
  const timestampNs = secondsOf(row.TimestampEpoch);
  if (timestampNs === null) return `invalid timestamp: ${row.TimestampEpoch}`;
  const data = hexBytesOf(row.DataBytes);
  if (data === null) return `data is not hexadecimal: ${row.DataBytes}`;
  const isFd = row.EDL === "1";
  return messageOf({
    timestampNs,
    arbitrationId: Number.parseInt(row.ID, 16),
    isExtendedId: row.IDE === "1",
    isFd,
    ...isFd && { bitrateSwitch: row.BRS === "1", errorStateIndicator: row.ESI === "1" },
    isRemoteFrame: row.RTR === "1",
    ...row.RTR === "1" && { dlc: Number(row.DLC) },
    data,
    isRx: row.Dir !== "1",
    channel: channelName(Number(row.BusChannel ?? 0)),
  });
}

function base64(text: string): Uint8Array | null {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(trimmed) || trimmed.length % 4 !== 0) return null;
  return Uint8Array.from(atob(trimmed), (character) => character.charCodeAt(0));
}

class CsvEncoder implements LogEncoder {
  readonly #more: boolean;

  constructor(more: boolean) {
    this.#more = more;
  }

  begin(out: Bytes): void {
    out.text(`${this.#columns}\n`);
  }

  resume(file: RandomSource, out: Bytes): number {
    this.resumeCompressed(file.read(0, 4096));
    return resumeLines(file, out);
  }

  resumeCompressed(head: Uint8Array): void {
    const columns = textOf(head.subarray(0, 4096)).split(/\r?\n/, 1)[0];
    if (columns !== this.#columns) throw new RangeError(`its columns are ${columns.slice(0, 300)}`);
  }

  get #columns(): string {
    return [...COMMON, ...this.#more ? MORE : []].join(",");
  }

  write(item: LogItem, out: Bytes): void {
    if (!(item instanceof Message)) return;
    const bit = (value: boolean) => value ? 1 : 0;
    const row: (string | number)[] = [
      secondsText(item.timestampNs, 1),
      `0x${item.arbitrationId.toString(16)}`,
      bit(item.isExtendedId),
      bit(item.isRemoteFrame),
      bit(item.isErrorFrame),
      item.dlc,
      btoa(String.fromCharCode(...item.data)),
    ];
    if (this.#more) {
      const channel = item.channel ?? "";
      row.push(
        /[",]/.test(channel) ? `"${channel.replaceAll('"', '""')}"` : channel,
        bit(item.isRx),
        bit(item.isFd),
        bit(item.bitrateSwitch),
        bit(item.errorStateIndicator),
        item.len8Dlc,
        item.timestampSource ?? "",
        bit(item.isXl),
        item.vcid,
        item.sdt,
        item.af,
        bit(item.sec),
      );
    }
    out.text(row.join(","));
    out.byte(10);
  }
}

const everyFrame: Capacity = {
  ...FULL,
  notInNames: /[\r\n]/,
  marker: false,
  dropped: false,
};

/** The CSV format that python-can reads and writes. */
export const csv: LogFormat = {
  name: "csv",
  title: "python-can CSV",
  extensions: [".csv"],
  appendable: true,
  capacity: {
    ...everyFrame,
    fd: false,
    xl: false,
    len8Dlc: false,
    direction: false,
    channel: "none",
    timestampSource: false,
  },
  detect(head) {
    const line = textOf(head.subarray(0, 4096)).split(/\r?\n/, 1)[0].replace(/^\ufeff/, "");
    return line.startsWith("timestamp,arbitration_id,") || line.startsWith("TimestampEpoch;") ? 2 : 0;
  },
  decoder: (context) => new CsvDecoder(context),
  encoder: () => new CsvEncoder(false),
};

/** python-can's CSV format, with columns for every field of a message. */
export const csvFull: LogFormat = {
  ...csv,
  name: "csv-full",
  title: "CSV with all fields",
  extensions: [],
  capacity: everyFrame,
  detect: () => 0,
  encoder: () => new CsvEncoder(true),
};
