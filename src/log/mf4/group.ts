/**
 * Channel groups of CAN events: the layout of their records, and the decoding of records as messages.
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_ERR_MASK,
  CAN_MAX_DLEN,
  CAN_MTU,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  fdLengths,
  FRAME_DATA,
} from "../../kernel/can.ts";
import { CAN_ERR_BUSERROR } from "../../kernel/error.ts";
import type { Message } from "../../message/message.ts";
import type { ChannelNames } from "../channels.ts";
import { textOf } from "../lines.ts";
import type { Records } from "../records.ts";
import type { Block, Blocks } from "./blocks.ts";

/** The layout of one value in a record. */
export interface Field {
  readonly byteOffset: number;
  readonly bitOffset: number;
  readonly bitCount: number;
  /** The data type as in the file: 0 and 1 unsigned, 2 and 3 signed, 4 and 5 floating point (odd: big-endian), 6 to 9 text. */
  readonly dataType: number;
  /** Physical value = raw * factor + offset. */
  readonly factor: number;
  readonly offset: number;
  readonly channelType: number;
  /** The link to the values of variable length, or to the channel that contains the length. */
  readonly data: number;
}

/** A channel group of events of one kind. */
export interface Group {
  readonly kind: "data" | "remote" | "error" | "name";
  readonly recordId: number;
  /** The size of a record in bytes, without its record ID. */
  readonly recordBytes: number;
  readonly time: Field;
  readonly fields: Readonly<Partial<Record<FieldName, Field>>>;
}

type FieldName =
  | "BusChannel"
  | "ID"
  | "IDE"
  | "DLC"
  | "DataLength"
  | "DataBytes"
  | "Dir"
  | "EDL"
  | "BRS"
  | "ESI"
  | "Name";

const names: readonly FieldName[] = [
  "BusChannel",
  "ID",
  "IDE",
  "DLC",
  "DataLength",
  "DataBytes",
  "Dir",
  "EDL",
  "BRS",
  "ESI",
  "Name",
];

/** The kinds of groups. The last one is this library's own: names of channels. */
const kinds = {
  CAN_DataFrame: "data",
  CAN_RemoteFrame: "remote",
  CAN_ErrorFrame: "error",
  CAN_ChannelName: "name",
} as const;

/** The type of a channel that has a maximum length, and its length in another channel. */
const MLSD = 5;
/** The time of a group whose records are skipped. */
const noTime: Field = {
  byteOffset: 0,
  bitOffset: 0,
  bitCount: 0,
  dataType: 0,
  factor: 0,
  offset: 0,
  channelType: 2,
  data: 0,
};

/** Returns a group of something else, whose records are skipped. */
export function unknownGroup(recordId: number, recordBytes: number): Group {
  return { kind: "data", recordId, recordBytes, time: noTime, fields: {} };
}

/** Whether the records of a group are skipped. */
export function isUnknown({ time }: Group): boolean {
  return time === noTime;
}

/** The largest number of channels in a group, including nested ones. */
const MOST_CHANNELS = 1000;

/** Reads a channel group of CAN events; null if it contains something else. */
export function readGroup(blocks: Blocks, block: Block, recordIdSize: number): Group | null {
  const { data } = block;
  const fields: Partial<Record<FieldName, Field>> = {};
  /** All channels by their offset in the file. */
  const places = new Map<number, Field>();
  let time: Field | null = null;
  let kind: Group["kind"] | null = null;
  for (const { name, field, offset } of channelsOf(blocks, block.links[1] ?? 0)) {
    places.set(offset, field);
    if (field.channelType === 2 || field.channelType === 3) time ??= field;
    const [frame, part] = name.split(".");
    const found = kinds[frame as keyof typeof kinds];
    if (found === undefined) continue;
    kind = found;
    if (names.includes(part as FieldName)) fields[part as FieldName] = field;
  }
  if (kind === null || time === null) return null;
  const length = fields.DataBytes?.channelType === MLSD ? places.get(fields.DataBytes.data) : undefined;
  if (length !== undefined) fields.DataLength = length;
  const recordId = recordIdSize === 0 ? 0 : Number(data.getBigUint64(0, true));
  return { kind, recordId, recordBytes: data.getUint32(24, true) + data.getUint32(28, true), time, fields };
}

