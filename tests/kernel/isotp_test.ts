import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  encodeFlowControl,
  encodeIsoTpAddress,
  encodeLinkLayer,
  encodeOptions,
  encodeStMin,
} from "../../src/kernel/isotp.ts";
import { generator } from "../support/random.ts";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

describe("linux/can/isotp.h", () => {
  it("struct sockaddr_can", () => {
    //                                                   family pad   ifindex     rx_id       tx_id
    assertEquals(
      hex(encodeIsoTpAddress(3, 0x98daf110, 0x7e0)),
      "1d 00 00 00 03 00 00 00 10 f1 da 98 e0 07 00 00" + " 00".repeat(8),
    );
  });

  it("struct can_isotp_options", () => {
    const options = { extAddress: 0xf1, txPadContent: 0xaa, rxPadContent: 0xbb, rxExtAddress: 0x10 };
    //                                                                           flags       frame_txtime tx rx pad..
    assertEquals(
      hex(encodeOptions({ flags: 0x204, frameTxTime: 50000, ...options })),
      "04 02 00 00 50 c3 00 00 f1 aa bb 10",
    );
    assertEquals(
      hex(encodeOptions({ flags: 0, frameTxTime: 0xffffffff, ...options })),
      "00 00 00 00 ff ff ff ff f1 aa bb 10",
    );
  });

  it("struct can_isotp_fc_options, struct can_isotp_ll_options", () => {
    assertEquals(hex(encodeFlowControl(8, 0xf5, 3)), "08 f5 03");
    assertEquals(hex(encodeLinkLayer(72, 64, 1)), "48 40 01");
  });

  it("STmin", () => {
    const rows: [number, number | undefined][] = [
      [0, 0x00],
      [0.001, 0x01],
      [0.005, 0x05],
      [0.127, 0x7f],
      [0.0001, 0xf1],
      [0.0003, 0xf3],
      [0.0009, 0xf9],
      // Times that the byte cannot express:
      [0.128, undefined],
      [0.0015, undefined],
      [0.00001, undefined],
      [0.00015, undefined],
      [1, undefined],
      [-0.001, undefined],
      [Infinity, undefined],
      [NaN, undefined],
    ];
    for (const [seconds, byte] of rows) assertEquals(encodeStMin(seconds), byte, `${seconds}`);
  });

  it("STmin: every byte that has a meaning, and no other, is the code of its time", () => {
    const bytes = new Set<number>();
    for (let ms = 0; ms < 128; ms++) assertEquals(encodeStMin(ms / 1000), ms);
    for (let tenths = 1; tenths < 10; tenths++) assertEquals(encodeStMin(tenths / 10000), 0xf0 + tenths);
    const below = generator(6);
    for (let i = 0; i < 100_000; i++) {
      const byte = encodeStMin(below(20_000) / (below(2) ? 1e5 : 1e7));
      if (byte !== undefined) bytes.add(byte);
    }
    assert([...bytes].every((byte) => byte < 0x80 || (byte > 0xf0 && byte < 0xfa)), hex(Uint8Array.from(bytes)));
  });
});
