/**
 * BLF files, field by field.
 *
 * @module
 */

import { deflateSync, gzipSync } from "node:zlib";
import { counting, hex, join, padded, text, u16, u32, u64, u8 } from "./bytes.ts";

/** 2021-01-01 12:00:00.500, as a SYSTEMTIME with the day of the week. */
const START = u16(2021, 1, 5, 1, 12, 0, 0, 500);

/** The header of a file. Its size is that of the file where it was finished. */
function header({ api = 4_070_100, application = 2, size = 0, start = START } = {}): Uint8Array {
  return padded(
    join(
      text("LOGG"),
      u32(144),
      u32(api),
      u8(application, 0, 0, 0),
      u64(size, 0),
      u32(0, 0),
      start,
      start,
    ),
    144,
  );
}

interface ObjectOptions {
  readonly time?: number | bigint;
  /** 1: 10 µs, 2: ns. */
  readonly unit?: number;
  /** The version of the object's header. */
  readonly version?: 1 | 2 | 3;
  /** Zeros after the object. Default: `size % 4`, as Vector's library does. */
  readonly pad?: number;
}

/** An object, followed by its padding. */
function object(type: number, fields: Uint8Array, options: ObjectOptions = {}): Uint8Array {
  const { time = 0, unit = 2, version = 1 } = options;
  const rest = version === 2
    ? join(u32(unit), u8(1, 0), u16(0), u64(time), u64(123))
    : join(u32(unit), u16(version === 3 ? fields.length : 0, 0), u64(time));
  const size = 16 + rest.length + fields.length;
  const whole = join(text("LOBJ"), u16(16 + rest.length, version), u32(size, type), rest, fields);
  return join(whole, new Uint8Array(options.pad ?? size % 4));
}

/** A container with a part of the objects. */
function container(data: Uint8Array, method: 0 | 2): Uint8Array {
  const content = method === 0 ? data : deflateSync(data);
  const size = 32 + content.length;
  return join(
    text("LOBJ"),
    u16(16, 1),
    u32(size, 10),
    u16(method, 0),
    u32(0, data.length, 0),
    content,
    new Uint8Array(size % 4),
  );
}

/** Types 1 and 86. */
function message(channel: number, flags: number, dlc: number, id: number, data: Uint8Array): Uint8Array {
  return join(u16(channel), u8(flags, dlc), u32(id), padded(data, 8));
}

/** Type 100. */
function fd(channel: number, flags: number, dlc: number, id: number, bits: number, data: Uint8Array): Uint8Array {
  return join(
    u16(channel),
    u8(flags, dlc),
    u32(id, 1000),
    u8(0, bits, data.length, 0),
    u32(0),
    padded(data, 64),
    u32(0),
  );
}

/** Type 101: fields after the data begin at `ext` bytes from the object's beginning; 0 for none. */
function fd64(
  channel: number,
  dlc: number,
  valid: number,
  id: number,
  flags: number,
  dir: number,
  ext: number,
  data: Uint8Array,
): Uint8Array {
  return join(
    u8(channel, dlc, valid, 1),
    u32(id, 1000, flags, 0, 0, 0, 0),
    u16(100),
    u8(dir, ext),
    u32(0x1234),
    data,
  );
}

/** Type 139. */
function xl(
  fields: Partial<Record<"channel" | "dir" | "id" | "sdt" | "dlc" | "vcid" | "af" | "flags", number>>,
  data = hex(""),
) {
  const { channel = 1, dir = 0, id = 0, sdt = 0, dlc = 0, vcid = 0, af = 0, flags = 0 } = fields;
  return join(
    u8(channel, 1, dir, 0),
    u32(1000),
    u16(100, 0),
    u32(id),
    u8(sdt, 0),
    u16(dlc, data.length, 4, 0x1f96),
    u8(vcid, 0),
    u32(af),
    u8(1, 0),
    u16(0),
    u32(0x1234, 10, 20, flags, 0),
    u64(0, 0, 0, 0, 0, 0),
    data,
  );
}

const EXTENDED = 0x80000000;
const eight = hex("11 22 33 44 55 66 77 88");
const twelve = counting(12);

