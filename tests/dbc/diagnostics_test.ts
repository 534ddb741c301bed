import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Database } from "../../src/dbc/mod.ts";

/** Reads a text in which something is wrong; strictly too. Returns what it says of that, with line and column. */
function faults(text: string): string[] {
  const { diagnostics } = Database.parse(text);
  const found = diagnostics.map(({ reason, line, column }) => `${line}:${column} ${reason}`);
  if (found.length > 0) {
    const error = assertThrows(() => Database.parse(text, { strict: true }), SyntaxError) as SyntaxError;
    const isListed = diagnostics.some(({ reason, line, column }) =>
      error.message === `Cannot read the database, line ${line}, column ${column}: ${reason}`
    );
    assert(isListed, error.message);
  }
  return found;
}

const message = 'BO_ 1 M: 8 X\n SG_ a : 0|8@1+ (1,0) [0|0] "" X\n SG_ b : 8|8@1+ (1,0) [0|0] "" X\n';
/** What is read of a text behind the message. */
const behind = (text: string) => faults(message + text);

describe("A DBC with a fault", () => {
  it("is read but for the statement, up to the next line with a keyword", () => {
    const text =
      `BU_: A\nBO_ x M: 8 A\n SG_ s : 0|8@1+ (1,0) [0|0] "" A\nBO_ 2 N: 8 A\n SG_ t : 0|8 (1,0) [0|0] "" A\n and more
 SG_ u : 8|8@1+ (1,0) [0|0] "" A\nfoo 1;\nCM_ "comment";`;
    assertEquals(faults(text), [
      '2:5 expected the identifier of a message, found "x"',
      "3:2 the signal is in no message",
      '5:14 expected "@", found "("',
      '8:1 expected a statement, found "foo"',
    ]);
    const { nodes, messages, comment } = Database.parse(text);
    assertEquals([nodes.length, messages.map(({ signals }) => signals.map(({ name }) => name)), comment], [
      ...[1, [["u"]], "comment"],
    ]);
  });

  it("loses one statement where a quote is missing", () => {
    const text = 'CM_ "one;\nBU_: A B\nBO_ 1 M: 8 A\nCM_ BO_ 1 "two";\n';
    assertEquals(faults(text), ['4:12 expected ";", found "two"']);
    const { nodes, messages } = Database.parse(text);
    assertEquals([nodes.length, messages[0].comment], [2, "two"]);
    assertEquals(faults('BU_: A\nCM_ "never closed\nBU_: B'), ["2:5 a quote is opened here and never closed"]);
  });

  it("has its lines and columns counted with any line ends", () => {
    const places = (text: string) => Database.parse(text).diagnostics.map(({ line, column }) => `${line}:${column}`);
    assertEquals(places("BU_: A\r\n\r\n  5"), ["3:3"]);
    assertEquals(places("BU_: A\r\r  5"), ["3:3"]);
    assertEquals(places('CM_ "°\n°" 5;'), ["2:4"]);
  });

  it("says what is wrong in a statement", () => {
    const signal = (text: string) => faults(`BO_ 1 M: 8 X\n SG_ ${text}`);
    assertEquals(signal('a m1x : 0|8@1+ (1,0) [0|0] "" X'), [
      '2:8 expected "M", "m" and a number, or ":", found "m1x"',
    ]);
    assertEquals(signal('a : 0|0@1+ (1,0) [0|0] "" X'), ["2:12 the signal has 0 bits: it must have 1 to 64"]);
    assertEquals(signal('a : 0|65@1+ (1,0) [0|0] "" X'), ["2:12 the signal has 65 bits: it must have 1 to 64"]);
    assertEquals(signal('a : 0.5|8@1+ (1,0) [0|0] "" X'), [
      "2:10 the start bit is 0.5: it must be a whole number from 0 to 939524039",
    ]);
    assertEquals(signal('a : 0|8@2+ (1,0) [0|0] "" X'), [
      "2:14 the byte order is 2: it must be a whole number from 0 to 1",
    ]);
    assertEquals(signal('a : 0|8@1 (1,0) [0|0] "" X'), ['2:16 expected "+" or "-", found "("']);
    assertEquals(signal('a : 0|8@1+ (1e999,0) [0|0] "" X'), ["2:18 the factor is 1e999, which no number can hold"]);
    assertEquals(signal("a : 0|8@1+ (1,0) [0|0] X"), ['2:29 expected the unit in quotes, found "X"']);
    assertEquals(faults("BO_ 4294967296 M: 8 X"), [
      "1:5 the identifier of a message is 4294967296: it must be a whole number from 0 to 4294967295",
    ]);
    assertEquals(faults("BO_ 1 M: -8 X"), [
      "1:10 the length of a message is -8: it must be a whole number from 0 to 117440505",
    ]);
    assertEquals(faults('BA_DEF_ BO_ "A" TEXT;'), [
      "1:17 the type is TEXT: it must be INT, HEX, FLOAT, STRING or ENUM",
    ]);
    assertEquals(faults('BA_DEF_ SIG_GROUP_ "A" INT 0 1;'), [
      '1:9 expected what the attribute belongs to, found "SIG_GROUP_"',
    ]);
    assertEquals(faults('BA_ "A" BU_BO_REL_ X 1;'), [
      '1:9 expected BU_, BO_, SG_, EV_ or a text in quotes, found "BU_BO_REL_"',
    ]);
    assertEquals(faults('BA_REL_ "A" BU_SG_REL_ X 1 a 1;'), [
      "1:13 expected BU_BO_REL_, BU_SG_REL_ with SG_, or BU_EV_REL_, found BU_SG_REL_",
    ]);
    assertEquals(faults('EV_ a: 3 [0|0] "" 0 1 DUMMY_NODE_VECTOR0 X;'), [
      "1:8 the type of an environment variable is 3: it must be a whole number from 0 to 2",
    ]);
    assertEquals(faults('EV_ a: 0 [0|0] "" 0 1 DUMMY_NODE_VECTOR4 X;'), [
      "1:23 expected DUMMY_NODE_VECTOR0 to 3 or 8000 to 8003, found DUMMY_NODE_VECTOR4",
    ]);
    assertEquals(faults("SGTYPE_ t : 8@1+;"), ["1:1 signal types and categories are not read"]);
    assertEquals(faults('NS_ :\n foo "bar"'), [`2:6 expected a line's end, found "bar"`]);
    assertEquals(behind("SG_MUL_VAL_ 1 a b 5-4;"), ["4:19 the range 5-4 is empty"]);
    assertEquals(behind('VAL_ 1 a 0.5 "half";'), ["4:10 a raw value is 0.5: it must be a whole number"]);
    assertEquals(behind("VAL_TABLE_ t 0"), ["4:15 expected a label in quotes, found the end of the file"]);
  });

  it("keeps a statement without a semicolon if the line ends", () => {
    assertEquals(behind('CM_ BO_ 1 "x"\nCM_ "y";'), ['5:1 the ";" at the end of the statement is missing']);
    assertEquals(Database.parse(`${message}CM_ BO_ 1 "x"`).messages[0].comment, "x");
  });

  it("says what names nothing", () => {
    assertEquals(behind('CM_ BO_ 2 "x";'), ["4:1 there is no message with the identifier 2"]);
    assertEquals(behind('VAL_ 1 c 0 "x";'), ["4:1 there is no signal c in message M"]);
    assertEquals(behind('CM_ BU_ X "x";'), ["4:1 there is no node X"]);
    assertEquals(behind('VAL_ e 0 "x";'), ["4:1 there is no environment variable e"]);
    assertEquals(behind("SG_MUL_VAL_ 1 a c 1-1;"), ["4:1 there is no signal c in message M"]);
    assertEquals(behind('BA_ "A" BO_ 1 5;'), ["4:1 attribute A has no definition for a message"]);
    assertEquals(behind('BA_DEF_DEF_ "A" 5;'), ["4:1 attribute A has a default but no definition"]);
    assertEquals(behind('BA_DEF_ "A" ENUM "x";\nBA_ "A" 1;'), ["5:1 attribute A has no value with the index 1"]);
    const { attributes } = Database.parse('BA_ "A" 5;');
    assertEquals([...attributes], [["A", 5]]);
  });

  it("says what is there twice", () => {
    assertEquals(faults("BU_: A A"), ["1:8 there is a node A already"]);
    assertEquals(behind(' SG_ a : 16|8@1+ (1,0) [0|0] "" X'), [
      "4:2 message M has a signal a already: this one is skipped",
    ]);
    assertEquals(behind("BO_ 1 N: 8 X"), ["4:1 message N has the identifier 1 of M: that one is found first"]);
    assertEquals(behind('BA_DEF_ "A" INT 0 1;\nBA_DEF_ "A" HEX 0 1;'), [
      "5:1 attribute A is defined already: this definition is skipped",
    ]);
    const variable = 'EV_ e: 0 [0|0] "" 0 1 DUMMY_NODE_VECTOR0 X;\n';
    assertEquals(faults(variable + variable), ["2:1 there is an environment variable e already: this one is skipped"]);
  });

  it("has identifiers that are too long", () => {
    const text = "BO_ 2048 A: 8 X\nBO_ 2684354560 B: 8 X\nBO_ 536870912 C: 8 X\n";
    assertEquals(faults(text), [
      "1:1 the identifier 2048 (0x800) of message A has more than 11 bits, but not bit 31: it is read as extended",
      "2:1 the identifier 2684354560 (0xa0000000) of message B has more than 29 bits: the message is skipped",
      "3:1 the identifier 536870912 (0x20000000) of message C has more than 29 bits: the message is skipped",
    ]);
    const { messages } = Database.parse(text);
    assertEquals(messages.map(({ name, frameId, isExtendedId }) => [name, frameId, isExtendedId]), [["A", 2048, true]]);
  });

  it("has multiplexers that do not fit", () => {
    const rest = ': 0|8@1+ (1,0) [0|0] "" X\n';
    assertEquals(faults(`BO_ 1 M: 8 X\n SG_ a m1 ${rest}`), [
      "2:2 signal a is for value 1 of a multiplexer, but there is none: it is always read",
    ]);
    const cycle = `BO_ 1 M: 8 X\n SG_ a m1M ${rest} SG_ b m1M ${rest}SG_MUL_VAL_ 1 a b 1-1;\nSG_MUL_VAL_ 1 b a 1-1;\n`;
    assertEquals(faults(cycle), ["3:2 signal b selects itself: it is always read"]);
    assertEquals(behind("SG_MUL_VAL_ 1 a a 1-1;"), ["2:2 signal a selects itself: it is always read"]);
    assertEquals(behind("SIG_VALTYPE_ 1 a : 1;"), ["4:1 signal a has 8 bits, which no floating-point number has"]);
  });

  it("lists the first 1000 faults", () => {
    const { diagnostics } = Database.parse("5\nBU_:\n".repeat(1200));
    assertEquals([diagnostics.length, diagnostics[0].line, diagnostics[1].line], [1000, 1, 3]);
  });
});