/** Yields the channels of a group and the channels nested in them. */
function* channelsOf(blocks: Blocks, first: number): Generator<{ name: string; field: Field; offset: number }> {
  const seen = new Set<number>();
  const waiting = [first];
  while (waiting.length > 0) {
    for (const { offset, links, data } of blocks.chain(waiting.pop()!, "CN")) {
      if (seen.has(offset) || seen.size >= MOST_CHANNELS || data.byteLength < 28) return;
      seen.add(offset);
      const [, composition = 0, name = 0, , conversion = 0, values = 0] = links;
      if (composition !== 0 && blocks.head(composition)?.type === "CN") waiting.push(composition);
      const [factor, add] = linear(blocks, conversion);
      yield {
        offset,
        name: blocks.text(name),
        field: {
          channelType: data.getUint8(0),
          dataType: data.getUint8(2),
          bitOffset: data.getUint8(3),
          byteOffset: data.getUint32(4, true),
          bitCount: data.getUint32(8, true),
          factor,
          offset: add,
          data: values,
        },
      };
    }
  }
}

/** The largest size of the data of a linear conversion, in bytes. */
const LINEAR = 256;

/** Returns factor and offset of a linear conversion. Other conversions are ignored. */
function linear(blocks: Blocks, offset: number): [factor: number, offset: number] {
  const head = blocks.head(offset);
  // Tables and the like are longer, and not needed.
  if (head === null || head.length > LINEAR || head.links > 16) return [1, 0];
  const block = blocks.read(offset, "CC");
  if (block === null || block.data.byteLength < 40 || block.data.getUint8(0) !== 1) return [1, 0];
  return [block.data.getFloat64(32, true), block.data.getFloat64(24, true)];
}

/** Returns the unsigned integer in a field, exact up to 53 bits; 0 if the record is too short. */
export function numberOf(record: Uint8Array, { byteOffset, bitOffset, bitCount, dataType }: Field): number {
  const bytes = (bitOffset + bitCount + 7) >> 3;
  if (byteOffset + bytes > record.length || bytes > 8) return 0;
  let value = 0;
  if (dataType === 1 || dataType === 3) {
    for (let i = 0; i < bytes; i++) value = value * 256 + record[byteOffset + i];
  } else {
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + record[byteOffset + i];
  }
  value = Math.floor(value / 2 ** bitOffset);
  return value % 2 ** bitCount;
}

/** Returns a time in nanoseconds after the start of the recording; null if it is invalid. */
export function nanosecondsOf(record: Uint8Array, field: Field): bigint | null {
  const { byteOffset, bitCount, bitOffset, dataType, factor, offset } = field;
  const bytes = bitCount >>> 3;
  if (byteOffset + bytes > record.length) return null;
  const view = new DataView(record.buffer, record.byteOffset + byteOffset, bytes);
  const little = dataType % 2 === 0;
  if (dataType === 4 || dataType === 5) {
    const raw = bytes === 8 ? view.getFloat64(0, little) : bytes === 4 ? view.getFloat32(0, little) : NaN;
    const seconds = raw * factor + offset;
    return Number.isFinite(seconds) && Math.abs(seconds) < 1e9 ? BigInt(Math.round(seconds * 1e9)) : null;
  }
  const raw = bytes === 8 && bitOffset === 0 ? view.getBigUint64(0, little) : BigInt(numberOf(record, field));
  // Units that are powers of ten are converted exactly, all others as exactly as their factor allows.
  const power = Math.round(Math.log10(factor) + 9);
  if (offset === 0 && power >= 0 && power <= 9 && Math.abs(factor / 10 ** (power - 9) - 1) < 1e-12) {
    return raw * 10n ** BigInt(power);
  }
  const seconds = Number(raw) * factor + offset;
  return Number.isFinite(seconds) && Math.abs(seconds) < 1e9 ? BigInt(Math.round(seconds * 1e9)) : null;
}

