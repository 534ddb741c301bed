/**
 * pcap and pcapng files, field by field.
 *
 * @module
 */

import { counting, hex, join, order, padded, text } from "./bytes.ts";

/** 2021-01-01 12:00:00, in seconds. */
const START = 1_609_502_400;
const [EFF, RTR, ERR] = [0x80000000, 0x40000000, 0x20000000];
const [CAN, SLL, SLL2, ETHERNET] = [227, 113, 276, 1];
const big = order(false);

/** A classic or FD frame. Its identifier is big-endian unless `little`. */
function frame(
  id: number,
  data: Uint8Array,
  { flags = 0, length = data.length, code = 0, little = false } = {},
): Uint8Array {
  const { u32, u8 } = order(little);
  return join(u32(id), u8(length, flags, 0, code), data);
}

/** A CAN XL frame: of its numbers only the first is big-endian. */
function xl(priority: number, flags: number, sdt: number, af: number, data: Uint8Array): Uint8Array {
  const { u8, u16, u32 } = order(true);
  return join(big.u32(priority), u8(flags, sdt), u16(data.length), u32(af), data);
}

const eight = hex("11 22 33 44 55 66 77 88");
const frames = (little = false): Uint8Array[] => [
  frame(0x123, hex("00 11"), { little }),
  frame((0x12345678 | EFF) >>> 0, eight, { little }),
  frame(0x321 | RTR, hex(""), { little, length: 4 }),
  frame((0x88 | ERR) >>> 0, hex("00 00 0A 19 00 00 00 00"), { little }),
  frame(0x7ff, eight, { little, code: 15 }),
  frame(0x12, counting(12), { little, flags: 5 }),
  frame((0x1234567 | EFF) >>> 0, hex("AA"), { little, flags: 7 }),
];

/** Without the flag FDF, an FD frame is seen by its size of 72 bytes or more than 8 bytes of data. */
const withoutFdf = [
  frame(0x12, padded(hex("AA"), 64), { flags: 1, length: 1 }),
  frame(0x12, counting(16), { flags: 2 }),
];

function sll(type: number, protocol: number, packet: Uint8Array): Uint8Array {
  return join(big.u16(type, 280, 0, 0, 0, 0, 0, protocol), packet);
}

function sll2(type: number, protocol: number, packet: Uint8Array): Uint8Array {
  return join(big.u16(protocol, 0), big.u32(3), big.u16(280), big.u8(type, 0), new Uint8Array(8), packet);
}

const RECEIVED = 0;
const SENT = 4;
const cooked = (wrap: typeof sll, little: boolean): Uint8Array[] => [
  wrap(RECEIVED, 0xc, frame(0x123, hex("00 11"), { little })),
  wrap(SENT, 0xc, frame((0x12345678 | EFF) >>> 0, eight, { little })),
  // The protocol alone says that this is an FD frame.
  wrap(RECEIVED, 0xd, frame(0x12, hex("AA"), { little, flags: 1 })),
  wrap(RECEIVED, 0xd, frame(0x12, counting(12), { little, flags: 4 })),
  wrap(RECEIVED, 0x800, hex("45 00 00 14")),
];

interface PcapOptions {
  /** The longest packet. */
  readonly most?: number;
  readonly little?: boolean;
  readonly nanoseconds?: boolean;
  readonly linkType?: number;
}

/** A pcap file with a packet every microsecond or nanosecond. */
function pcap(
  packets: Uint8Array[],
  { little = true, nanoseconds = false, linkType = CAN, most = 65535 }: PcapOptions = {},
): Uint8Array {
  const { u16, u32 } = order(little);
  return join(
    u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4),
    u16(2, 4),
    u32(0, 0, most, linkType),
    ...packets.map((packet, i) => join(u32(START, i + 1, packet.length, packet.length), packet)),
  );
}

/** The blocks of pcapng in one byte order. */
function blocks(little: boolean) {
  const { u8, u16, u32, u64 } = order(little);
  const block = (type: number, ...fields: Uint8Array[]) => {
    const body = join(...fields);
    const whole = padded(body, Math.ceil(body.length / 4) * 4);
    return join(u32(type, whole.length + 12), whole, u32(whole.length + 12));
  };
  const option = (code: number, value: Uint8Array) =>
    join(u16(code, value.length), padded(value, Math.ceil(value.length / 4) * 4));
  return {
    u8,
    u32,
    u64,
    block,
    option,
    section: (...options: Uint8Array[]) =>
      block(0x0a0d0d0a, u32(0x1a2b3c4d), u16(1, 0), u64(0xffffffffffffffffn), ...options, u32(0)),
    interface: (linkType: number, ...options: Uint8Array[]) =>
      block(1, u16(linkType, 0), u32(65535), ...options, u32(0)),
    packet(source: number, time: number | bigint, packet: Uint8Array, ...options: Uint8Array[]) {
      const high = Number(BigInt(time) >> 32n);
      const low = Number(BigInt(time) & 0xffffffffn);
      return block(
        6,
        u32(source, high, low, packet.length, packet.length),
        padded(packet, Math.ceil(packet.length / 4) * 4),
        ...options,
        u32(0),
      );
    },
  };
}

const NS = 1_000_000_000n * BigInt(START);

