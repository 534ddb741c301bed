import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { MessageDecoder } from "../../src/dbc/decode.ts";
import { encodeData, encodeMessage, type EncodeOptions, type SignalInputs } from "../../src/dbc/encode.ts";
import type { DatabaseMessage } from "../../src/dbc/model.ts";
import { bytesOf, messageOf } from "../support/signals.ts";

const engine = messageOf([
  { name: "Speed", start: 0, length: 16, scale: 0.1, minimum: 0, maximum: 6000, unit: "rpm", startValue: 10 },
  { name: "Gear", start: 16, length: 3, labels: new Map([[0n, "Park"], [3n, "Drive"]]), startValue: 0 },
  { name: "Torque", start: 39, length: 12, byteOrder: "big-endian", isSigned: true, offset: 100, startValue: -1 },
], { name: "Engine", frameId: 0x123 });

/** `Mode` selects `A`, `B` and `C`; `B` selects `D`. */
const branched = messageOf([
  { name: "A", start: 8, length: 8, multiplexer: { signal: "Mode", ranges: [[1n, 1n]] } },
  { name: "Mode", start: 0, length: 8, isMultiplexer: true },
  {
    name: "B",
    start: 8,
    length: 4,
    isMultiplexer: true,
    multiplexer: { signal: "Mode", ranges: [[2n, 4n], [6n, 6n]] },
  },
  { name: "C", start: 16, length: 4, multiplexer: { signal: "Mode", ranges: [[4n, 5n]] } },
  { name: "D", start: 24, length: 4, multiplexer: { signal: "B", ranges: [[7n, 7n]] } },
], { name: "Branched", length: 4 });

function data(message: DatabaseMessage, values: SignalInputs, options?: EncodeOptions): string {
  return encodeData(message, values, options).toHex();
}

describe("encodeMessage", () => {
  it("makes a message with the identifier of the database", () => {
    const message = encodeMessage(engine, { Speed: 81.5, Gear: "Drive", Torque: 99 });
    const { arbitrationId, isExtendedId, isFd } = message;
    assertEquals({ arbitrationId, isExtendedId, isFd }, { arbitrationId: 0x123, isExtendedId: false, isFd: false });
    assertEquals(message.data, bytesOf("2f 03 03 00 ff f0 00 00"));
  });

  it("makes CAN FD frames, padded to a length that there is", () => {
    const long = messageOf([{ name: "s", start: 96, length: 8 }], { length: 13, isFd: true, bitrateSwitch: true });
    const { isFd, bitrateSwitch, data } = encodeMessage(long, { s: 0x12 }, { padding: 1 });
    assertEquals({ isFd, bitrateSwitch, length: data.length }, { isFd: true, bitrateSwitch: true, length: 16 });
    assertEquals([...data.slice(11)], [0xff, 0x12, 0xff, 0xff, 0xff]);
    assertEquals(encodeMessage({ ...long, isFd: false, length: 64 }, { s: 1 }).isFd, true);
  });

  it("refuses what no frame holds", () => {
    const long = messageOf([], { name: "Long", length: 65 });
    assertThrows(() => encodeMessage(long, {}), RangeError, "Long has 65 bytes, more than a frame: use encodeData");
    const j1939 = messageOf([], { name: "Long", length: 9, isExtendedId: true, isJ1939: true });
    assertThrows(() => encodeMessage(j1939, {}), RangeError, "Long has 9 bytes, more than a frame");
    assertEquals(encodeData(j1939, {}).length, 9);
  });

  it("puts addresses and the priority into identifiers of J1939", () => {
    const torque = messageOf([], { name: "TSC1", frameId: 0x0c00fffe, isExtendedId: true, isJ1939: true });
    const id = (options: EncodeOptions) => encodeMessage(torque, {}, options).arbitrationId;
    assertEquals(id({}), 0x0c00fffe);
    assertEquals(id({ source: 0x27, destination: 0, priority: 6 }), 0x18000027);
    assertThrows(() => id({ source: 256 }), RangeError, "source is 256");
    assertThrows(() => id({ destination: -1 }), RangeError, "destination is -1");
    assertThrows(() => id({ priority: 8 }), RangeError, "priority is 8");

    const speed = messageOf([], { name: "EEC1", frameId: 0x0cf004fe, isExtendedId: true, isJ1939: true });
    assertEquals(encodeMessage(speed, {}, { source: 0 }).arbitrationId, 0x0cf00400);
    assertThrows(() => encodeMessage(speed, {}, { destination: 1 }), TypeError, "EEC1 has no destination: its PGN is");
    assertThrows(() => encodeMessage(engine, {}, { source: 1 }), TypeError, "Engine has no source: it is not a J1939");
  });
});