/** One object of every type that has a frame. */
function everyType(version: 1 | 2 | 3, unit: number): Uint8Array {
  const at = (n: number): ObjectOptions => ({ version, unit, time: unit === 1 ? n : 1000 * n });
  return join(
    object(1, message(1, 0, 2, 0x123, hex("00 11")), at(1)),
    object(1, message(2, 0x81, 4, 0x12345678 + EXTENDED, hex("")), at(2)),
    object(86, join(message(1, 0, 8, 0x321, eight), u32(1000), u8(0, 0), u16(0)), at(3)),
    object(2, u16(1, 0), at(4)),
    // An SJA1000's code: a form error while receiving, in the acknowledge slot.
    object(73, join(u16(2, 0), u32(1), u8(0x79, 5, 0, 0), u32(1000, 0), u16(0, 0), new Uint8Array(8)), at(5)),
    object(100, fd(1, 0, 9, 0x55, 1, twelve), at(6)),
    object(100, fd(1, 1, 1, 0x1abcdef + EXTENDED, 7, hex("AA")), at(7)),
    object(101, fd64(1, 15, 64, 0x66, 0x3000, 0, 0, counting(64)), at(8)),
    object(101, fd64(2, 8, 8, 0x67, 0, 1, 0, eight), at(9)),
    object(
      104,
      join(u8(2, 0, 0, 0x79), u16(1, 0x20a2, 0), u8(0, 0), u32(0, 1000, 0, 0, 0, 0, 0), u16(5, 0)),
      at(10),
    ),
    object(
      139,
      xl({ id: 0x7ff, sdt: 3, dlc: 4, vcid: 0x45, af: 0x12345678, flags: 0x1403000 }, counting(5)),
      at(11),
    ),
    object(139, xl({ channel: 2, dir: 1, id: 0x123, dlc: 9, flags: 0x5000 }, twelve), at(12)),
    object(139, xl({ id: 0x123, dlc: 11 }, eight), at(13)),
    object(139, xl({ id: 0x12345678 + EXTENDED, dlc: 4, flags: 0x10 }), at(14)),
  );
}

/** Cuts bytes into containers at the given offsets. */
function containers(bytes: Uint8Array, method: 0 | 2, ...cuts: number[]): Uint8Array {
  const ends = [...cuts, bytes.length];
  return join(...ends.map((end, i) => container(bytes.subarray(ends[i - 1] ?? 0, end), method)));
}

function file(...parts: Uint8Array[]): Uint8Array {
  return join(header({ size: 144 + parts.reduce((sum, { length }) => sum + length, 0) }), ...parts);
}

const one = (time: number, data: Uint8Array, pad?: number) =>
  object(1, message(1, 0, data.length, 0x123, data), { time, pad });
const marker = join(u32(0, 0xffffff, 0xff3300, 0, 5, 4, 9, 0), u64(0), text("groupnameöl: warm"));
const whole = file(container(join(one(1000, hex("01")), one(2000, hex("02"))), 2));

