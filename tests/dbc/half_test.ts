import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { halfOfNumber, numberOfHalf } from "../../src/dbc/half.ts";

describe("Numbers of 16 bits", () => {
  const rows: readonly (readonly [bits: number, value: number])[] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24], // the least
    [0x03ff, 1023 * 2 ** -24], // the greatest below the normal ones
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0x3c01, 1 + 2 ** -10],
    [0xc000, -2],
    [0x7bff, 65504], // the greatest
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ];
  for (const [bits, value] of rows) {
    it(`${bits.toString(16).padStart(4, "0")} is ${Object.is(value, -0) ? "-0" : value}`, () => {
      assertEquals(numberOfHalf(bits), value);
      assertEquals(halfOfNumber(value), bits);
    });
  }

  it("all come back", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = numberOfHalf(bits);
      if (!Number.isNaN(value)) assertEquals(halfOfNumber(value), bits);
    }
  });

  it("are the nearest ones, of two the even one", () => {
    const step = 2 ** -10;
    const rounded = (value: number) => numberOfHalf(halfOfNumber(value));
    assertEquals([1 + 0.4 * step, 1 + 0.5 * step, 1 + 0.6 * step].map(rounded), [1, 1, 1 + step]);
    assertEquals([1 + 1.4 * step, 1 + 1.5 * step].map(rounded), [1 + step, 1 + 2 * step]);
    assertEquals([2 - 0.4 * step, 65519, 65520, -1e9].map(rounded), [2, 65504, Infinity, -Infinity]);
    assertEquals([2 ** -25, 2 ** -25 * 1.01].map(rounded), [0, 2 ** -24]);
  });
});