describe("encodeData", () => {
  it("takes values, labels, bigints and raw values", () => {
    const torque = { Torque: 100 };
    assertEquals(data(engine, { Speed: 81.5, Gear: "Drive", ...torque }), "2f03030000000000");
    assertEquals(data(engine, { Speed: 81n, Gear: 3n, ...torque }), "2a03030000000000");
    assertEquals(data(engine, { Speed: { raw: 65535 }, Gear: { raw: 7n }, ...torque }), "ffff070000000000");
  });

  it("takes start values for what is not given, of the database or of the options", () => {
    assertEquals(data(engine, {}), "0a000000fff00000");
    assertEquals(data(engine, { Gear: undefined! }), "0a000000fff00000");
    const bare = messageOf([{ name: "a", start: 0, length: 8, startValue: 1 }, { name: "b", start: 8, length: 8 }]);
    assertEquals(data(bare, {}, { startValue: 2 }), "0102000000000000");
    assertThrows(() => data(bare, {}), TypeError, "M needs b: the database has no start value");
    assertThrows(() => data(bare, {}, { startValue: 256 }), RangeError, "b has the start value 256: its 8 bits hold");
  });

  it("pads with zeros or ones", () => {
    assertEquals(data(engine, { Torque: 100 }, { padding: 1 }), "0a00f8ff000fffff");
    assertThrows(() => data(engine, {}, { padding: 2 as 1 }), RangeError, "padding is 2");
  });

  it("takes the nearest raw value", () => {
    const speeds = [0.04, 0.05, 0.149, 0.151].map((Speed) => data(engine, { Speed, Torque: 100 }).slice(0, 2));
    assertEquals(speeds, ["00", "01", "01", "02"]);
    const whole = messageOf([{ name: "s", start: 0, length: 64, isSigned: true, scale: 4, offset: 1 }]);
    const raws = [1n, 2n, 3n, 5n, -1n, -2n, -3n, 2n ** 60n + 1n].map((s) => BigInt(`0x${data(whole, { s })}`));
    const bytes = (raw: bigint) => new DataView(new BigInt64Array([raw]).buffer).getBigUint64(0);
    assertEquals(raws, [0n, 0n, 1n, 1n, 0n, -1n, -1n, 2n ** 58n].map(bytes));
  });

  const refusals: readonly (readonly [string, SignalInputs, string])[] = [
    ["above the maximum", { Speed: 6000.1 }, "Speed is 6000.1 rpm: it must be 0 to 6000 rpm"],
    ["below the minimum", { Speed: -1 }, "Speed is -1 rpm: it must be 0 to 6000 rpm"],
    ["no number", { Speed: NaN }, "Speed is NaN rpm: it must be 0 to 6000 rpm"],
    ["too much for the bits", { Gear: 8 }, "Gear is 8: its 3 bits hold whole numbers from 0 to 7"],
    ["infinite", { Torque: -Infinity }, "Torque is -Infinity: its 12 bits hold raw values from -2048 to 2047"],
    ["too much, with the limits of the value", { Torque: 2148 }, "from -2048 to 2047, which are -1948 to 2147"],
    ["a raw value that does not fit", { Speed: { raw: -1 } }, "Speed is raw -1: its 16 bits hold raw values from 0"],
    ["a raw value that is not whole", { Gear: { raw: 0.5 } }, "Gear is raw 0.5: its 3 bits hold whole numbers"],
    ["an unknown label", { Gear: "Reverse" }, 'Gear is "Reverse": its labels are "Park", "Drive"'],
    ["a label of a signal without labels", { Speed: "fast" }, 'Speed is "fast": it has no labels'],
  ];
  for (const [name, values, text] of refusals) {
    it(`refuses a value: ${name}`, () => {
      assertThrows(() => data(engine, values), RangeError, text);
    });
  }

  it("refuses values of other types, and unknown names", () => {
    const wrong = (values: unknown, text: string) =>
      assertThrows(() => data(engine, values as SignalInputs), TypeError, text);
    wrong({ Speed: true }, "Speed is true: it must be a number, a label or { raw }");
    wrong({ Speed: { raw: "1" } }, 'Speed is { raw: "1" }: it must be');
    wrong({ speed: 1 }, 'Engine has no signal "speed"; it has Speed, Gear, Torque');
    wrong(null, "The values of Engine must be an object: null");
    const unknown = { strict: true } as EncodeOptions;
    assertThrows(() => data(engine, {}, unknown), TypeError, 'encodeData has no option "strict"');
  });

  it("takes labels that are out of range, and one limit alone", () => {
    const message = messageOf([
      { name: "s", start: 0, length: 8, minimum: 1, maximum: 100, labels: new Map([[255n, "Invalid"]]) },
      { name: "t", start: 8, length: 8, minimum: 1, startValue: 1 },
      { name: "u", start: 16, length: 8, maximum: 9, startValue: 1 },
    ], { length: 3 });
    assertEquals(data(message, { s: "Invalid" }), "ff0101");
    assertThrows(() => data(message, { s: 1, t: 0 }), RangeError, "t is 0: it must be at least 1");
    assertThrows(() => data(message, { s: 1, u: 10 }), RangeError, "u is 10: it must be at most 9");
  });

  it("encodes floats, and refuses those that are too large for their bits", () => {
    const message = messageOf([
      { name: "h", start: 0, length: 16, isFloat: true, startValue: 1 },
      { name: "f", start: 16, length: 32, isFloat: true, scale: 2, startValue: 1 },
      { name: "d", start: 55, length: 64, byteOrder: "big-endian", isFloat: true, startValue: 1 },
    ], { length: 14 });
    assertEquals(data(message, { h: -2, f: 0.2, d: 0.1 }), "00c0cdcccc3d3fb999999999999a");
    assertEquals(data(message, { h: Infinity, f: -Infinity, d: NaN }), "007c000080ff7ff8000000000000");
    assertThrows(() => data(message, { h: 65520 }), RangeError, "h is 65520: a float of 16 bits does not go so far");
    assertThrows(() => data(message, { f: 1e39 }), RangeError, "f is 1e+39: a float of 32 bits does not go so far");
  });

  it("encodes whole numbers of 64 bits", () => {
    const message = messageOf([{ name: "s", start: 0, length: 64 }]);
    assertEquals(data(message, { s: 9223372036854775809n }), "0100000000000080");
    assertEquals(data(message, { s: 1 }), "0100000000000000");
    assertThrows(() => data(message, { s: 2n ** 64n }), RangeError, "s is 18446744073709551616: its 64 bits hold");
    assertThrows(() => data(message, { s: Infinity }), RangeError, "s is Infinity: its 64 bits hold");
    const tenths = messageOf([{ name: "s", start: 0, length: 64, scale: 0.5 }]);
    assertEquals(data(tenths, { s: 1.5 }), "0300000000000000");
  });

  it("refuses a signal that is outside of its message, and leaves it out otherwise", () => {
    const message = messageOf([{ name: "in", start: 0, length: 8 }, { name: "out", start: 4, length: 8 }], {
      length: 1,
    });
    assertEquals(data(message, { in: 1 }), "01");
    assertThrows(() => data(message, { in: 1, out: 1 }), RangeError, "out cannot be encoded: it needs 2 bytes");
  });
});

