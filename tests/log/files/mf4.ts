/**
 * MDF 4 files, block by block.
 *
 * @module
 */

import { deflateSync } from "node:zlib";
import { counting, f64, hex, join, order, padded, text, u16, u32, u64, u8 } from "./bytes.ts";

/** A block: its links to other blocks, and its data. */
interface Block {
  readonly type: string;
  links: (Block | null)[];
  readonly data: Uint8Array;
  /** The length that it states, if that is not its own. */
  readonly stated?: number;
}

function block(type: string, links: (Block | null)[], data: Uint8Array, stated?: number): Block {
  return { type, links, data, ...stated !== undefined && { stated } };
}

const size = ({ links, data }: Block) => 24 + 8 * links.length + data.length;

/** Returns a file with a block and all that it links to; `last` is at its end. */
function file(head: Uint8Array, first: Block, last?: Block): Uint8Array {
  const blocks: Block[] = [];
  const add = (each: Block | null) => {
    if (each === null || each === last || blocks.includes(each)) return;
    blocks.push(each);
    each.links.forEach(add);
  };
  add(first);
  if (last) blocks.push(last);
  const offsets = new Map<Block | null, number>([[null, 0]]);
  let at = head.length;
  for (const each of blocks) {
    offsets.set(each, at);
    at += Math.ceil(size(each) / 8) * 8;
  }
  return join(
    head,
    ...blocks.map((each) => {
      const { type, links, data, stated = size(each) } = each;
      const bytes = join(
        text(`##${type}`),
        u32(0),
        u64(stated, links.length),
        u64(...links.map((to) => offsets.get(to)!)),
        data,
      );
      return each === last ? bytes : padded(bytes, Math.ceil(bytes.length / 8) * 8);
    }),
  );
}

/** The beginning of a file. `unfinished` are the flags of what is not up to date. */
function identification(unfinished = 0): Uint8Array {
  return join(
    text(unfinished ? "UnFinMF 4.11    " : "MDF     4.11    "),
    text("by hand", 8),
    u32(0),
    u16(411),
    new Uint8Array(30),
    u16(unfinished, 0),
  );
}

/** 2021-01-01 12:00:00 UTC. */
const START = 1_609_502_400_000_000_000n;

/** The header block. `flags`: 1 local time, 2 its offsets in minutes are valid. */
function header(groups: Block[], { start = START, flags = 0, offset = 0 } = {}): Block {
  groups.forEach((group, i) => group.links[0] = groups[i + 1] ?? null);
  return block(
    "HD",
    [groups[0], null, null, null, null, null],
    join(u64(start), u16(offset, 0), u8(flags, 0, 0, 0), f64(0, 0)),
  );
}

function dataGroup(idSize: number, groups: Block[], data: Block): Block {
  groups.forEach((group, i) => group.links[0] = groups[i + 1] ?? null);
  return block("DG", [null, groups[0], data, null], u8(idSize, 0, 0, 0, 0, 0, 0, 0));
}

const tx = (value: string) => block("TX", [], text(`${value}\0`));
const source = block("SI", [tx("CAN"), null, null], u8(2, 2, 0, 0, 0, 0, 0, 0));

/** A channel. Data types: 0 and 1 unsigned, 4 and 5 double, 6 text, 10 bytes; odd ones are big-endian. */
interface Channel {
  readonly name: string;
  readonly byte: number;
  readonly bit?: number;
  readonly bits: number;
  readonly type?: number;
  readonly dataType?: number;
  /** Seconds in a unit. */
  readonly factor?: number;
  readonly data?: Block;
}

function channel({ name, byte, bit = 0, bits, type = 0, dataType = 0, factor, data }: Channel): Block {
  const conversion = factor === undefined
    ? null
    : block("CC", [null, null, null, null], join(u8(1, 0), u16(0, 0, 2), f64(0, 0, 0, factor)));
  return block(
    "CN",
    [null, null, tx(name), source, conversion, data ?? null, null, null],
    join(
      u8(type, type === 2 ? 1 : 0, dataType, bit),
      u32(byte, bits, 0x400, 0),
      u8(0, 0),
      u16(0),
      f64(0, 0, 0, 0, 0, 0),
    ),
  );
}

interface GroupOptions {
  readonly id?: number;
  readonly bytes: number;
  readonly count?: number;
  readonly flags?: number;
  /** Bytes after each record that say which of its values are invalid. */
  readonly invalid?: number;
}