/** Returns the length of the data stated in a record, in bytes, at most 64. */
export function dataLengthOf(record: Uint8Array, { fields }: Group): number {
  const { DataLength, DLC, EDL } = fields;
  if (DataLength !== undefined) return Math.min(numberOf(record, DataLength), CANFD_MAX_DLEN);
  const length = DLC === undefined ? 0 : fdLengths[numberOf(record, DLC)] ?? CANFD_MAX_DLEN;
  // Length codes above 8 of a classic frame mean 8 bytes.
  return EDL !== undefined && numberOf(record, EDL) === 0 ? Math.min(length, CAN_MAX_DLEN) : length;
}

/**
 * Decodes a record.
 *
 * @param data The data of the frame.
 * @param own Whether this library wrote the file: then error frames contain the kernel's error classes and data.
 * @returns The reason, as a string, if the record is invalid.
 */
export function messageOfRecord(
  records: Records,
  record: Uint8Array,
  data: Uint8Array,
  group: Group,
  seconds: number,
  nanoseconds: number,
  own: boolean,
  channels: ChannelNames,
): Message | string {
  const { fields, kind } = group;
  if (data.length > CANFD_MAX_DLEN) return `more than ${CANFD_MAX_DLEN} bytes of data`;
  const value = (name: FieldName) => fields[name] === undefined ? 0 : numberOf(record, fields[name]);
  const channel = channels.of(value("BusChannel"));
  const outgoing = isOutgoing(record, fields.Dir);
  const code = value("DLC");
  if (kind === "error") {
    records.begin(CAN_MTU);
    const classes = own ? value("ID") & CAN_ERR_MASK : CAN_ERR_BUSERROR;
    records.classic((CAN_ERR_FLAG | classes) >>> 0, CAN_MAX_DLEN, 0);
    if (own) records.bytes.set(data.subarray(0, CAN_MAX_DLEN), FRAME_DATA);
    return records.finish(seconds, nanoseconds, outgoing, CAN_MTU, channel);
  }
  const id = value("ID");
  const extended = fields.IDE === undefined ? (id & CAN_EFF_FLAG) !== 0 || id > CAN_SFF_MASK : value("IDE") === 1;
  const plain = id & CAN_EFF_MASK;
  if (!extended && plain > CAN_SFF_MASK) {
    return `standard identifier 0x${plain.toString(16)} is greater than 0x7ff`;
  }
  const fd = kind === "data" && (value("EDL") === 1 || data.length > CAN_MAX_DLEN);
  records.begin(fd ? CANFD_MTU : CAN_MTU);
  const word = (plain | (extended ? CAN_EFF_FLAG : 0) | (kind === "remote" ? CAN_RTR_FLAG : 0)) >>> 0;
  if (fd) records.fd(word, data.length, (value("BRS") ? CANFD_BRS : 0) | (value("ESI") ? CANFD_ESI : 0));
  else records.classic(word, kind === "remote" ? Math.min(code, CAN_MAX_DLEN) : data.length, code);
  if (kind === "data") records.bytes.set(data, FRAME_DATA);
  return records.finish(seconds, nanoseconds, outgoing, fd ? CANFD_MTU : CAN_MTU, channel);
}

/** Takes the name of a channel from a record. */
export function declareChannel(record: Uint8Array, { fields }: Group, channels: ChannelNames): void {
  const { BusChannel, Name } = fields;
  if (BusChannel === undefined || Name === undefined) return;
  const name = textOf(record.subarray(Name.byteOffset, Name.byteOffset + (Name.bitCount >>> 3))).replace(/\0+$/, "");
  channels.declare(numberOf(record, BusChannel), name || null);
}

/** Whether the direction is transmit: the number 1, or a text that begins with T. */
function isOutgoing(record: Uint8Array, field: Field | undefined): boolean {
  if (field === undefined) return false;
  if (field.dataType >= 6 && field.dataType <= 9) return (record[field.byteOffset] | 32) === 0x74;
  return numberOf(record, field) === 1;
}
