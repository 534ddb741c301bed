/**
 * BLF, the binary log format of Vector: little-endian objects in compressed containers.
 *
 *     file header, 144 bytes: "LOGG", u32 size, application …, SYSTEMTIME start at 40 and end at 56 (local time)
 *     object: "LOBJ", u16 header size, u16 header version, u32 object size, u32 type; except in containers followed by
 *         u32 flags (1: 10 µs, 2: ns), u16, u16 object version, i64 time after the start, and the fields of the object
 *
 * Sources: https://bitbucket.org/tobylorenz/vector_blf (the objects), `wiretap/blf.h` of https://gitlab.com/wireshark,
 * https://python-can.readthedocs.io/en/stable/file_io.html#blf-binary-logging-format.
 *
 * @module
 */

import { Message } from "../message/message.ts";
import {
  BlfHeader,
  CONTAINER_HEADER,
  CONTAINER_TYPE,
  FILE_HEADER,
  LOBJ,
  LOGG,
  OBJECT_HEADER,
  readSystemTime,
} from "./blf_file.ts";
import { encodeObject, isFrame, MOST_FRAME, ObjectDecoder, objectName } from "./blf_objects.ts";
import { BlockDecoder } from "./blocks.ts";
import { Bytes } from "./bytes.ts";
import { ChannelNames, FileChannels } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import { type DecodeContext, type EncodeOptions, FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { inflate } from "./inflate.ts";
import { textOf } from "./lines.ts";
import { noteOfText, textOfNote } from "./notes.ts";
import { zlib } from "./output.ts";
import { Pending } from "./pending.ts";
import type { RandomSource } from "./random.ts";
import { joinTime, splitTime, type Time, timeOf, YEAR_9999 } from "./time.ts";

/** The smallest size of an object header that includes the time (version 1), in bytes. */
const HEADER_V1 = 32;
/** The uncompressed size of a container in bytes, as in Vector's own library. */
const CONTAINER = 128 * 1024;

const APP_TEXT = 65;
const EVENT_COMMENT = 92;
const GLOBAL_MARKER = 96;
/** The source of an APP_TEXT about a channel, and the kind of bus in it. */
const CHANNEL_TEXT = 1;
const CAN_BUS = 1;

const TEN_MICROSECONDS = 1;
const NANOSECONDS = 2;

class BlfDecoder extends BlockDecoder {
  readonly #channels: ChannelNames;
  readonly #objects: ObjectDecoder;
  /** The time of the current object. */
  #seconds = 0;
  #nanoseconds = 0;
  /** The start of the recording, or of 1970 if the header has none; null before the header was read. */
  #start: Time | null = null;
  /** The size of the file as the header states it: too small or 0 if the file was not closed. */
  #size = 0;
  /** The rest of the last container: an object that continues in the next one. */
  readonly #tail = new Pending();

  constructor(context: DecodeContext) {
    super(context);
    this.#channels = new ChannelNames(context.info.channels);
    this.#objects = new ObjectDecoder(this.#channels);
  }

  protected override take(bytes: Uint8Array, items: LogItem[]): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    if (this.#start === null) {
      const size = bytes.length < 8 ? FILE_HEADER : view.getUint32(4, true);
      if (size < 72 || size > 1 << 16) {
        this.lose(`file header of ${size} bytes`, 4);
        return 0;
      }
      if (bytes.length < size) return 0;
      this.#readHeader(view);
      at = size;
    }
    for (;;) {
      const from = this.#find(view, at, bytes.length, at);
      if (from < 0) {
        at = this.#skip(bytes, at);
        break;
      }
      if (from + OBJECT_HEADER > bytes.length) break;
      const size = view.getUint32(from + 8, true);
      if (this.#isInvalid(view, from, size)) {
        this.diagnose(`object with the invalid size ${size}`, from);
        at = from + 4;
        continue;
      }
      if (from + size > bytes.length) {
        at = from;
        break;
      }
      this.#object(bytes.subarray(from, from + size), from, items);
      at = from + size;
    }
    return at;
  }

  protected override cutOff(rest: Uint8Array, items: LogItem[]): void {
    if (this.#start === null) return this.diagnose("file ends in the middle of its header", 0);
    const isContainer = rest.length > CONTAINER_HEADER && word(rest, 0) === LOBJ && word(rest, 12) === CONTAINER_TYPE;
    if (isContainer) {
      const data = this.#inflate(rest, 0, true);
      if (data !== null) this.#contents(data, 0, items);
    }
    if (rest.some((byte) => byte !== 0)) super.cutOff(rest, items);
  }

  override end(items: LogItem[]): void {
    const { diagnostics } = this.context;
    const known = diagnostics.count;
    super.end(items);
    if (!this.lost && this.#tail.length > 8) this.diagnose("the last object is truncated", 0);
    if (this.lost || diagnostics.count > known || this.received >= this.#size) return;
    diagnostics.add(`file ends here, but its header states ${this.#size} bytes: the rest is missing`, {
      offset: this.received,
    });
  }

  /**
   * Returns the offset of the next object from `at` on, after up to 8 bytes of padding; -1 if there is none yet.
   *
   * @param place Where in the file more bytes than that are reported.
   */
  #find(view: DataView, at: number, to: number, place: number): number {
    for (let from = at; from + 4 <= to; from++) {
      if (view.getUint32(from, true) === LOBJ) {
        if (from > at + 8) this.diagnose(`skipped ${from - at} bytes that are not an object`, place);
        return from;
      }
    }
    return -1;
  }

  /**
   * Skips bytes without an object, except the last three, which may be the beginning of one: they are not kept, however
   * many there are. Zeros are padding. Returns the offset from which to continue.
   */
  #skip(bytes: Uint8Array, at: number): number {
    const next = Math.max(at, bytes.length - 3);
    if (next > at + 8 && bytes.subarray(at, next).some((byte) => byte !== 0)) {
      this.diagnose(`skipped ${next - at} bytes that are not an object`, at);
    }
    return next;
  }

  /** Whether an object states a size that it cannot have. Else a frame with a wrong one would hide all that follows. */
  #isInvalid(view: DataView, from: number, size: number): boolean {
    if (size <= MOST_FRAME) return size < OBJECT_HEADER;
    return size > this.context.inflateLimit || isFrame(view.getUint32(from + 12, true));
  }

  #readHeader(view: DataView): void {
    const { info, zone } = this.context;
    const api = view.getUint32(8, true);
    info.version = api > 9999
      ? [api / 1_000_000, api / 10_000 % 100, api / 100 % 100, api % 100].map(Math.floor).join(".")
      : null;
    const applications: Record<number, string> = {
      1: "CANalyzer",
      2: "CANoe",
      3: "CANstress",
      4: "CANlog",
      5: "CANape",
    };
    info.application = applications[view.getUint8(12)] ?? null;
    this.#size = view.getUint32(16, true) + view.getUint32(20, true) * 2 ** 32;
    const start = readSystemTime(view, 40, zone);
    info.startTimeNs = start;
    this.#start = timeOf(start ?? 0n);
  }

  /** Decodes an object of the file: a container, or an object outside of any container. */
  #object(object: Uint8Array, at: number, items: LogItem[]): void {
    if (word(object, 12) !== CONTAINER_TYPE) {
      const view = new DataView(object.buffer, object.byteOffset, object.length);
      this.#decode(object, view, 0, object.length, at, items);
      return;
    }
    const data = this.#inflate(object, at);
    if (data !== null) return this.#contents(data, at, items);
    // What follows does not continue the object that the container before began.
    if (this.#tail.length > 8) this.diagnose("object that continues in this container is lost", at);
    this.#tail.clear();
  }

  #inflate(object: Uint8Array, at: number, truncated = false): Uint8Array | null {
    if (object.length < CONTAINER_HEADER) {
      this.diagnose("container is shorter than its header", at);
      return null;
    }
    const method = object[16] | object[17] << 8;
    const data = object.subarray(CONTAINER_HEADER);
    if (method === 0) return data;
    if (method !== 2) {
      this.diagnose(`container with unknown compression method ${method}`, at);
      return null;
    }
    const content = inflate(data, this.context.inflateLimit, word(object, 24), truncated);
    if (typeof content !== "string") return content;
    this.diagnose(`container cannot be inflated: ${content}`, at);
    return null;
  }

  /** Decodes the objects in a container. The first may have begun in the previous container. */
  #contents(data: Uint8Array, place: number, items: LogItem[]): void {
    const bytes = this.#tail.with(data);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (;;) {
      const from = this.#find(view, at, bytes.length, place);
      if (from < 0) {
        // The last three bytes may be the beginning of the next object; zeros are padding.
        at = Math.max(at, bytes.length - 3);
        break;
      }
      at = from;
      if (from + OBJECT_HEADER > bytes.length) break;
      const size = view.getUint32(from + 8, true);
      if (this.#isInvalid(view, from, size)) {
        this.diagnose(`object with the invalid size ${size}`, place);
        at = from + 4;
        continue;
      }
      if (from + size > bytes.length) break;
      this.#decode(bytes, view, from, from + size, place, items);
      at = from + size;
    }
    this.#tail.keep(bytes, at);
  }

  /** Decodes one object that is not a container. */
  #decode(bytes: Uint8Array, view: DataView, start: number, end: number, place: number, items: LogItem[]): void {
    const headerSize = view.getUint16(start + 4, true);
    const type = view.getUint32(start + 12, true);
    if (end - start < HEADER_V1 || headerSize < HEADER_V1 || start + headerSize > end) {
      return this.diagnose(`object of type ${type} with the invalid header size ${headerSize}`, place);
    }
    const flags = view.getUint32(start + 16, true);
    const unit = flags === TEN_MICROSECONDS ? 10_000 : 1;
    if (!this.#setTime(view.getUint32(start + 24, true), view.getInt32(start + 28, true), unit)) {
      return this.diagnose(`object of type ${type} with a time before 1970`, place);
    }
    const at = start + headerSize;
    const found = this.#objects.decode(type, view, start, at, end, this.#seconds, this.#nanoseconds);
    if (typeof found === "string") this.diagnose(found, place);
    else if (found !== null) items.push(found);
    else if (!this.#declares(type, bytes.subarray(start, end), headerSize)) {
      const timestampNs = joinTime(this.#seconds, this.#nanoseconds);
      const text = textOfObject(type, bytes.subarray(start, end), headerSize);
      if (text !== null) items.push(noteOfText(text, timestampNs));
      else items.push({ type: "object", kind: objectName(type), timestampNs });
    }
  }

  /** Takes an object that declares the name of a channel; false if it is another object. */
  #declares(type: number, object: Uint8Array, at: number): boolean {
    if (type !== APP_TEXT || object.length < at + 16 || word(object, at) !== CHANNEL_TEXT) return false;
    const about = word(object, at + 4);
    const [database, ...names] = textAt(object, at + 16, word(object, at + 8)).split(";");
    // With a database, the name is that of the network in it.
    if (database !== "" || names.length === 0 || (about >>> 16 & 0xff) !== CAN_BUS) return false;
    this.#channels.declare(about >>> 8 & 0xff, names.join(";") || null);
    return true;
  }

  /** Sets the time to that of an object, given as two halves of a 64-bit number; false if it is before 1970. */
  #setTime(low: number, high: number, unit: number): boolean {
    let seconds: number;
    let nanoseconds: number;
    // A double holds up to 2^53 ns, 104 days, exactly. Longer times need a bigint, which is slower.
    if (high >= 0 && high < 1 << 21 && unit === 1) {
      const all = high * 2 ** 32 + low;
      seconds = Math.floor(all / 1e9);
      nanoseconds = all - seconds * 1e9;
    } else {
      ({ seconds, nanoseconds } = timeOf((BigInt(high) << 32n | BigInt(low)) * BigInt(unit)));
    }
    nanoseconds += this.#start!.nanoseconds;
    seconds += this.#start!.seconds;
    if (nanoseconds >= 1e9) {
      seconds++;
      nanoseconds -= 1e9;
    } else if (nanoseconds < 0) {
      seconds--;
      nanoseconds += 1e9;
    }
    this.#seconds = seconds;
    this.#nanoseconds = nanoseconds;
    return seconds >= 0;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>> 0;
}

