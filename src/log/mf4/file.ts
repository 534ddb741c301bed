/**
 * A file that is being read, and the messages in its records.
 *
 * @module
 */

import { Message } from "../../message/message.ts";
import type { ChannelNames } from "../channels.ts";
import type { DecodeContext } from "../format.ts";
import type { Records } from "../records.ts";
import { SECOND, timeOf } from "../time.ts";
import type { Blocks } from "./blocks.ts";
import { dataLengthOf, declareChannel, type Group, messageOfRecord, nanosecondsOf } from "./group.ts";

/** No message has a later time. */
const END_OF_TIME = 2n ** 53n * SECOND;

/** A file being read. */
export interface File {
  readonly blocks: Blocks;
  readonly context: DecodeContext;
  readonly startNs: bigint;
  /** Whether the file was not finished: its last block of data may have no length. */
  readonly open: boolean;
  /** Whether this library wrote the file. */
  readonly own: boolean;
  readonly channels: ChannelNames;
}

/** Decodes a record of a file; null, after reporting why, if that is not possible, or if it is no message. */
export function messageOf(
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
  if (time < 0n || time >= END_OF_TIME) {
    const reason = time < 0n ? "without a time, or with a time before 1970" : "with a time of more than 2^53 seconds";
    file.blocks.diagnose(`record ${reason}`, place);
    return null;
  }
  const { seconds, nanoseconds } = timeOf(time);
  const found = messageOfRecord(records, record, data, group, seconds, nanoseconds, file.own, file.channels);
  if (found instanceof Message) return found;
  file.blocks.diagnose(found, place);
  return null;
}

/** Returns the data stored in the record itself, of the length stated there. */
export function fixedData(record: Uint8Array, group: Group): Uint8Array {
  const { DataBytes } = group.fields;
  if (DataBytes === undefined) return new Uint8Array(0);
  const { byteOffset, bitCount } = DataBytes;
  const length = Math.min(dataLengthOf(record, group), bitCount >>> 3);
  return record.subarray(byteOffset, byteOffset + length);
}