describe("encodeData, with multiplexers", () => {
  it("encodes the signals that the multiplexer selects, and no others", () => {
    assertEquals(data(branched, { Mode: 1, A: 255 }, { padding: 1 }), "01ffffff");
    assertEquals(data(branched, { Mode: 4, B: 1, C: 2 }), "04010200");
    assertEquals(data(branched, { Mode: 4, B: 7, C: 2, D: 3 }), "04070203");
    assertEquals(data(branched, { Mode: 99 }), "63000000");
  });

  it("chooses the multiplexer's value where the signals leave no choice", () => {
    assertEquals(data(branched, { A: 5 }), "01050000");
    assertEquals(data(branched, { B: 0, C: 2 }), "04000200");
    assertEquals(data(branched, { C: 2, D: 3 }), "04070203"); // B has to be 7
    assertThrows(() => data(branched, { B: 1 }), TypeError, "Give Mode too: B can be with 2 to 4, 6");
    const started = branched.signals.map((signal) => signal.name === "Mode" ? { ...signal, startValue: 3 } : signal);
    assertEquals(data({ ...branched, signals: started }, { B: 1 }), "03010000");
  });

  it("takes no start value that is a fraction for one that selects", () => {
    const odd = branched.signals.map((signal) => signal.name === "Mode" ? { ...signal, startValue: 1.5 } : signal);
    assertEquals(data({ ...branched, signals: odd }, { A: 1 }), "01010000");
    assertThrows(() => data({ ...branched, signals: odd }, {}), RangeError, "Mode has the start value 1.5: its 8 bits");
  });

  it("refuses two branches at once", () => {
    assertThrows(
      () => data(branched, { A: 1, C: 1 }),
      RangeError,
      "A and C exclude each other: Mode has another value",
    );
    assertThrows(
      () => data(branched, { Mode: 1, C: 1 }),
      RangeError,
      "C is only there if Mode is 4 to 5: it is 1 in these values of Branched",
    );
    assertThrows(() => data(branched, { Mode: 1, A: 1, D: 1 }), RangeError, "D is only there if B is 7: it is absent");
  });

  it("needs values of what is selected", () => {
    assertThrows(() => data(branched, { Mode: 4 }), TypeError, "Branched needs B, C");
    assertEquals(data(branched, { Mode: 4 }, { startValue: 7 }), "04070707");
  });

  it("reads the values that select as unsigned, whatever the multiplexer's sign", () => {
    const message = messageOf([
      { name: "x", start: 0, length: 4, isSigned: true, isMultiplexer: true },
      { name: "p", start: 8, length: 8, multiplexer: { signal: "x", ranges: [[15n, 15n]] } },
    ], { length: 2 });
    assertEquals(data(message, { p: 1 }), "0f01");
    assertEquals(new MessageDecoder(message).decode(bytesOf("0f 01")).signals.x.raw, -1);
  });

  it("treats a signal that selects itself as absent", () => {
    const message = messageOf([
      { name: "x", start: 0, length: 8, multiplexer: { signal: "y", ranges: [[0n, 9n]] } },
      { name: "y", start: 8, length: 8, multiplexer: { signal: "x", ranges: [[0n, 9n]] } },
    ], { length: 2 });
    assertEquals(data(message, {}), "0000");
    assertEquals(new MessageDecoder(message).decode(bytesOf("01 01")).signals, {});
  });
});