/** Names, nanoseconds, directions, comments, drops, other interfaces and blocks. */
function everything(little: boolean): Uint8Array {
  const { block, option, section, interface: describe, packet, u8, u32, u64 } = blocks(little);
  const at = (n: number) => NS + BigInt(n);
  const flags = (value: number) => option(2, u32(value));
  return join(
    section(option(4, text("by hand")), option(1, text("of the section"))),
    describe(CAN, option(2, text("can0")), option(9, u8(9))),
    describe(CAN, option(2, text("a long name")), option(9, u8(9))),
    describe(ETHERNET, option(9, u8(9))),
    describe(CAN, option(9, u8(9))),
    ...frames().map((each, i) => packet(i % 2, at(i + 1), each, flags(1 + i % 2))),
    packet(0, at(10), xl(0x450123, 0x81, 3, 0x12345678, counting(5)), flags(2)),
    packet(0, at(11), withoutFdf[0]),
    packet(3, at(12), withoutFdf[1], option(1, text("öl: warm")), flags(2), option(4, u64(7))),
    packet(2, at(13), hex("45 00 00 14")),
    block(5, u32(0), u32(Number(at(14) >> 32n), Number(at(14) & 0xffffffffn)), option(1, text("the end")), u32(0)),
    block(0x40000bad, u32(1)),
    block(3, u32(10), padded(frame(0x123, hex("00 11")), 12)),
  );
}

/** Times in other units. */
function units(): Uint8Array {
  const { option, section, interface: describe, packet, u8, u64 } = blocks(true);
  const one = frame(0x123, hex("01"));
  return join(
    section(),
    describe(CAN, option(2, text("us"))),
    describe(CAN, option(2, text("ms")), option(9, u8(3))),
    describe(CAN, option(2, text("2^-10")), option(9, u8(0x8a))),
    describe(CAN, option(2, text("10^-10")), option(9, u8(10))),
    describe(CAN, option(2, text("later")), option(14, u64(START))),
    packet(0, BigInt(START) * 1_000_000n + 1n, one),
    packet(1, BigInt(START) * 1000n + 1n, one),
    packet(2, BigInt(START) * 1024n + 1n, one),
    packet(3, BigInt(START) * 10n ** 10n + 19n, one),
    packet(4, 1, one),
    section(),
    describe(CAN, option(2, text("again"))),
    packet(0, BigInt(START) * 1_000_000n + 2n, one),
  );
}

function faults(): Uint8Array {
  const { block, option, section, interface: describe, packet, u8, u32 } = blocks(true);
  const one = frame(0x123, hex("01"));
  return join(
    section(),
    describe(CAN, option(2, text("can0")), option(9, u8(9))),
    describe(CAN, option(9, u8(40))),
    packet(7, NS, one),
    packet(0, NS, frame(0x800, hex("01"))),
    packet(0, NS, frame(0x123, hex("01"), { length: 9 })),
    packet(0, NS, xl(0x123, 0x80, 0, 0, hex(""))),
    packet(0, NS, hex("00 00 01 23")),
    block(6, u32(0, 0, 0, 400, 400)),
    block(6, u32(0)),
    packet(0, NS + 1n, one).with(-4, 0xff),
    packet(0, NS + 2n, one),
    u32(6, 3),
    packet(0, NS + 3n, one),
  );
}

/** The frames as the kernel has them, and as libpcap writes them: 16 bytes, FD 72. */
const wholeFrames = (): Uint8Array[] => [
  ...frames().map((each) => padded(each, each[5] & 4 ? 72 : 16)),
  xl(0x450123, 0x81, 3, 0x12345678, counting(5)),
];

/** What this library writes: nanoseconds, FDF, a direction for every packet, no limit of a packet's length. */
function written(): Uint8Array {
  const { option, section, interface: described, packet, u8, u32, u64 } = blocks(true);
  const describe = (linkType: number, ...options: Uint8Array[]) => {
    const block = described(linkType, ...options);
    block.set(u32(0), 12);
    return block;
  };
  const at = (n: number) => NS + BigInt(n);
  const flags = (value: number) => option(2, u32(value));
  const [one, two, ...more] = wholeFrames();
  return join(
    section(option(4, text("@socketcan/bus"))),
    describe(CAN, option(2, text("can0")), option(9, u8(9))),
    packet(0, at(1), one, flags(1)),
    describe(CAN, option(9, u8(9))),
    packet(1, at(2), two, flags(2), option(4, u64(7)), option(1, text("öl: warm"))),
    ...more.map((each, i) => packet(0, at(3 + i), each, flags(1))),
  );
}

/** The files by their names. */
export const captureFiles: Readonly<Record<string, Uint8Array>> = {
  "pcap_microseconds.pcap": pcap([...frames(), xl(0x450123, 0x81, 3, 0x12345678, counting(5)), ...withoutFdf]),
  "pcap_nanoseconds_big.pcap": pcap(frames(), { little: false, nanoseconds: true }),
  "pcap_sll.pcap": pcap(cooked(sll, true), { linkType: SLL }),
  "pcap_sll2_big.pcap": pcap(cooked(sll2, false), { linkType: SLL2, little: false, nanoseconds: true }),
  "pcap_ethernet.pcap": pcap([hex("45 00 00 14")], { linkType: ETHERNET }),
  "pcap_truncated.pcap": pcap(frames()).subarray(0, 24 + 26 + 20),
  "pcap_written.pcap": pcap(wholeFrames(), {
    nanoseconds: true,
    most: 1 << 18,
  }),
  "pcapng_written.pcapng": written(),
  "pcapng_little.pcapng": everything(true),
  "pcapng_big.pcapng": everything(false),
  "pcapng_units.pcapng": units(),
  "pcapng_faults.pcapng": faults(),
};
