/**
 * Reading the CAN events of an MDF 4 file.
 *
 * @module
 */

import { CANFD_MAX_DLEN } from "../../kernel/can.ts";
import { Message } from "../../message/message.ts";
import { ChannelNames } from "../channels.ts";
import type { LogItem } from "../entry.ts";
import type { DecodeContext } from "../format.ts";
import { textOf } from "../lines.ts";
import type { RandomSource } from "../random.ts";
import { Records } from "../records.ts";
import { Blocks } from "./blocks.ts";
import { GroupData } from "./data.ts";
import {
  dataLengthOf,
  declareChannel,
  type Group,
  messageOfRecord,
  nanosecondsOf,
  numberOf,
  readGroup,
} from "./group.ts";

const ID_SIZE = 64;
const SECOND = 1_000_000_000n;
/** The number of messages yielded at once. */
const BATCH = 1024;
/** The largest number of frames in an unsorted file that wait for their data. */
const MOST_WAITING = 1 << 16;
/** The program name that this library writes into the identification block. */
export const PROGRAM = "sockcan ";

/** A file being read. */
interface File {
  readonly blocks: Blocks;
  readonly context: DecodeContext;
  readonly startNs: bigint;
  /** Whether the file was not finished: its last block of data may have no length. */
  readonly open: boolean;
  /** Whether this library wrote the file. */
  readonly own: boolean;
  readonly channels: ChannelNames;
}