/** A channel group: the time, and a frame of which all other channels are parts. */
function group(time: Channel, frame: string, parts: Block[], options: GroupOptions): Block {
  parts.forEach((part, i) => part.links[0] = parts[i + 1] ?? null);
  const whole = channel({ name: frame, byte: 0, bits: 8 * options.bytes, dataType: 10 });
  whole.links[1] = parts[0] ?? null;
  const first = channel({ ...time, type: 2 });
  first.links[0] = whole;
  return channelGroup(first, options);
}

function channelGroup(first: Block | null, { id = 0, bytes, count = 0, flags = 6, invalid = 0 }: GroupOptions): Block {
  return block(
    "CG",
    [null, first, null, source, null, null],
    join(u64(id, count), u16(flags, 46), u32(0, bytes, invalid)),
  );
}

const seconds: Channel = { name: "Timestamp", byte: 0, bits: 64, dataType: 4 };
const nanoseconds: Channel = { name: "Timestamp", byte: 0, bits: 64, factor: 1e-9 };

/** Channels in whole bytes, as this project's writer has them: 8 channel, 9 flags, 10 DLC, 11 length, 12 identifier. */
function parts(frame: string, data: Block | null, { length = true, edl = true } = {}): Block[] {
  const at = (name: string, byte: number, bits: number, bit = 0) =>
    channel({ name: `${frame}.${name}`, byte, bits, bit });
  return [
    at("BusChannel", 8, 8),
    at("ID", 12, 29),
    at("IDE", 9, 1, 0),
    at("Dir", 9, 1, 1),
    ...edl ? [at("EDL", 9, 1, 2), at("BRS", 9, 1, 3), at("ESI", 9, 1, 4)] : [],
    at("DLC", 10, 4),
    ...length ? [at("DataLength", 11, 8)] : [],
    ...data ? [data] : [],
  ];
}

const dataBytes = (frame: string, length: number) =>
  channel({ name: `${frame}.DataBytes`, byte: 16, bits: 8 * length, dataType: 10 });

const IDE = 1, DIR = 2, EDL = 4, BRS = 8, ESI = 16;

/** A record of these channels. `data` is padded. */
function record(
  time: Uint8Array,
  bus: number,
  flags: number,
  dlc: number,
  id: number,
  data: Uint8Array,
  room: number,
  length = data.length,
): Uint8Array {
  return join(time, u8(bus, flags, dlc, length), u32(id), padded(data, room));
}

const eight = hex("11 22 33 44 55 66 77 88");
const DT = (...records: Uint8Array[]) => block("DT", [], join(...records));
const FRAME = "CAN_DataFrame";

/** Records of data frames with room for 64 bytes, and how many they are. */
function frames(time: (n: number) => Uint8Array): Uint8Array[] {
  return [
    record(time(1), 1, 0, 2, 0x123, hex("00 11"), 64),
    record(time(3), 2, IDE | DIR, 8, 0x123, eight, 64),
    record(time(5), 1, 0, 11, 0x7ff, eight, 64),
    record(time(7), 1, EDL | BRS, 9, 0x12, counting(12), 64),
    record(time(9), 1, IDE | EDL | BRS | ESI, 15, 0x12345678, counting(64), 64),
    record(time(11), 1, EDL, 0, 0x12, hex(""), 64),
  ];
}

const inSeconds = (n: number) => f64(n / 8);
const inNanoseconds = (n: number) => u64(125_000_000 * n);

const dataGroups = (data: Block) =>
  dataGroup(0, [group(nanoseconds, FRAME, parts(FRAME, dataBytes(FRAME, 64)), { bytes: 80, count: 6 })], data);

/** Three groups that have to be merged by time. */
function sorted(): Uint8Array {
  const remote = "CAN_RemoteFrame";
  const error = "CAN_ErrorFrame";
  return file(
    identification(),
    header([
      dataGroup(
        0,
        [group(seconds, FRAME, parts(FRAME, dataBytes(FRAME, 64)), { bytes: 80, count: 6 })],
        DT(...frames(inSeconds)),
      ),
      dataGroup(
        0,
        [group(seconds, remote, parts(remote, null), { bytes: 16, count: 2 })],
        DT(
          record(inSeconds(2), 1, 0, 4, 0x321, hex(""), 0),
          record(inSeconds(4), 2, IDE | DIR, 8, 0x321, hex(""), 0),
        ),
      ),
      // Kvaser's error frames: one number as their data.
      dataGroup(
        0,
        [group(seconds, error, parts(error, channel({ name: `${error}.DataBytes`, byte: 16, bits: 8 })), {
          bytes: 17,
          count: 1,
        })],
        DT(record(inSeconds(6), 1, 0, 0, 0, hex("FF"), 1)),
      ),
    ]),
  );
}