describe("A database that is read strictly", () => {
  /** The error for signals `name start|length@order` in a message of 8 bytes; null if there is none. */
  const layout = (signals: readonly string[], more = "") => {
    const lines = signals.map((signal) => {
      const [, name, place] = /^(.*) (\S+)$/.exec(signal)!;
      return ` SG_ ${name} : ${place}+ (1,0) [0|0] "" X`;
    });
    const text = `BO_ 1 M: 8 X\n${lines.join("\n")}\n${more}`;
    assertEquals(Database.parse(text).diagnostics, []);
    try {
      Database.parse(text, { strict: true });
      return null;
    } catch (error) {
      assert(error instanceof SyntaxError);
      return error.message.replace("Cannot read the database, line ", "");
    }
  };

  it("has signals inside of their messages", () => {
    assertEquals(layout(["a 56|8@1"]), null);
    assertEquals(layout(["a 7|64@0"]), null);
    assertEquals(layout(["a 0|8@1", "b 57|8@1"]), "3, column 2: signal b needs 9 bytes, and message M has 8");
    assertEquals(layout(["a 6|64@0"]), "2, column 2: signal a needs 9 bytes, and message M has 8");
    assertEquals(layout(["a 64|1@1"]), "2, column 2: signal a needs 9 bytes, and message M has 8");
  });

  it("has signals with bits of their own", () => {
    assertEquals(layout(["a 0|8@1", "b 8|8@1", "c 23|8@0"]), null);
    assertEquals(layout(["a 0|8@1", "b 7|8@1"]), "3, column 2: signal b shares bit 7 with signal a");
    assertEquals(layout(["a 7|12@0", "b 12|4@1"]), "3, column 2: signal b shares bit 12 with signal a");
  });

  it("may have signals of different branches at the same bits", () => {
    assertEquals(layout(["x M 0|8@1", "a m0 8|8@1", "b m1 8|8@1"]), null);
    assertEquals(
      layout(["x M 0|8@1", "a m1 8|8@1", "b m1 15|1@1"]),
      "4, column 2: signal b shares bit 15 with signal a",
    );
    assertEquals(layout(["x M 0|8@1", "a m1 7|8@1"]), "3, column 2: signal a shares bit 7 with signal x");
    assertEquals(layout(["x M 0|8@1", "a m1 8|8@1", "c 8|8@1"]), "4, column 2: signal c shares bit 8 with signal a");
    const ranges = (a: string, b: string) =>
      layout(["x M 0|8@1", "a m0 8|8@1", "b m0 8|8@1"], `SG_MUL_VAL_ 1 a x ${a};\nSG_MUL_VAL_ 1 b x ${b};\n`);
    assertEquals(ranges("0-3, 8-9", "4-7, 10-20"), null);
    assertEquals(ranges("0-3, 8-9", "4-8"), "3, column 2: signal a shares bit 8 with signal b");
    assertEquals(ranges("0-100", "50-50"), "4, column 2: signal b shares bit 8 with signal a");
    assertEquals(ranges("0-1, 0-9", "5-5"), "4, column 2: signal b shares bit 8 with signal a");
  });

  it("has branches of branches", () => {
    const signals = ["x M 0|4@1", "y m1M 8|8@1", "z m2M 8|8@1", "a m0 16|8@1", "b m0 16|8@1", "c m2 24|8@1"];
    const tree = (more: string) =>
      layout(
        signals,
        `SG_MUL_VAL_ 1 y x 1-1;\nSG_MUL_VAL_ 1 z x 2-2;\nSG_MUL_VAL_ 1 a y 0-0;\nSG_MUL_VAL_ 1 b z 0-0;\n${more}`,
      );
    assertEquals(tree(""), null);
    assertEquals(tree("SG_MUL_VAL_ 1 c x 1-1;\n"), null);
    const both = signals.with(5, "c m2 16|8@1");
    const deep = "SG_MUL_VAL_ 1 y x 1-1;\nSG_MUL_VAL_ 1 a y 0-0;\nSG_MUL_VAL_ 1 c x 1-1;\n";
    const shared = layout(both.filter((signal) => !/^[zb]/.test(signal)), deep);
    assertEquals(shared, "5, column 2: signal c shares bit 16 with signal a");
  });
});
