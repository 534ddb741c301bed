import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Message, type MessageInit } from "../../mod.ts";
import { Database, type DecodedMessage, SignalValues } from "../../src/dbc/mod.ts";
import { bytesOf } from "../support/signals.ts";

/** Decodes data of the message M of 8 bytes, of which the lines of its signals and what follows them are given. */
function decode(lines: string, hex: string): DecodedMessage {
  const database = Database.parse(`BO_ 1 M: 8 X\n${lines}\n`);
  assertEquals(database.diagnostics, []);
  return database.decode(frame(hex))!;
}

function frame(hex: string, init: MessageInit = {}): Message {
  return new Message({ arbitrationId: 1, isExtendedId: false, data: bytesOf(hex), ...init });
}

/** The raw values by name. */
function raws({ signals }: DecodedMessage): Record<string, number | bigint> {
  return Object.fromEntries(Object.entries(signals).map(([name, { raw }]) => [name, raw]));
}

describe("Database.decode", () => {
  const text = `BO_ 1 M: 8 X
 SG_ speed : 0|16@1+ (0.1,-10) [0|100] "km/h" X
 SG_ gear : 16|4@1- (1,0) [0|0] "" X
VAL_ 1 gear -1 "reverse" 0 "neutral";
`;
  const database = Database.parse(text);

  it("gives raw values, values, labels, units and whether they are in range", () => {
    const decoded = database.decode(frame("e8 03 0f"))!;
    assertEquals(decoded, {
      name: "M",
      message: database.messages[0],
      signals: {
        speed: { raw: 1000, value: 90, label: null, unit: "km/h", inRange: true },
        gear: { raw: -1, value: -1, label: "reverse", unit: "", inRange: true },
      },
      missing: [],
      unknownMultiplexers: [],
    });
    assert(decoded.message === database.messages[0]);
  });

  it("does not clamp", () => {
    const { speed, gear } = database.decode(frame("ff ff 07"))!.signals;
    assertEquals(speed, { raw: 65535, value: 65535 * 0.1 - 10, label: null, unit: "km/h", inRange: false });
    assertEquals(gear, { raw: 7, value: 7, label: null, unit: "", inRange: true });
    assertEquals(database.decode(frame("00 00"))!.signals.speed.inRange, false);
  });

  it("gives null for what is not in the database, and for frames without data", () => {
    assertEquals(database.decode(frame("00", { arbitrationId: 2 })), null);
    assertEquals(database.decode(frame("00", { isExtendedId: true })), null);
    assertEquals(database.decode(frame("", { isRemoteFrame: true, dlc: 8 })), null);
    assertEquals(database.decode(frame("00", { isErrorFrame: true })), null);
    assertEquals(database.decode(frame("00", { isXl: true })), null);
  });

  it("gives signals in the order of the database, whether or not some are absent", () => {
    const lines = [" SG_ z m1 : 8|8@1+", " SG_ x M : 0|8@1+", " SG_ a : 16|8@1+"]
      .map((line) => `${line} (1,0) [0|0] "" X`).join("\n");
    assertEquals(Object.keys(decode(lines, "01 00 00").signals), ["z", "x", "a"]);
    assertEquals(Object.keys(decode(lines, "02 00 00").signals), ["x", "a"]);
  });

  it("gives a bigint where the signal has more than 53 bits, whatever its value", () => {
    const { a, b, c, d } = decode(
      [" SG_ a : 0|53@1+ (1,0)", " SG_ b : 0|54@1+ (2,-1)", " SG_ c : 0|54@1+ (0.5,0)", " SG_ d : 7|64@0- (1,0)"]
        .map((line) => `${line} [0|10] "" X`).join("\n") + '\nVAL_ 1 b 3 "three";',
      "03 00 00 00 00 00 00 80",
    ).signals;
    assertEquals([a.raw, a.value, a.inRange], [3, 3, true]);
    assertEquals([b.raw, b.value, b.inRange, b.label], [3n, 5n, true, "three"]);
    assertEquals([c.raw, c.value, c.inRange], [3n, 1.5, true]);
    assertEquals([d.raw, d.inRange], [0x0300000000000080n, false]);
  });

  it("decodes floats of both orders, scaled", () => {
    const lines = ' SG_ f : 7|64@0- (0.5,1) [0|0] "" X\nSIG_VALTYPE_ 1 f : 2;';
    assertEquals(decode(lines, "40 09 21 fb 54 44 2d 18").signals.f.value, Math.PI / 2 + 1);
  });

  it("decodes big-endian signals that are signed and scaled", () => {
    assertEquals(decode(' SG_ s : 23|16@0- (0.1,0) [0|0] "" X', "00 00 80 32").signals.s.value, -32718 * 0.1);
  });

  it("lists what is not wholly in a short frame", () => {
    const lines = [" SG_ a : 0|8@1+", " SG_ b : 8|8@1+", " SG_ c : 4|8@1+"].map((line) => `${line} (1,0) [0|0] "" X`);
    assertEquals(decode(lines.join("\n"), "05").missing, ["b", "c"]);
    assertEquals(decode(lines.join("\n"), "").missing, ["a", "b", "c"]);
  });

  it("finds no NaN in range", () => {
    const lines = ' SG_ f : 0|32@1- (1,0) [0|10] "" X\nSIG_VALTYPE_ 1 f : 1;';
    const { f } = decode(lines, "00 00 c0 7f").signals;
    assertEquals(f, { raw: NaN, value: NaN, label: null, unit: "", inRange: false });
  });

  it("decodes extended multiplexing: ranges, and multiplexers that are selected themselves", () => {
    const lines = ` SG_ x M : 0|8@1+ (1,0) [0|0] "" X
 SG_ y m2M : 8|8@1+ (1,0) [0|0] "" X
 SG_ p m3 : 16|8@1+ (1,0) [0|0] "" X
 SG_ q m0 : 24|8@1+ (1,0) [0|0] "" X
SG_MUL_VAL_ 1 y x 2-3, 7-7;
SG_MUL_VAL_ 1 p y 3-200;
SG_MUL_VAL_ 1 q x 0-2;`;
    assertEquals(raws(decode(lines, "02 03 05 07")), { x: 2, y: 3, p: 5, q: 7 });
    assertEquals(raws(decode(lines, "07 c8 05 07")), { x: 7, y: 200, p: 5 });
    const unknown = decode(lines, "03 c9 05 07");
    assertEquals([raws(unknown), unknown.unknownMultiplexers], [{ x: 3, y: 201 }, ["y"]]);
    assertEquals(raws(decode(lines, "00 03 05 07")), { x: 0, q: 7 });
    assertEquals(decode(lines, "08 03 05 07").unknownMultiplexers, ["x"]);
    // y itself is missing: what it selects is not known.
    const cut = decode(lines, "02");
    assertEquals([raws(cut), cut.missing], [{ x: 2 }, ["y", "q"]]);
  });

  it("decodes multiplexers of 64 bits", () => {
    const lines = ' SG_ x M : 0|64@1+ (1,0) [0|0] "" X\n SG_ p m1 : 0|8@1+ (1,0) [0|0] "" X\n' +
      "SG_MUL_VAL_ 1 p x 9223372036854775808-9223372036854775809;";
    const names = (hex: string) => Object.keys(decode(lines, hex).signals);
    assertEquals(names("01 00 00 00 00 00 00 80"), ["x", "p"]);
    assertEquals(names("02 00 00 00 00 00 00 80"), ["x"]);
  });

  it("decodes CAN FD frames of 64 bytes, and longer messages of J1939", () => {
    const signals = ' SG_ a : 504|8@1+ (1,0) [0|0] "" X\n SG_ b : 496|16@1- (1,0) [0|0] "" X\n';
    const fd = Database.parse(`BO_ 1 M: 64 X\n${signals}`);
    const data = new Uint8Array(64).fill(0xff, 62);
    assertEquals(raws(fd.decode(new Message({ arbitrationId: 1, isExtendedId: false, isFd: true, data }))!), {
      a: 255,
      b: -1,
    });
    const long = Database.parse('BO_ 2566834942 DM1: 1785 X\n SG_ s : 14271|16@0+ (1,0) [0|0] "" X\n', { j1939: true });
    const bytes = new Uint8Array(1785);
    bytes.set([0x12, 0x34], 1783);
    assertEquals(raws(long.decode({ pgn: 0xfeca, source: 3, destination: 255, data: bytes })!), { s: 0x1234 });
    assertEquals(long.decodeData("DM1", bytes.subarray(1)).missing, ["s"]);
  });

  it("decodes signals with the names of properties that every object has", () => {
    const lines = ' SG_ __proto__ : 0|8@1+ (1,0) [0|0] "" X\n SG_ constructor : 8|8@1+ (1,0) [0|0] "" X';
    const whole = decode(lines, "01 02").signals;
    assertEquals(Object.entries(whole).map(([name, { raw }]) => [name, raw]), [["__proto__", 1], ["constructor", 2]]);
    const short = decode(lines, "01").signals;
    assertEquals(Object.entries(short).map(([name, { raw }]) => [name, raw]), [["__proto__", 1]]);
  });

  it("decodes data by the message's name", () => {
    assertEquals(raws(database.decodeData("M", bytesOf("e8 03 0f 00"))), { speed: 1000, gear: -1 });
    assertThrows(() => database.decodeData("N", new Uint8Array(8)), RangeError, 'The database has no message "N"');
  });
});

