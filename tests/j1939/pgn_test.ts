import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { packJ1939Id, Pgn, unpackJ1939Id } from "../../mod.ts";
import { generator } from "../support/random.ts";

/** Identifiers as seen on networks, and their fields. */
const golden: readonly [
  what: string,
  id: number,
  pgn: number,
  priority: number,
  source: number,
  destination: number,
][] = [
  ["TSC1, transmission to engine", 0x0c000003, 0, 3, 3, 0],
  ["EEC1, engine", 0x0cf00400, 61444, 3, 0, 255],
  ["CCVS", 0x18fef100, 65265, 6, 0, 255],
  ["ET1", 0x18feee00, 65262, 6, 0, 255],
  ["DM1", 0x18feca00, 65226, 6, 0, 255],
  ["request to all nodes, service tool", 0x18eafff9, 59904, 6, 249, 255],
  ["request to the engine", 0x18ea00f9, 59904, 6, 249, 0],
  ["address claimed, 0x21", 0x18eeff21, 60928, 6, 0x21, 255],
  ["cannot claim address", 0x18eefffe, 60928, 6, 254, 255],
  ["commanded address, sent by BAM", 0x18fed8fe, 65240, 6, 254, 255],
  ["TP.CM to 0x20", 0x1cec2080, 0xec00, 7, 0x80, 0x20],
  ["proprietary A, data page 1", 0x19ef2080, 0x1ef00, 6, 0x80, 0x20],
  ["NMEA 2000 position, rapid update", 0x09f80110, 129025, 2, 16, 255],
  ["NMEA 2000 GNSS position", 0x0df80510, 129029, 3, 16, 255],
  ["least", 0, 0, 0, 0, 0],
  ["greatest", 0x1fffffff, 0x3ffff, 7, 255, 255],
  ["last with a destination", 0x1fefffff, 0x3ef00, 7, 255, 255],
  ["first without", 0x00f00000, 0xf000, 0, 0, 255],
];

describe("J1939 identifiers", () => {
  for (const [what, id, pgn, priority, source, destination] of golden) {
    it(`golden: ${what}`, () => {
      assertEquals(unpackJ1939Id(id), { pgn, priority, source, destination });
      assertEquals(packJ1939Id({ pgn, priority, source, destination }), id);
    });
  }

  it("survive a round trip", () => {
    const below = generator(1939);
    for (let i = 0; i < 2000; i++) {
      const id = below(2 ** 29);
      assertEquals(packJ1939Id(unpackJ1939Id(id)), id);
    }
  });

  it("default to priority 6 and all nodes", () => {
    assertEquals(packJ1939Id({ pgn: 0xea00, source: 0xf9 }), 0x18eafff9);
  });

  it("are refused with field, value and limit if they are invalid", () => {
    const id = { pgn: 0xea00, source: 1 };
    assertThrows(() => packJ1939Id({ ...id, pgn: 0x40000 }), RangeError, "to 0x3ffff");
    assertThrows(() => packJ1939Id({ ...id, pgn: 0xea01 }), RangeError, "pgn is 0xea01: its last byte must be 0");
    assertThrows(() => packJ1939Id({ ...id, priority: 8 }), RangeError, "priority is 8");
    assertThrows(() => packJ1939Id({ ...id, source: 256 }), RangeError, "source is 256 (0x100)");
    assertThrows(() => packJ1939Id({ ...id, destination: -1 }), RangeError, "destination is -1");
    assertThrows(() => packJ1939Id({ ...id, pgn: 0xfeca, destination: 1 }), RangeError, "goes to all nodes (255)");
    assertThrows(() => packJ1939Id({ ...id, source: "1" as unknown as number }), TypeError, "source must be a number");
    assertThrows(() => unpackJ1939Id(0x20000000), RangeError, "to 0x1fffffff");
  });
});

describe("Pgn", () => {
  it("has the parts that the standard defines", () => {
    const parts = (value: number) => {
      const pgn = new Pgn(value);
      return [pgn.extendedDataPage, pgn.dataPage, pgn.pduFormat, pgn.pduSpecific, pgn.isPdu1, pgn.isPdu2];
    };
    assertEquals(parts(0xea00), [0, 0, 234, 0, true, false]);
    assertEquals(parts(0xef00), [0, 0, 239, 0, true, false]);
    assertEquals(parts(0xf000), [0, 0, 240, 0, false, true]);
    assertEquals(parts(0xfeca), [0, 0, 254, 202, false, true]);
    assertEquals(parts(129025), [0, 1, 248, 1, false, true]);
    assertEquals(parts(0x3ffff), [1, 1, 255, 255, false, true]);
  });

  it("prints both notations, and returns the bytes of a request", () => {
    assertEquals(`${new Pgn(61444)}`, "0xf004 (61444)");
    assertEquals(`${new Pgn(0)}`, "0x0000 (0)");
    assertEquals(JSON.stringify({ pgn: new Pgn(61444) }), '{"pgn":61444}');
    assertEquals([...new Pgn(65242).toBytes()], [0xda, 0xfe, 0x00]);
    assertEquals([...new Pgn(129025).toBytes()], [0x01, 0xf8, 0x01]);
  });

  it("refuses numbers that are not PGNs", () => {
    assertThrows(() => new Pgn(0xef01), RangeError, "its last byte must be 0");
    assertThrows(() => new Pgn(-1), RangeError, "pgn is -1");
    assertThrows(() => new Pgn(1.5), RangeError, "pgn is 1.5");
    assertThrows(() => new Pgn("1" as unknown as number), TypeError);
  });
});
