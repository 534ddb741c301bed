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
  HEADER_V1,
  LOBJ,
  LOGG,
  NANOSECONDS,
  OBJECT_HEADER,
  word,
} from "./blf_file.ts";
import { encodeObject } from "./blf_objects.ts";
import { BlfDecoder } from "./blf_read.ts";
import { writeChannel, writeMarker } from "./blf_texts.ts";
import { Bytes } from "./bytes.ts";
import { FileChannels } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import { type EncodeOptions, FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { textOfNote } from "./notes.ts";
import { zlib } from "./output.ts";
import type { RandomSource } from "./random.ts";
import { splitTime, type Time, timeOf, YEAR_9999 } from "./time.ts";

/** The uncompressed size of a container in bytes, as in Vector's own library. */
const CONTAINER = 128 * 1024;

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
  decoder: (context) => new BlfDecoder(context),
  encoder: (options) => new BlfEncoder(options),
};
