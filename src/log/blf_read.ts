/**
 * Reading BLF files: see `blf.ts`.
 *
 * @module
 */

import {
  CONTAINER_HEADER,
  CONTAINER_TYPE,
  FILE_HEADER,
  HEADER_V1,
  LOBJ,
  OBJECT_HEADER,
  readSystemTime,
  TEN_MICROSECONDS,
  word,
} from "./blf_file.ts";
import { isFrame, MOST_FRAME, ObjectDecoder, objectName } from "./blf_objects.ts";
import { channelOfObject, textOfObject } from "./blf_texts.ts";
import { BlockDecoder } from "./blocks.ts";
import { ChannelNames } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import type { DecodeContext } from "./format.ts";
import { inflate } from "./inflate.ts";
import { noteOfText } from "./notes.ts";
import { Pending } from "./pending.ts";
import { joinTime, type Time, timeOf } from "./time.ts";

/** Reads BLF files of all versions. */
export class BlfDecoder extends BlockDecoder {
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
    const declared = channelOfObject(type, object, at);
    if (declared !== null) this.#channels.declare(declared.number, declared.name);
    return declared !== null;
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
