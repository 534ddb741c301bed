/**
 * Records of several channel groups in one data group, each preceded by its record ID. The data of a frame may be in a
 * record of its own, before or after that of the frame.
 *
 * @module
 */

import { CANFD_MAX_DLEN } from "../../kernel/can.ts";
import type { Message } from "../../message/message.ts";
import { Pending } from "../pending.ts";
import { Records } from "../records.ts";
import type { GroupData } from "./data.ts";
import { type File, fixedData, messageOf } from "./file.ts";
import { type Group, isUnknown, numberOf } from "./group.ts";

/** The most bytes that frames waiting for their data may take up, and data waiting for its frame. */
const MOST_WAITING = 1 << 24;
/** About what each of them takes up besides its own bytes. */
const EACH = 128;

/** A frame in the order of the file. `key` names its data; null if the record contains it. */
interface Frame {
  readonly record: Uint8Array;
  readonly group: Group;
  readonly key: string | null;
  readonly place: number;
}

/** Frames whose data was not read yet, those after them, and data whose frame was not read yet. */
class Waiting {
  readonly #file: File;
  readonly #records = new Records();
  #frames: Frame[] = [];
  /** The index of the first frame that still waits. */
  #first = 0;
  #frameBytes = 0;
  readonly #values = new Map<string, Uint8Array>();
  #valueBytes = 0;

  constructor(file: File) {
    this.#file = file;
  }

  /** Adds a frame, and yields what waits no more. */
  *frame(frame: Frame): Generator<Message> {
    if (frame.key === null && this.#frames.length === 0) {
      yield* this.#message(frame, fixedData(frame.record, frame.group));
      return;
    }
    // The record is a view of bytes that are valid for a short time only.
    this.#frames.push({ ...frame, record: frame.record.slice() });
    this.#frameBytes += frame.record.length + EACH;
    yield* this.settled(false);
  }

  /** Adds the data of a frame, and yields what waits no more. */
  *value(key: string, data: Uint8Array): Generator<Message> {
    this.#values.set(key, data.slice());
    this.#valueBytes += data.length + EACH;
    for (const [oldest] of this.#values) {
      if (this.#valueBytes <= MOST_WAITING) break;
      this.#take(oldest);
    }
    yield* this.settled(false);
  }

  /** Yields the messages that wait no more; if `all`, reports those whose data is missing. */
  *settled(all: boolean): Generator<Message> {
    for (; this.#first < this.#frames.length; this.#first++) {
      const frame = this.#frames[this.#first];
      const data = frame.key === null ? fixedData(frame.record, frame.group) : this.#take(frame.key);
      if (data === undefined && !all && this.#frameBytes <= MOST_WAITING) break;
      this.#frameBytes -= frame.record.length + EACH;
      if (data === undefined) this.#file.blocks.diagnose("the data of a frame is missing", frame.place);
      else yield* this.#message(frame, data);
    }
    if (this.#first < 1024 && this.#first < this.#frames.length) return;
    this.#frames = this.#frames.slice(this.#first);
    this.#first = 0;
  }

  #take(key: string): Uint8Array | undefined {
    const data = this.#values.get(key);
    if (data === undefined) return undefined;
    this.#values.delete(key);
    this.#valueBytes -= data.length + EACH;
    return data;
  }

  *#message({ record, group, place }: Frame, data: Uint8Array): Generator<Message> {
    const message = messageOf(this.#file, this.#records, record, data, group, place);
    if (message !== null) yield message;
  }
}

/**
 * Yields the messages of a data group.
 *
 * @param variable The channel groups of data: the offset of the block by record ID.
 * @param recordIdSize The size of a record ID in bytes.
 */
export function* unsorted(
  file: File,
  groups: readonly Group[],
  variable: ReadonlyMap<number, number>,
  content: GroupData,
  recordIdSize: number,
): Generator<Message> {
  const { blocks } = file;
  const { inflateLimit } = file.context;
  const byId = new Map(groups.map((group) => [group.recordId, group]));
  /** The offset of the next value in each channel group of data. */
  const positions = new Map<number, number>();
  const waiting = new Waiting(file);
  const pending = new Pending();
  let last = 0;
  let lost: string | null = null;
  for (const { place, bytes: piece, gap } of content.pieces()) {
    last = place;
    const bytes = pending.with(piece);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at + recordIdSize <= bytes.length) {
      const id = recordIdOf(view, at, recordIdSize);
      const from = at + recordIdSize;
      const group = byId.get(id);
      if (group !== undefined) {
        if (group.recordBytes > inflateLimit) {
          lost = `record of ${group.recordBytes} bytes is too long`;
          break;
        }
        const to = from + group.recordBytes;
        if (to > bytes.length) break;
        if (!isUnknown(group)) {
          const record = bytes.subarray(from, to);
          const { DataBytes } = group.fields;
          const key = DataBytes?.channelType === 1 ? `${DataBytes.data}:${numberOf(record, DataBytes)}` : null;
          yield* waiting.frame({ record, group, key, place });
        }
        at = to;
      } else if (variable.has(id)) {
        if (from + 4 > bytes.length) break;
        const length = view.getUint32(from, true);
        if (length > inflateLimit) {
          lost = `value of ${length} bytes is too long`;
          break;
        }
        const to = from + 4 + length;
        if (to > bytes.length) break;
        const position = positions.get(id) ?? 0;
        positions.set(id, position + 4 + length);
        // One byte more than a frame has shows that there are too many.
        const data = bytes.subarray(from + 4, Math.min(to, from + 4 + CANFD_MAX_DLEN + 1));
        yield* waiting.value(`${variable.get(id)}:${position}`, data);
        at = to;
      } else {
        lost = `record with the unknown ID ${id}`;
        break;
      }
    }
    if (lost !== null) blocks.diagnose(`${lost}; the rest of the data group cannot be read`, place);
    else if (gap) {
      lost = "gap";
      blocks.diagnose("the rest of the data group cannot be read, as its records have different sizes", place);
    }
    if (lost !== null) break;
    pending.keep(bytes, at);
  }
  yield* waiting.settled(true);
  const rest = pending.view();
  if (lost === null && rest.some((byte) => byte !== 0)) {
    blocks.diagnose(`the last record is truncated after ${rest.length} bytes`, last);
  }
}

function recordIdOf(view: DataView, at: number, size: number): number {
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, true);
  if (size === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}
