import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { decodeExtendedError } from "../../src/kernel/errqueue.ts";
import {
  decodeJ1939Address,
  decodeJ1939Filters,
  decodeTransferStats,
  encodeJ1939Address,
  encodeJ1939Filters,
} from "../../src/kernel/j1939.ts";
import { generator } from "../support/random.ts";

// deno-fmt-ignore
const address = Uint8Array.of(
  29, 0,                   // can_family
  0, 0,
  0x78, 0x56, 0x34, 0x12,  // can_ifindex
  8, 7, 6, 5, 4, 3, 2, 1,  // name
  0xca, 0xfe, 0x00, 0x00,  // pgn
  0x20,                    // addr
  0, 0, 0,
);

// deno-fmt-ignore
const filter = Uint8Array.of(
  8, 7, 6, 5, 4, 3, 2, 1,  // name
  0xff, 0, 0, 0, 0, 0, 0, 0x80, // name_mask
  0x00, 0xef, 0x01, 0x00,  // pgn
  0xff, 0xff, 0x03, 0x00,  // pgn_mask
  0x80, 0xf0,              // addr, addr_mask
  0, 0, 0, 0, 0, 0,
);

const parts = { name: 0x0102030405060708n, pgn: 0xfeca, address: 0x20 };
const rawFilter = {
  name: 0x0102030405060708n,
  nameMask: 0x80000000000000ffn,
  pgn: 0x1ef00,
  pgnMask: 0x3ffff,
  address: 0x80,
  addressMask: 0xf0,
};

// Captured on Linux 6.1.
const acknowledged = hex("08000100f9060000");
const begun = hex(
  "08000200140000000800030000ef00000c00040001000000000000800c000500020000000000008005000600220000000500070033000000",
);
const sent = hex("2a000000040000000200000001000000");
const unreachable = hex("71000000010000000100000005000000");

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16));
}

describe("linux/can/j1939.h", () => {
  it("struct sockaddr_can", () => {
    assertEquals(encodeJ1939Address(0x12345678, parts), address);
    assertEquals(decodeJ1939Address(address), parts);
  });

  it("struct j1939_filter", () => {
    assertEquals(encodeJ1939Filters([rawFilter]), filter);
    assertEquals(decodeJ1939Filters(filter), [rawFilter]);
    assertEquals(encodeJ1939Filters([]).length, 0);
  });

  it("random addresses and filters round-trip", () => {
    const below = generator(1939);
    const name = () => BigInt(below(2 ** 32)) << 32n | BigInt(below(2 ** 32));
    for (let i = 0; i < 200; i++) {
      const some = { name: name(), pgn: below(2 ** 32), address: below(256) };
      assertEquals(decodeJ1939Address(encodeJ1939Address(below(2 ** 31), some)), some);
      const filters = Array.from({ length: below(5) }, () => ({
        ...some,
        nameMask: name(),
        pgnMask: below(2 ** 32),
        addressMask: below(256),
      }));
      assertEquals(decodeJ1939Filters(encodeJ1939Filters(filters)), filters);
    }
  });

  it("the error queue's attributes of a transfer", () => {
    assertEquals(decodeTransferStats(acknowledged), { bytesAcked: 1785 });
    assertEquals(decodeTransferStats(begun), {
      totalSize: 20,
      pgn: 0xef00,
      sourceName: 0x8000000000000001n,
      destinationName: 0x8000000000000002n,
      source: 0x22,
      destination: 0x33,
    });
  });

  it("decoding stops at the first malformed attribute", () => {
    assertEquals(decodeTransferStats(new Uint8Array(0)), {});
    for (let length = 0; length < acknowledged.length; length++) {
      assertEquals(decodeTransferStats(acknowledged.subarray(0, length)), {});
    }
    assertEquals(decodeTransferStats(hex("0400010008000200ff000000")), { totalSize: 255 }); // no payload; then one
    assertEquals(decodeTransferStats(hex("03000100")), {});
    assertEquals(decodeTransferStats(hex("08006300ff00000008000100ff000000")), { bytesAcked: 255 }); // unknown; then one
  });
});

describe("linux/errqueue.h", () => {
  it("struct sock_extended_err", () => {
    assertEquals(decodeExtendedError(sent), { errno: 42, origin: 4, info: 2, data: 1 });
    assertEquals(decodeExtendedError(unreachable), { errno: 113, origin: 1, info: 1, data: 5 });
  });
});