describe("Database.decodeSignals", () => {
  const database = Database.parse(`BO_ 1 M: 8 X
 SG_ x M : 0|8@1+ (1,0) [0|0] "" X
 SG_ p m0 : 8|8@1+ (0.5,1) [0|0] "" X
 SG_ q m1 : 8|16@1- (1,0) [0|0] "" X
BO_ 2 Plain: 8 X
 SG_ a : 0|64@1- (1,0) [0|0] "" X
 SG_ f : 0|32@1- (1,0) [0|0] "" X
SIG_VALTYPE_ 2 f : 1;
`);

  it("gives the values of the signals in the order of the message, NaN for absent ones", () => {
    const into = database.signalValues();
    assertEquals([into.values.length, into.present.length], [3, 3]);
    assert(database.decodeSignals(frame("00 03 00"), into) === database.messages[0]);
    assertEquals([...into.values], [0, 2.5, NaN]);
    assertEquals([...into.present], [1, 1, 0]);
    database.decodeSignals(frame("01 ff ff"), into);
    assertEquals([[...into.values], [...into.present]], [[1, NaN, -1], [1, 0, 1]]);
    database.decodeSignals(frame("01 ff"), into); // q is cut off
    assertEquals([[...into.values], [...into.present]], [[1, NaN, NaN], [1, 0, 0]]);
  });

  it("rounds 64 bits to the nearest number, and tells a NaN from an absent signal", () => {
    const into = new SignalValues(2);
    const data = bytesOf("01 00 c0 7f 00 00 00 80");
    const message = new Message({ arbitrationId: 2, isExtendedId: false, data });
    database.decodeSignals(message, into);
    assertEquals([...into.values], [-(2 ** 63) + 0x7fc00001, NaN]);
    assertEquals([...into.present], [1, 1]);
  });

  it("changes nothing for what is not in the database", () => {
    const into = new SignalValues(3);
    into.values.fill(7);
    assertEquals(database.decodeSignals(frame("00", { arbitrationId: 3 }), into), null);
    assertEquals([...into.values], [7, 7, 7]);
  });

  it("refuses memory that is too small", () => {
    const text = "M has 3 signals: SignalValues for 2 are too small";
    assertThrows(() => database.decodeSignals(frame("00"), new SignalValues(2)), RangeError, text);
    assertThrows(() => new SignalValues(-1), RangeError, "size is -1");
  });
});
