import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { type J1939Filter, Name } from "../../mod.ts";
import { toRawJ1939Filters } from "../../src/j1939/filter.ts";

const none = { pgn: 0, pgnMask: 0, address: 0, addressMask: 0, name: 0n, nameMask: 0n };
const ALL = 0xffffffffffffffffn;

describe("J1939 filters", () => {
  it("have a form for the kernel", () => {
    assertEquals(toRawJ1939Filters(null), []);
    assertEquals(toRawJ1939Filters([]), []);
    const rows: [J1939Filter, Partial<typeof none>][] = [
      [{}, {}],
      [{ pgn: 0xfeca }, { pgn: 0xfeca, pgnMask: 0x3ffff }],
      [{ pgn: 0 }, { pgn: 0, pgnMask: 0x3ffff }],
      [{ pgn: 0xef12, pgnMask: 0x3ff00 }, { pgn: 0xef12, pgnMask: 0x3ff00 }],
      [{ pgn: 0x00ca, pgnMask: 0x000ff }, { pgn: 0x00ca, pgnMask: 0x000ff }],
      [{ pgn: 0xe0ca, pgnMask: 0x3e0ff }, { pgn: 0xe0ca, pgnMask: 0x3e0ff }],
      [{ source: 0x20 }, { address: 0x20, addressMask: 0xff }],
      [{ source: 0x80, sourceMask: 0xf0 }, { address: 0x80, addressMask: 0xf0 }],
      [{ name: 5n }, { name: 5n, nameMask: ALL }],
      [{ name: new Name({ function: 130 }), nameMask: 0xffn << 40n }, { name: 130n << 40n, nameMask: 0xffn << 40n }],
      [{ pgn: 0xfeca, source: 1, name: 2n }, {
        pgn: 0xfeca,
        pgnMask: 0x3ffff,
        address: 1,
        addressMask: 0xff,
        name: 2n,
        nameMask: ALL,
      }],
    ];
    for (const [filter, expected] of rows) assertEquals(toRawJ1939Filters([filter]), [{ ...none, ...expected }]);
    assertEquals(toRawJ1939Filters(rows.map(([filter]) => filter)).length, rows.length);
  });

  it("refuses invalid filters with field, value and limit", () => {
    const rows: [unknown, typeof RangeError | typeof TypeError, string][] = [
      ["x", TypeError, 'filters must be an array or null: "x"'],
      [[null], TypeError, "filters[0] must be an object such as { pgn: 0xfeca, source: 0x20 }: null"],
      [[{}, { pgn: 0x40000 }], RangeError, "filters[1].pgn is 262144 (0x40000)"],
      [[{ pgn: 0xef12 }], RangeError, "its last byte must be 0"],
      [[{ pgn: "1" }], TypeError, "filters[0].pgn must be a number"],
      [
        [{ pgn: 0xef12, pgnMask: 0x3ffff }],
        RangeError,
        "filters[0] can match nothing: the last byte of PGN 0xef12 must",
      ],
      [[{ pgn: 0xe001, pgnMask: 0x01801 }], RangeError, "filters[0] can match nothing"],
      [[{ pgn: 1, pgnMask: -1 }], RangeError, "filters[0].pgnMask is -1"],
      [[{ source: 256 }], RangeError, "filters[0].source is 256"],
      [[{ source: 1, sourceMask: 1.5 }], RangeError, "filters[0].sourceMask is 1.5"],
      [[{ name: 5 }], TypeError, "filters[0].name must be a Name or a bigint: 5"],
      [[{ name: 5n, nameMask: 1n << 64n }], RangeError, "filters[0].nameMask"],
      [[{ pgnMask: 1 }], TypeError, "filters[0] has pgnMask without pgn"],
      [[{ sourceMask: 1 }], TypeError, "filters[0] has sourceMask without source"],
      [[{ nameMask: 1n }], TypeError, "filters[0] has nameMask without name"],
      [[{ address: 1 }], TypeError, 'filters[0] has an unknown field "address"; the fields are pgn, pgnMask, source'],
      [Array.from({ length: 513 }, () => ({})), RangeError, "513 filters: the kernel takes at most 512"],
    ];
    for (const [filters, Class, text] of rows) {
      assertThrows(() => toRawJ1939Filters(filters as J1939Filter[]), Class, text);
    }
  });
});
