import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { decodeErrorData } from "../../src/kernel/error.ts";

describe("linux/can/error.h", () => {
  it("data of an error frame", () => {
    //                             bit   ctrl  prot  where CANL/H own   tx    rx
    const bytes = Uint8Array.of(0x09, 0x28, 0x82, 0x19, 0x57, 0x77, 0x88, 0x07);
    assertEquals(decodeErrorData(bytes), {
      lostArbitration: 0x09,
      controller: 0x28,
      protocol: 0x82,
      location: 0x19,
      canh: 0x07,
      canl: 0x50,
      controllerSpecific: 0x77,
      txErrors: 0x88,
      rxErrors: 0x07,
    });
  });

  it("reads missing bytes as 0", () => {
    const bytes = new Uint8Array(64).fill(0xff);
    for (let length = 0; length <= 8; length++) {
      const fields = Object.values(decodeErrorData(bytes.subarray(0, length)));
      assertEquals(fields.reduce((sum, value) => sum + value, 0), 0xff * length);
    }
  });
});
