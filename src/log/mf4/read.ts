/**
 * Reading the CAN events of an MDF 4 file.
 *
 * @module
 */

import { CANFD_MAX_DLEN } from "../../kernel/can.ts";
import type { Message } from "../../message/message.ts";
import { ChannelNames } from "../channels.ts";
import type { LogItem } from "../entry.ts";
import type { DecodeContext } from "../format.ts";
import { textOf } from "../lines.ts";
import { Pending } from "../pending.ts";
import type { RandomSource } from "../random.ts";
import { Records } from "../records.ts";
import { Blocks } from "./blocks.ts";
import { GroupData } from "./data.ts";
import { type File, fixedData, messageOf } from "./file.ts";
import { type Group, isUnknown, numberOf, readGroup, unknownGroup } from "./group.ts";
import { unsorted } from "./unsorted.ts";

const ID_SIZE = 64;
/** The number of messages yielded at once. */
const BATCH = 1024;
/** The largest number of data groups with CAN events, whose messages are merged. */
const MOST_GROUPS = 1024;
/** The largest size of a record of a CAN event in bytes. A larger one means that the file is corrupt. */
const MOST_RECORD = 1 << 16;
/** The program name that this library writes into the identification block. */
export const PROGRAM = "sockcan ";

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
          groups.push(unknownGroup(Number(block.data.getBigUint64(0, true)), size));
        }
      }
    }
    const events = groups.filter((group) => !isUnknown(group));
    if (events.length === 0) continue;
    const long = events.find(({ recordBytes }) => recordBytes > MOST_RECORD);
    if (long !== undefined) {
      blocks.diagnose(`records of ${long.recordBytes} bytes, more than ${MOST_RECORD}`, offset);
      continue;
    }
    if (streams.length === MOST_GROUPS) {
      blocks.diagnose(`more than ${MOST_GROUPS} data groups with CAN events: the others are not read`, offset);
      break;
    }
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
  const pending = new Pending();
  let last = 0;
  for (const { start, place, bytes: piece, gap } of content.pieces()) {
    last = place;
    // After a gap reading goes on with the next whole record.
    let at = pending.length === 0 ? (size - start % size) % size : 0;
    const bytes = pending.with(piece);
    for (; at + size <= bytes.length; at += size) {
      const record = bytes.subarray(at, at + size);
      const data = values === null
        ? fixedData(record, group)
        : variableData(file, values, numberOf(record, DataBytes!), place);
      const message = data && messageOf(file, records, record, data, group, place);
      if (message !== null) yield message;
    }
    pending.keep(bytes, gap ? bytes.length : Math.min(at, bytes.length));
  }
  const rest = pending.view();
  if (rest.some((byte) => byte !== 0)) {
    file.blocks.diagnose(`the last record is truncated after ${rest.length} bytes`, last);
  }
}

/** Returns a value of variable length (u32 length, then the bytes); null, after reporting why, if there is none. */
function variableData(file: File, values: GroupData, offset: number, place: number): Uint8Array | null {
  const head = values.at(offset, 4);
  const length = head.length < 4 ? -1 : (head[0] | head[1] << 8 | head[2] << 16 | head[3] << 24) >>> 0;
  if (length > CANFD_MAX_DLEN) {
    file.blocks.diagnose(`more than ${CANFD_MAX_DLEN} bytes of data`, place);
    return null;
  }
  const data = length < 0 ? head : values.at(offset + 4, length);
  if (length >= 0 && data.length === length) return data;
  file.blocks.diagnose("the data of a frame is missing", place);
  return null;
}
