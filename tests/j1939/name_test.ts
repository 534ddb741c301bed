import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { Name, type NameInit } from "../../mod.ts";
import { generator } from "../support/random.ts";

const zero = {
  identityNumber: 0,
  manufacturerCode: 0,
  ecuInstance: 0,
  functionInstance: 0,
  function: 0,
  vehicleSystem: 0,
  vehicleSystemInstance: 0,
  industryGroup: 0,
  arbitraryAddressCapable: false,
};

/** Bytes of address claims, and their fields. */
const golden: readonly [what: string, bytes: number[], value: bigint, fields: NameInit][] = [
  [
    "an autopilot, from canboat's samples",
    [0xfb, 0x9b, 0x70, 0x22, 0x00, 0x9b, 0x50, 0xc0],
    0xc0509b0022709bfbn,
    {
      identityNumber: 1088507,
      manufacturerCode: 275,
      function: 155,
      vehicleSystem: 40,
      industryGroup: 4,
      arbitraryAddressCapable: true,
    },
  ],
  [
    "a keypad, from Blink Marine's manual",
    [0x3f, 0x42, 0x6f, 0x1a, 0x00, 0x82, 0x3c, 0xc0],
    0xc03c82001a6f423fn,
    {
      identityNumber: 999999,
      manufacturerCode: 211,
      function: 130,
      vehicleSystem: 30,
      industryGroup: 4,
      arbitraryAddressCapable: true,
    },
  ],
  ["all zero", [0, 0, 0, 0, 0, 0, 0, 0], 0n, {}],
  // The bits as linux/can/j1939.h numbers them.
  ["bits 0 to 20", [0xff, 0xff, 0x1f, 0, 0, 0, 0, 0], 0x1fffffn, { identityNumber: 0x1fffff }],
  ["bits 21 to 31", [0, 0, 0xe0, 0xff, 0, 0, 0, 0], 0xffe00000n, { manufacturerCode: 0x7ff }],
  ["bits 32 to 34", [0, 0, 0, 0, 0x07, 0, 0, 0], 0x7n << 32n, { ecuInstance: 7 }],
  ["bits 35 to 39", [0, 0, 0, 0, 0xf8, 0, 0, 0], 0xf8n << 32n, { functionInstance: 31 }],
  ["bits 40 to 47", [0, 0, 0, 0, 0, 0xff, 0, 0], 0xffn << 40n, { function: 255 }],
  ["bits 49 to 55", [0, 0, 0, 0, 0, 0, 0xfe, 0], 0xfen << 48n, { vehicleSystem: 127 }],
  ["bits 56 to 59", [0, 0, 0, 0, 0, 0, 0, 0x0f], 0x0fn << 56n, { vehicleSystemInstance: 15 }],
  ["bits 60 to 62", [0, 0, 0, 0, 0, 0, 0, 0x70], 0x70n << 56n, { industryGroup: 7 }],
  ["bit 63", [0, 0, 0, 0, 0, 0, 0, 0x80], 0x80n << 56n, { arbitraryAddressCapable: true }],
];

describe("Name", () => {
  for (const [what, bytes, value, fields] of golden) {
    it(`golden bytes: ${what}`, () => {
      for (const name of [new Name(fields), new Name(value), new Name(Uint8Array.from(bytes))]) {
        assertEquals(name.value, value);
        assertEquals([...name.toBytes()], bytes);
        assertEquals(name.toJSON(), { ...zero, ...fields });
        assertEquals(`${name}`, value.toString(16).padStart(16, "0"));
      }
    });
  }

  it("survives a round trip through its fields, its number and its bytes", () => {
    const below = generator(1939);
    for (let i = 0; i < 500; i++) {
      const init = {
        identityNumber: below(2 ** 21),
        manufacturerCode: below(2 ** 11),
        ecuInstance: below(8),
        functionInstance: below(32),
        function: below(256),
        vehicleSystem: below(128),
        vehicleSystemInstance: below(16),
        industryGroup: below(8),
        arbitraryAddressCapable: below(2) === 1,
      };
      const name = new Name(init);
      assertEquals(name.toJSON(), init);
      assertEquals(new Name(name.value).toJSON(), init);
      assertEquals(new Name(name.toBytes()).value, name.value);
      assertEquals(new Name(name.toJSON()).value, name.value);
    }
  });

  it("keeps the reserved bit", () => {
    assertEquals(new Name(1n << 48n).toBytes()[6], 1);
    assertEquals(new Name(1n << 48n).toJSON(), zero);
  });

  it("refuses invalid NAMEs with field, value and limit", () => {
    const wrong: [unknown, typeof RangeError | typeof TypeError, string][] = [
      [
        { identityNumber: 2 ** 21 },
        RangeError,
        "identityNumber is 2097152 (0x200000): it must be a whole number from 0",
      ],
      [{ manufacturerCode: 2048 }, RangeError, "to 2047"],
      [{ ecuInstance: -1 }, RangeError, "ecuInstance is -1"],
      [{ functionInstance: 1.5 }, RangeError, "functionInstance is 1.5"],
      [{ function: "1" }, TypeError, "function must be a number"],
      [{ vehicleSystem: 128 }, RangeError, "to 127"],
      [{ vehicleSystemInstance: 16 }, RangeError, "to 15"],
      [{ industryGroup: 8 }, RangeError, "to 7"],
      [{ arbitraryAddressCapable: 1 }, TypeError, "arbitraryAddressCapable must be true or false: 1"],
      [{ serial: 1 }, TypeError, 'no field "serial"'],
      [{ toString: 1 }, TypeError, 'no field "toString"'],
      [1n << 64n, RangeError, "0xffffffffffffffff"],
      [-1n, RangeError, "-1"],
      [new Uint8Array(7), RangeError, "8 bytes, not 7"],
      [1, TypeError, "not 1"],
      [null, TypeError, "not null"],
    ];
    for (const [init, Class, text] of wrong) assertThrows(() => new Name(init as NameInit), Class, text);
  });
});
