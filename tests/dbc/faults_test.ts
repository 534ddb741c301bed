/** What users of other libraries reported, with the right values. */

import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { Message } from "../../mod.ts";
import { Database } from "../../src/dbc/mod.ts";
import { bytesOf } from "../support/signals.ts";

/** Decodes the message 1 of a database with these signals. */
function decode(signals: readonly string[], data: string, more = "") {
  const lines = signals.map((signal) => {
    const [name, place, rest = '(1,0) [0|0] "" X'] = signal.split(/:|(?<=[+-]) /);
    return ` SG_ ${name}: ${place} ${rest}`;
  });
  const database = Database.parse(`BO_ 1 M: 8 X\n${lines.join("\n")}\n${more}\n`);
  assertEquals(database.diagnostics, []);
  const decoded = database.decode(new Message({ arbitrationId: 1, isExtendedId: false, data: bytesOf(data) }))!;
  return {
    ...decoded,
    values: Object.fromEntries(Object.entries(decoded.signals).map(([name, { value }]) => [name, value])),
  };
}

describe("What is wrong elsewhere", () => {
  it("1: the start of a big-endian signal is its most significant bit", () => {
    assertEquals(decode(["s:7|12@0+"], "12 34").values, { s: 0x123 });
  });

  it("2: a multiplexer selects signals", () => {
    assertEquals(decode(["x M:0|8@1+", "p m0:8|8@1+", "q m1:8|8@1+"], "01 07").values, { x: 1, q: 7 });
  });

  it("3: a multiplexer may be behind its signals", () => {
    assertEquals(decode(["p m1:0|8@1+", "x M:8|8@1+"], "2a 01").values, { p: 42, x: 1 });
  });

  it("4: an unknown value of a multiplexer loses no other signal", () => {
    const { values, unknownMultiplexers } = decode(["x M:0|8@1+", "p m0:8|8@1+", "q m1:8|8@1+"], "0d 00");
    assertEquals([values, unknownMultiplexers], [{ x: 13 }, ["x"]]);
  });

  it("5: a short frame has the signals that are in it", () => {
    const { values, missing } = decode(["a:0|8@1+", "b:8|8@1+"], "05");
    assertEquals([values, missing], [{ a: 5 }, ["b"]]);
  });

  it("6: a floating-point number is no whole number", () => {
    assertEquals(decode(["f:0|32@1-"], "00 00 80 3f", "SIG_VALTYPE_ 1 f : 1;").values, { f: 1 });
  });

  it("7: 64 bits are all kept", () => {
    assertEquals(decode(["s:0|64@1+"], "01 00 00 00 00 00 00 80").values, { s: 9223372036854775809n });
  });

  it("8: labels are of raw values", () => {
    const { signals } = decode(['s:0|8@1+ (0.5,0) [0|0] "" X'], "02", 'VAL_ 1 s 2 "two" 1 "one";');
    assertEquals([signals.s.value, signals.s.label], [1, "two"]);
  });

  it("9: a J1939 message is found with any priority and source, however the database says that it is one", () => {
    const message = "BO_ 2364540158 EEC1: 8 X\n";
    const frameFormat = 'BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","reserved","J1939PG";\n';
    const asDefault = `${message}${frameFormat}BA_DEF_DEF_ "VFrameFormat" "J1939PG";`;
    const asIndex = `${message}${frameFormat}BA_ "VFrameFormat" BO_ 2364540158 3;`;
    const asNumber = `${message}BA_DEF_ BO_ "VFrameFormat" INT 0 15;\nBA_ "VFrameFormat" BO_ 2364540158 3;`;
    const asProtocol = `${message}BA_DEF_ "ProtocolType" STRING;\nBA_ "ProtocolType" "J1939";`;
    for (const text of [asDefault, asIndex, asNumber, asProtocol]) {
      assertEquals(Database.parse(text, { strict: true }).messageById(0x0cf00400, true)?.name, "EEC1", text);
    }
    assertEquals(Database.parse(message).messageById(0x0cf00400, true), null);
    assertEquals(Database.parse(message, { j1939: true }).messageById(0x0cf00400, true)?.name, "EEC1");
  });

  it("10: a byte of Windows' code page is a character", () => {
    const bytes = Uint8Array.from(
      'BO_ 1 M: 8 X\n SG_ t : 0|8@1+ (1,0) [0|0] "°C" X',
      (character) => character.charCodeAt(0),
    );
    assertEquals(bytes.includes(0xb0), true);
    assertEquals(Database.parse(bytes).messages[0].signals[0].unit, "°C");
  });

  it("11: spaces may be left out", () => {
    const text = 'BO_ 1 M:8 X\n SG_ s:0|8@1+(1,0)[0|0]""X\nVAL_ 1 s 0 "a";';
    const { messages: [{ signals: [signal] }] } = Database.parse(text, { strict: true });
    assertEquals([signal.receivers, [...signal.labels]], [["X"], [[0n, "a"]]]);
  });

  it("12: a comment has semicolons and lines, a label may look like a number", () => {
    const text = 'BO_ 1 M: 8 X\n SG_ s : 0|8@1+ (1,0) [0|0] "" X\nCM_ SG_ 1 s "a; b\nc";\nVAL_ 1 s 1 " 12h" ;';
    const { messages: [{ signals: [signal] }] } = Database.parse(text, { strict: true });
    assertEquals([signal.comment, [...signal.labels]], ["a; b\nc", [[1n, " 12h"]]]);
  });

  it("13: signals of no message are in none", () => {
    const text = `BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX
 SG_ s : 0|8@1+ (1,0) [0|0] "" Vector__XXX
CM_ SG_ 3221225472 s "comment";`;
    assertEquals(Database.parse(text, { strict: true }).messages, []);
  });
});