/** The files by their names. */
export const blfFiles: Readonly<Record<string, Uint8Array>> = {
  "blf_plain.blf": file(container(everyType(1, 2), 0)),
  "blf_compressed.blf": file(container(everyType(2, 1), 2)),
  "blf_header_3.blf": file(container(everyType(3, 2), 2)),
  "blf_no_container.blf": file(everyType(1, 2)),
  // The second container begins in the middle of the letters LOBJ, the third in a header, the fourth in data.
  "blf_across.blf": file(containers(everyType(1, 2), 2, 48 + 2, 48 + 48 + 20, 300)),
  "blf_padding.blf": file(container(
    join(
      one(1000, hex("01"), 0),
      object(101, fd64(1, 1, 1, 0x66, 0x1000, 0, 0, hex("02")), { time: 2000, pad: 0 }),
      object(101, fd64(1, 3, 3, 0x66, 0x1000, 0, 0, hex("03 03 03")), { time: 3000, pad: 1 }),
      one(4000, hex("04"), 7),
      one(5000, hex("05")),
    ),
    2,
  )),
  "blf_lengths.blf": file(container(
    join(
      object(1, message(1, 0, 9, 0x123, eight), { time: 1 }),
      object(86, join(message(1, 0, 15, 0x123, eight), new Uint8Array(8)), { time: 2 }),
      object(1, message(1, 0x80, 11, 0x123, eight), { time: 3 }),
      object(1, message(0, 0, 0, 0x123, hex("")), { time: 4 }),
      object(1, message(300, 0, 16, 0x123, eight), { time: 5 }),
      object(100, fd(1, 0x80, 4, 0x123, 0, hex("")), { time: 6 }),
      object(100, fd(1, 0, 8, 0x123, 0, eight), { time: 7 }),
      object(101, fd64(1, 4, 0, 0x123, 0x10, 0, 0, hex("")), { time: 8 }),
      object(101, fd64(1, 13, 8, 0x123, 0, 0, 0, eight), { time: 9 }),
    ),
    0,
  )),
  // 64 bytes are said to be valid, 48 are there, and other fields follow.
  "blf_extension.blf": file(container(
    join(
      object(101, fd64(1, 15, 64, 0x66, 0x3000, 0, 32 + 40 + 48, join(counting(48), u32(0xffffffff, 0xffffffff))), {
        time: 1000,
      }),
      object(101, fd64(1, 15, 64, 0x66, 0x1000, 0, 0, counting(20)), { time: 2000 }),
      object(101, fd64(1, 8, 8, 0x66, 0x1000, 0, 32 + 40 + 8, join(eight, u32(0xffffffff))), { time: 3000 }),
    ),
    0,
  )),
  "blf_requests.blf": file(container(
    join(
      object(1, message(1, 2, 1, 0x123, hex("01")), { time: 1 }),
      object(86, join(message(1, 2, 1, 0x123, hex("01")), new Uint8Array(8)), { time: 2 }),
      object(100, fd(1, 2, 1, 0x123, 1, hex("01")), { time: 3 }),
      object(101, fd64(1, 1, 1, 0x123, 0x1000, 2, 0, hex("01")), { time: 4 }),
      object(139, xl({ dir: 2, id: 0x123, dlc: 1, flags: 0x403000 }, hex("01 02")), { time: 5 }),
      object(1, message(1, 1, 1, 0x123, hex("01")), { time: 6 }),
    ),
    0,
  )),
  "blf_errors.blf": file(container(
    join(
      // A Vector controller, while sending.
      object(73, join(u16(1, 0), u32(2), u8(0, 5, 0, 0), u32(1000, 0), u16(0x1000, 0), new Uint8Array(8)), { time: 1 }),
      // An SJA1000: a bit error while sending, in the data; a stuff error; another error.
      object(73, join(u16(1, 0), u32(1), u8(0x0a, 0, 0, 0), u32(0, 0), u16(0, 0), new Uint8Array(8)), { time: 2 }),
      object(73, join(u16(1, 0), u32(1), u8(0xaa, 0, 0, 0), u32(0, 0), u16(0, 0), new Uint8Array(8)), { time: 3 }),
      object(73, join(u16(1, 0), u32(1), u8(0xe8, 0, 0, 0), u32(0, 0), u16(0, 0), new Uint8Array(8)), { time: 4 }),
      // As this library and python-can store the kernel's: its classes as the identifier, and its data.
      object(73, join(u16(1, 0), u32(0), u8(0, 0, 8, 0), u32(0, 0x204), u16(0, 0), hex("00 08 00 00 00 00 60 00")), {
        time: 5,
      }),
    ),
    0,
  )),
  "blf_other_objects.blf": file(container(
    join(
      object(11, join(u16(1), u8(0x2a, 8), eight, new Uint8Array(12)), { time: 1000 }),
      object(96, marker, { time: 2000 }),
      object(92, join(u32(100, 7, 0, 0), text("comment")), { time: 3000 }),
      object(65, join(u32(0, 0, 9, 0), text("app text\0")), { time: 4000 }),
      object(65, join(u32(1, 0, 9, 0), text("database\0")), { time: 5000 }),
      object(200, u32(1), { time: 6000 }),
      one(7000, hex("07")),
    ),
    2,
  )),
  "blf_endless.blf": file(
    container(
      join(one(1000, hex("01")), hex("4C 4F 42 4A 10 00 01 00 00 00 00 00 01 00 00 00"), one(2000, hex("02"))),
      0,
    ),
  ),
  "blf_endless_outside.blf": file(hex("4C 4F 42 4A 10 00 01 00 00 00 00 00 01 00 00 00"), one(2000, hex("02"))),
  "blf_faults.blf": file(
    container(one(1000, hex("01")), 0),
    hex("4C 4F 42 4A 10 00 01 00 24 00 00 00 0A 00 00 00 03 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00 00 00 00 00"),
    hex("4C 4F 42 4A 10 00 01 00 24 00 00 00 0A 00 00 00 02 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00 01 02 03 04"),
    container(
      join(
        object(1, hex("01 00 00 01"), { time: 1 }),
        object(1, message(1, 0, 1, 0x123, hex("01")), { time: -2_000_000_000_000_000_000n }),
        object(139, xl({ id: 0x123, flags: 0x403000 }), { time: 1 }),
        hex("FF FF FF FF FF FF FF FF FF FF FF FF"),
        one(2000, hex("02")),
      ),
      0,
    ),
  ),
  // The second of three containers, in which an object ends and another one begins, cannot be inflated.
  "blf_lost_container.blf": file(
    container(join(one(1000, hex("01")), one(2000, hex("02")).subarray(0, 40)), 0),
    join(
      ...[container(join(one(2000, hex("02")).subarray(40), one(3000, hex("03")).subarray(0, 20)), 2)].map((each) => {
        const damaged = each.slice();
        damaged[32] = 0xff;
        return damaged;
      }),
    ),
    container(join(one(3000, hex("03")).subarray(20), one(4000, hex("04"))), 0),
  ),
  "blf_killed.blf": join(
    header(),
    container(one(1000, hex("01")), 2),
    container(one(2000, hex("02")), 0).subarray(0, 70),
  ),
  "blf_killed_at_once.blf": header({ start: new Uint8Array(16) }),
  "blf_local_time.blf": whole,
  "blf_gzip.blf.gz": new Uint8Array(gzipSync(whole)),
};