/** Returns the text of an object that is a comment or marker; null for all others. */
function textOfObject(type: number, object: Uint8Array, at: number): string | null {
  if (type === GLOBAL_MARKER && object.length >= at + 40) {
    const lengths = [word(object, at + 16), word(object, at + 20), word(object, at + 24)];
    const parts: string[] = [];
    let from = at + 40;
    for (const length of lengths) {
      if (length > 0) parts.push(textAt(object, from, length));
      from += length;
    }
    return parts.filter((part) => part !== "").join(": ");
  }
  if (type === EVENT_COMMENT && object.length >= at + 16) return textAt(object, at + 16, word(object, at + 4));
  if (type === APP_TEXT && object.length >= at + 16 && word(object, at) === 0) {
    return textAt(object, at + 16, word(object, at + 8));
  }
  return null;
}

function textAt(object: Uint8Array, from: number, length: number): string {
  return textOf(object.subarray(from, from + length)).replace(/\0+$/, "");
}

class BlfEncoder implements LogEncoder {
  readonly #options: EncodeOptions;
  readonly #channels: FileChannels;
  readonly #objects = new Bytes(CONTAINER + 4096);
  #header = new BlfHeader();
  /** The start of the times in the header, split; null before the first item. */
  #start: Time | null = null;
  /** The last item, if it is a message whose time is not in the header yet. */
  #last: Message | null = null;