/** Data in a list of values with their lengths; each record has the offset of its value. */
function variable(): Uint8Array {
  const values = block("SD", [], join(u32(2), hex("00 11"), u32(0), u32(12), counting(12)));
  const data = channel({ name: `${FRAME}.DataBytes`, byte: 16, bits: 64, type: 1, dataType: 10, data: values });
  return file(
    identification(),
    header([
      dataGroup(
        0,
        [group(nanoseconds, FRAME, parts(FRAME, data), { bytes: 24, count: 3 })],
        DT(
          record(inNanoseconds(1), 1, 0, 2, 0x123, u64(0), 8, 2),
          record(inNanoseconds(2), 1, 0, 0, 0x123, u64(6), 8, 0),
          record(inNanoseconds(3), 1, IDE | EDL, 9, 0x123, u64(10), 8, 12),
        ),
      ),
    ]),
  );
}

/** As a CANedge that lost its power: no counts, the last block without its length, values between the records. */
function unfinished(): Uint8Array {
  const values = channelGroup(null, { id: 2, bytes: 0, flags: 1 });
  const data = channel({ name: `${FRAME}.DataBytes`, byte: 16, bits: 64, type: 1, dataType: 10, data: values });
  const remote = "CAN_RemoteFrame";
  const row = (id: number, ...fields: Uint8Array[]) => join(u8(id), ...fields);
  const records = {
    ...DT(
      row(1, record(inNanoseconds(1), 1, 0, 2, 0x123, u64(0), 8, 2)),
      row(2, u32(2), hex("00 11")),
      row(3, record(inNanoseconds(2), 1, 0, 4, 0x321, hex(""), 0)),
      row(4, hex("01 02 03")),
      row(1, record(inNanoseconds(3), 2, IDE | EDL | DIR, 9, 0x123, u64(6), 8, 12)),
      row(1, record(inNanoseconds(4), 1, 0, 1, 0x123, u64(22), 8, 1)),
      row(2, u32(12), counting(12)),
      row(2, u32(1), hex("FF")),
      row(1, hex("00 01 02")),
    ),
    stated: 24,
  };
  return file(
    identification(0x25),
    header([
      dataGroup(1, [
        group(nanoseconds, FRAME, parts(FRAME, data), { id: 1, bytes: 24 }),
        values,
        group(nanoseconds, remote, parts(remote, null), { id: 3, bytes: 16 }),
        channelGroup(channel({ name: "Acceleration", byte: 0, bits: 24 }), { id: 4, bytes: 3, flags: 0 }),
      ], records),
    ]),
    records,
  );
}

/** A list of compressed blocks, cut in the middle of a record; the second one transposed. */
function compressed(): Uint8Array {
  const all = join(...frames(inNanoseconds));
  const zipped = (part: Uint8Array, columns: number) => {
    const rows = columns === 0 ? 0 : Math.floor(part.length / columns);
    const turned = part.slice();
    for (let i = 0; i < rows * columns; i++) turned[i % columns * rows + Math.floor(i / columns)] = part[i];
    const content = deflateSync(turned);
    return block(
      "DZ",
      [],
      join(text("DT"), u8(columns ? 1 : 0, 0), u32(columns), u64(part.length, content.length), content),
    );
  };
  const [one, two, three] = [all.subarray(0, 100), all.subarray(100, 350), all.subarray(350)];
  const second = block("DL", [null, block("DT", [], three)], join(u8(0, 0, 0, 0), u32(1), u64(350)));
  const first = block("DL", [second, zipped(one, 0), zipped(two, 80)], join(u8(0, 0, 0, 0), u32(2), u64(0, 100)));
  return file(identification(), header([dataGroups(block("HL", [first], join(u16(0), u8(1, 0, 0, 0, 0, 0))))]));
}

/** A list of blocks, the second of which cannot be inflated: 80 to 230 of the 480 bytes of the records. */
function gap(): Uint8Array {
  const all = join(...frames(inNanoseconds));
  const broken = block("DZ", [], join(text("DT"), u8(0, 0), u32(0), u64(150, 4), hex("01 02 03 04")));
  const list = [DT(all.subarray(0, 80)), broken, DT(all.subarray(230))];
  return file(
    identification(),
    header([dataGroups(block("DL", [null, ...list], join(u8(0, 0, 0, 0), u32(3), u64(0, 80, 230))))]),
  );
}