/** Yields the CAN events of a file in the order of their times, in batches. */
export function* readMf4(source: RandomSource, context: DecodeContext): Generator<LogItem[]> {
  const blocks = new Blocks(source, (reason, offset) => context.diagnostics.add(reason, { offset }));
  const id = source.read(0, ID_SIZE);
  if (id.length < ID_SIZE) return blocks.diagnose("file is shorter than its header", 0);
  const { info } = context;
  info.version = textOf(id.subarray(8, 16)).replace(/[\s\0]+$/, "");
  const program = textOf(id.subarray(16, 24));
  info.application = program.replace(/[\s\0]+$/, "") || null;
  const header = blocks.read(ID_SIZE, "HD");
  if (header === null || header.data.byteLength < 12) return;
  const startNs = startOf(header.data, context);
  info.startTimeNs = startNs;
  const open = textOf(id.subarray(0, 7)) === "UnFinMF";
  const channels = new ChannelNames(info.channels);
  const file: File = { blocks, context, startNs, open, own: program === PROGRAM, channels };

  const streams: Iterator<Message>[] = [];
  let others = 0;
  for (const { offset, links, data } of blocks.chain(header.links[0] ?? 0, "DG")) {
    const recordIdSize = data.byteLength > 0 ? data.getUint8(0) : -1;
    if (![0, 1, 2, 4, 8].includes(recordIdSize)) {
      blocks.diagnose(recordIdSize < 0 ? "data group is too short" : `record ID of ${recordIdSize} bytes`, offset);
      continue;
    }
    const groups: Group[] = [];
    const variable = new Map<number, number>();
    for (const block of blocks.chain(links[1] ?? 0, "CG")) {
      if (block.data.byteLength < 32) continue;
      const flags = block.data.getUint16(16, true);
      // Values of variable length form a group of their own, to which their channel refers.
      if (flags & 1) variable.set(Number(block.data.getBigUint64(0, true)), block.offset);
      else {
        const group = readGroup(blocks, block, recordIdSize);
        if (group !== null) groups.push(group);
        else others++;
        if (group === null && recordIdSize > 0) {
          const size = block.data.getUint32(24, true) + block.data.getUint32(28, true);
          groups.push({ ...unknown, recordId: Number(block.data.getBigUint64(0, true)), recordBytes: size });
        }
      }
    }
    if (!groups.some(({ time }) => time !== unknown.time)) continue;
    const content = new GroupData(blocks, links[2] ?? 0, open, context.inflateLimit);
    streams.push(
      recordIdSize === 0 ? sorted(file, groups[0], content) : unsorted(file, groups, variable, content, recordIdSize),
    );
  }
  let batch: LogItem[] = [];
  for (let i = 0; i < others; i++) {
    batch.push({ type: "object", kind: "channel group of other signals", timestampNs: null });
  }
  for (const message of merged(streams)) {
    batch.push(message);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Stands for a group whose records are skipped. */
const unknown: Group = {
  kind: "data",
  recordId: 0,
  recordBytes: 0,
  time: {
    byteOffset: 0,
    bitOffset: 0,
    bitCount: 0,
    dataType: 0,
    factor: 0,
    offset: 0,
    channelType: 2,
    data: 0,
  },
  fields: {},
};

/** Returns the start of the recording, which is in UTC unless flagged as local time. */
function startOf(data: DataView, { zone }: DecodeContext): bigint {
  const start = data.getBigUint64(0, true);
  const flags = data.byteLength > 12 ? data.getUint8(12) : 0;
  return flags & 1 ? zone.fromLocal(start) : start;
}

/** Merges streams by time. Each stream is in order. */
function* merged(streams: readonly Iterator<Message>[]): Generator<Message> {
  const heads = streams.map((stream) => ({ stream, next: stream.next() })).filter(({ next }) => !next.done);
  if (heads.length === 1) {
    const [{ stream, next }] = heads;
    yield next.value;
    yield* { [Symbol.iterator]: () => stream };
    return;
  }
  while (heads.length > 0) {
    let first = heads[0];
    for (const head of heads) if (head.next.value.timestampNs < first.next.value.timestampNs) first = head;
    yield first.next.value;
    first.next = first.stream.next();
    if (first.next.done) heads.splice(heads.indexOf(first), 1);
  }
}

/** Yields the messages of a data group with a single channel group. */
function* sorted(file: File, group: Group, content: GroupData): Generator<Message> {
  const records = new Records();
  const { DataBytes } = group.fields;
  const values = DataBytes?.channelType === 1
    ? new GroupData(file.blocks, DataBytes.data, file.open, file.context.inflateLimit)
    : null;
  const size = group.recordBytes;
  if (size === 0) return;
  let rest = new Uint8Array(0);
  let last = 0;
  for (const { start, place, bytes: piece, gap } of content.pieces()) {
    last = place;
    const bytes = joined(rest, piece);
    // After a gap reading goes on with the next whole record.
    let at = rest.length === 0 ? (size - start % size) % size : 0;
    for (; at + size <= bytes.length; at += size) {
      const record = bytes.subarray(at, at + size);
      const data = values === null
        ? fixedData(record, group)
        : variableData(file, values, numberOf(record, DataBytes!), place);
      const message = data && messageOf(file, records, record, data, group, place);
      if (message !== null) yield message;
    }
    rest = bytes.slice(gap ? bytes.length : at);
  }
  if (rest.some((byte) => byte !== 0)) {
    file.blocks.diagnose(`the last record is truncated after ${rest.length} bytes`, last);
  }
}

/** Yields the messages of a data group with several channel groups. Each record is preceded by its record ID. */
function* unsorted(
  file: File,
  groups: readonly Group[],
  variable: ReadonlyMap<number, number>,
  content: GroupData,
  recordIdSize: number,
): Generator<Message> {
  const records = new Records();
  const byId = new Map(groups.map((group) => [group.recordId, group]));
  /** The offset of the next value in each variable group, and the values that were read but not used yet. */
  const positions = new Map<number, number>();
  const values = new Map<string, Uint8Array>();
  /** The frames in order, the first of which may wait for its data. */
  const waiting: { record: Uint8Array; group: Group; key: string | null; place: number }[] = [];
  const settled = function* (all: boolean): Generator<Message> {
    while (waiting.length > 0) {
      const { record, group, key, place } = waiting[0];
      const data = key === null ? fixedData(record, group) : values.get(key);
      if (data === undefined && !all && waiting.length < MOST_WAITING) return;
      if (data === undefined) file.blocks.diagnose("the data of a frame is missing", place);
      else {
        if (key !== null) values.delete(key);
        const message = messageOf(file, records, record, data, group, place);
        if (message !== null) yield message;
      }
      waiting.shift();
    }
  };
  let rest = new Uint8Array(0);
  let lost = false;
  let last = 0;
  for (const { place, bytes: piece, gap } of content.pieces()) {
    last = place;
    const bytes = joined(rest, piece);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at + recordIdSize <= bytes.length) {
      const id = recordIdOf(view, at, recordIdSize);
      const from = at + recordIdSize;
      const group = byId.get(id);
      if (group !== undefined) {
        if (from + group.recordBytes > bytes.length) break;
        const record = bytes.subarray(from, from + group.recordBytes);
        if (group.time !== unknown.time) {
          const { DataBytes } = group.fields;
          const key = DataBytes?.channelType === 1 ? `${DataBytes.data}:${numberOf(record, DataBytes)}` : null;
          // The record is a view that keeps its whole piece in memory.
          waiting.push({ record, group, key, place });
          if (key === null || values.has(key)) yield* settled(false);
        }
        at = from + group.recordBytes;
      } else if (variable.has(id)) {
        if (from + 4 > bytes.length) break;
        const length = view.getUint32(from, true);
        if (length > file.context.inflateLimit) {
          file.blocks.diagnose(
            `value of ${length} bytes is too long; the rest of the data group cannot be read`,
            place,
          );
          lost = true;
          break;
        }
        if (from + 4 + length > bytes.length) break;
        const position = positions.get(id) ?? 0;
        values.set(`${variable.get(id)}:${position}`, bytes.subarray(from + 4, from + 4 + length));
        positions.set(id, position + 4 + length);
        at = from + 4 + length;
        yield* settled(false);
        if (values.size > MOST_WAITING) values.clear();
      } else {
        file.blocks.diagnose(`record with the unknown ID ${id}; the rest of the data group cannot be read`, place);
        lost = true;
        break;
      }
    }
    if (gap && !lost) {
      file.blocks.diagnose("the rest of the data group cannot be read, as its records have different sizes", place);
      lost = true;
    }
    if (lost) break;
    rest = bytes.slice(at);
  }
  yield* settled(true);
  if (!lost && rest.some((byte) => byte !== 0)) {
    file.blocks.diagnose(`the last record is truncated after ${rest.length} bytes`, last);
  }
}

function messageOf(
  file: File,
  records: Records,
  record: Uint8Array,
  data: Uint8Array,
  group: Group,
  place: number,
): Message | null {
  if (group.kind === "name") {
    declareChannel(record, group, file.channels);
    return null;
  }
  const after = nanosecondsOf(record, group.time);
  const time = after === null ? -1n : file.startNs + after;
  if (time < 0n) {
    file.blocks.diagnose("record without a time, or with a time before 1970", place);
    return null;
  }
  const seconds = Number(time / SECOND);
  const nanoseconds = Number(time % SECOND);
  const found = messageOfRecord(records, record, data, group, seconds, nanoseconds, file.own, file.channels);
  if (found instanceof Message) return found;
  file.blocks.diagnose(found, place);
  return null;
}

/** Returns the data stored in the record itself, of the length stated there. */
function fixedData(record: Uint8Array, group: Group): Uint8Array {
  const { DataBytes } = group.fields;
  if (DataBytes === undefined) return new Uint8Array(0);
  const { byteOffset, bitCount } = DataBytes;
  const length = Math.min(dataLengthOf(record, group), bitCount >>> 3);
  return record.subarray(byteOffset, byteOffset + length);
}

/** Returns a value of variable length (u32 length, then the bytes); null, after reporting why, if there is none. */
function variableData(file: File, values: GroupData, offset: number, place: number): Uint8Array | null {
  const head = values.at(offset, 4);
  const length = head.length < 4 ? -1 : (head[0] | head[1] << 8 | head[2] << 16 | head[3] << 24) >>> 0;
  if (length > CANFD_MAX_DLEN) {
    file.blocks.diagnose(`${length} bytes of data, more than ${CANFD_MAX_DLEN}`, place);
    return null;
  }
  const data = length < 0 ? head : values.at(offset + 4, length);
  if (length >= 0 && data.length === length) return data;
  file.blocks.diagnose("the data of a frame is missing", place);
  return null;
}

function joined(rest: Uint8Array, piece: Uint8Array): Uint8Array<ArrayBuffer> {
  if (rest.length === 0) return piece as Uint8Array<ArrayBuffer>;
  const bytes = new Uint8Array(rest.length + piece.length);
  bytes.set(rest);
  bytes.set(piece, rest.length);
  return bytes;
}

function recordIdOf(view: DataView, at: number, size: number): number {
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, true);
  if (size === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}