  constructor(options: EncodeOptions) {
    this.#options = options;
    this.#channels = new FileChannels(options, (number, name, first) => {
      if (name === "") return false; // no name means that the channel is unknown
      const from = this.#beginObject(first);
      this.#endObject(from, writeChannel(number, name ?? "", this.#objects));
      return true;
    });
  }

  begin(): void {} // the header needs the time of the first item

  resume(file: RandomSource): number {
    const header = BlfHeader.of(file, this.#options.zone);
    if (header.count === 0) return 0;
    this.#header = header;
    return header.fileSize;
  }

  resumeCompressed(): never {
    throw new RangeError("the statistics at its beginning cannot be updated in a compressed file: inflate it before");
  }

  write(item: LogItem, out: Bytes): void {
    if (this.#header.startNs === null) {
      const first = item.timestampNs ?? 0n;
      this.#header.startNs = first - first % 1_000_000n;
      out.bytes(this.header());
    }
    const channel = item instanceof Message ? this.#channels.of(item, out) : 0;
    const from = this.#beginObject(item);
    const objects = this.#objects;
    const type = item instanceof Message
      ? encodeObject(item, channel, objects)
      : writeMarker(textOfNote(item), objects);
    this.#endObject(from, type);
    if (this.#objects.length >= CONTAINER) this.flush(out);
  }

  /** Appends the header of an object that has the time of an item. Returns the offset of the object, for `#endObject`. */
  #beginObject(item: LogItem): number {
    this.#header.count++;
    const objects = this.#objects;
    const from = objects.claim(HEADER_V1);
    const { data } = objects;
    data.setUint32(from, LOBJ, true);
    data.setUint32(from + 4, HEADER_V1 | 1 << 16, true);
    data.setUint32(from + 16, NANOSECONDS, true);
    data.setUint32(from + 20, 0, true);
    this.#setTime(item, data, from + 24);
    return from;
  }

  /** Completes an object after its fields. */
  #endObject(from: number, type: number): void {
    const objects = this.#objects;
    const size = objects.length - from;
    objects.patch32(from + 8, size);
    objects.patch32(from + 12, type);
    for (let i = 0; i < size % 4; i++) objects.byte(0);
  }

  /** Sets the time of an item in nanoseconds after the start; the closest one that 64 bits can hold. */
  #setTime(item: LogItem, data: DataView, at: number): void {
    const startNs = this.#header.startNs!;
    this.#start ??= timeOf(startNs);
    if (item instanceof Message) {
      const { seconds, nanoseconds } = splitTime(item);
      const after = 1e9 * (seconds - this.#start.seconds) + (nanoseconds - this.#start.nanoseconds);
      // A double holds up to 2^53 ns, 104 days, exactly. All other times need bigints, which are slower.
      if (after >= 0 && after <= Number.MAX_SAFE_INTEGER) {
        this.#last = item;
        const high = Math.floor(after / 2 ** 32);
        data.setUint32(at, after - high * 2 ** 32, true);
        data.setUint32(at + 4, high, true);
        return;
      }
    }
    this.#setLast();
    const after = (item.timestampNs ?? this.#header.lastNs ?? startNs) - startNs;
    const held = BigInt.asIntN(64, after) === after ? after : after < 0n ? -(2n ** 63n) : 2n ** 63n - 1n;
    if (held !== after) this.#options.lose("timestampNs", item);
    this.#header.lastNs = startNs + held;
    data.setBigInt64(at, held, true);
  }

  #setLast(): void {
    if (this.#last !== null) this.#header.lastNs = this.#last.timestampNs;
    this.#last = null;
  }

  flush(out: Bytes): void {
    const { length } = this.#objects;
    if (length === 0) return;
    const data = zlib().deflateSync(this.#objects.view(), { level: 1, chunkSize: CONTAINER / 2 });
    const size = CONTAINER_HEADER + data.length;
    out.u32(LOBJ);
    out.u16(OBJECT_HEADER);
    out.u16(1);
    out.u32(size);
    out.u32(CONTAINER_TYPE);
    out.u16(2);
    out.u16(0);
    out.u32(0);
    out.u32(length);
    out.u32(0);
    out.bytes(data);
    for (let i = 0; i < size % 4; i++) out.byte(0);
    this.#header.fileSize += size + size % 4;
    this.#header.uncompressed += CONTAINER_HEADER + length;
    this.#objects.clear();
  }

  end(out: Bytes): void {
    if (this.#header.startNs !== null) return;
    this.#header.startNs = 0n;
    out.bytes(this.header());
  }

  header(): Uint8Array {
    this.#setLast();
    return this.#header.bytes(this.#options.zone);
  }
}

/** Appends a global marker: event type, colours, whether it can be moved, three texts. Returns its object type. */
function writeMarker(text: string, out: Bytes): number {
  const from = out.length;
  out.u32(0);
  out.u32(0xffffff);
  out.u32(0xff3300);
  for (let i = 0; i < 7; i++) out.u32(0);
  const begin = out.length;
  out.text(text);
  out.patch32(from + 20, out.length - begin);
  return GLOBAL_MARKER;
}

/** Appends the text about a channel: no database, then its name. Returns its object type. */
function writeChannel(number: number, name: string, out: Bytes): number {
  out.u32(CHANNEL_TEXT);
  out.u32(number << 8 | CAN_BUS << 16);
  const length = out.length;
  out.u32(0);
  out.u32(0);
  const begin = out.length;
  out.text(`;${name}`);
  out.patch32(length, out.length - begin);
  return APP_TEXT;
}

/** The BLF format. */
export const blf: LogFormat = {
  name: "blf",
  title: "Vector BLF log",
  extensions: [".blf"],
  appendable: true,
  capacity: {
    ...FULL,
    errorDirection: false,
    lastSecond: YEAR_9999,
    timestampSource: false,
  },
  detect: (head) => head.length >= 4 && word(head, 0) === LOGG ? 3 : 0,
  decoder: (context: DecodeContext) => new BlfDecoder(context),
  encoder: (options) => new BlfEncoder(options),
};