/** Data of up to 64 bytes whose length is in another channel, of whatever name. */
function maximum(): Uint8Array {
  const length = channel({ name: `${FRAME}.Bytes`, byte: 11, bits: 8 });
  const data = channel({ name: `${FRAME}.DataBytes`, byte: 16, bits: 512, type: 5, dataType: 10, data: length });
  return file(
    identification(),
    header([
      dataGroup(
        0,
        [group(nanoseconds, FRAME, [...parts(FRAME, data, { length: false }), length], {
          bytes: 81,
          count: 6,
          invalid: 1,
        })],
        DT(...frames(inNanoseconds).map((each) => join(each, u8(0x55, 0)))),
      ),
    ]),
  );
}

/** No length but the length code. */
function codes(): Uint8Array {
  return file(
    identification(),
    header([
      dataGroup(
        0,
        [group(nanoseconds, FRAME, parts(FRAME, dataBytes(FRAME, 64), { length: false }), { bytes: 80, count: 6 })],
        DT(...frames(inNanoseconds)),
      ),
    ]),
  );
}

/** Channels at odd places: big-endian numbers, bits in the middle, directions as text, 10-µs times, local time. */
function places(): Uint8Array {
  const big = order(false);
  const at = (name: string, byte: number, bits: number, bit = 0, dataType = 0) =>
    channel({ name: `${FRAME}.${name}`, byte, bits, bit, dataType });
  const time: Channel = { name: "Timestamp", byte: 20, bits: 32, dataType: 1, factor: 1e-5 };
  const row = (ticks: number, packed: number, id: number, direction: string, data: Uint8Array) =>
    join(padded(data, 8), big.u32(id), text(direction, 3), u16(packed), u8(0, 0, 0), big.u32(ticks));
  return file(
    identification(),
    header([
      dataGroup(
        0,
        [
          group(time, FRAME, [
            // Bits 3 to 6 the length, 9 to 12 the channel.
            at("DLC", 15, 4, 3),
            at("BusChannel", 16, 4, 1),
            at("ID", 8, 32, 0, 1),
            at("Dir", 12, 24, 0, 6),
            channel({ name: `${FRAME}.DataBytes`, byte: 0, bits: 64, dataType: 10 }),
          ], { bytes: 24, count: 3 }),
        ],
        DT(
          row(100_000, 2 << 3 | 1 << 9, 0x123, "Rx", hex("00 11")),
          row(100_001, 1 << 3 | 9 << 9 | 0x8007, 0x80000123, "Tx", hex("FF")),
          row(100_002, 8 << 3 | 1 << 9, 0x12345678, "Rx", eight),
        ),
      ),
    ], { start: START + 3_600_000_000_000n, flags: 1 }),
  );
}

/** Blocks and records that cannot be read. */
function faults(): Uint8Array {
  const loop = block("DL", [], join(u8(0, 0, 0, 0), u32(1), u64(0)));
  loop.links = [loop, DT(record(inNanoseconds(1), 1, 0, 1, 0x123, hex("01"), 64))];
  const broken = block(
    "DZ",
    [],
    join(text("DT"), u8(0, 0), u32(0), u64(80, 4), hex("01 02 03 04")),
  );
  return file(
    identification(),
    header([
      dataGroups(loop),
      dataGroups(broken),
      dataGroups(DT(
        record(inNanoseconds(2), 1, 0, 1, 0x800, hex("02"), 64),
        record(inNanoseconds(3), 1, 0, 1, 0x123, hex("03"), 64),
        hex("01 02 03"),
      )),
      dataGroup(
        1,
        [group(nanoseconds, FRAME, parts(FRAME, dataBytes(FRAME, 64)), { id: 1, bytes: 80, count: 1 })],
        DT(u8(1), record(inNanoseconds(4), 1, 0, 1, 0x123, hex("04"), 64), u8(9), hex("00 00")),
      ),
    ], { flags: 2, offset: 60 }),
  );
}

/** The files by their names. */
export const mf4Files: Readonly<Record<string, Uint8Array>> = {
  "mf4_sorted.mf4": sorted(),
  "mf4_variable.mf4": variable(),
  "mf4_unfinished.mf4": unfinished(),
  "mf4_compressed.mf4": compressed(),
  "mf4_maximum.mf4": maximum(),
  "mf4_codes.mf4": codes(),
  "mf4_places.mf4": places(),
  "mf4_gap.mf4": gap(),
  "mf4_faults.mf4": faults(),
};
