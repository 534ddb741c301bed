import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { Database, type DatabaseOptions } from "../../src/dbc/mod.ts";

/** A DBC with every kind of statement that is read. */
const everything = String.raw`VERSION "1.0 \"beta\""

NS_ :
	CM_
	BA_DEF_
	VAL_TABLE_

BS_: 500000 : 12,34

BU_: Engine Gearbox Dashboard
VAL_TABLE_ OnOff 1 "on" 0 "off" ;

BO_ 291 EngineData: 8 Engine
 SG_ Speed : 7|16@0- (0.01,-40) [-40|250.5] "km/h" Gearbox,Dashboard
 SG_ Gear : 16|3@1+ (1,0) [0|0] "" Vector__XXX // behind the data
 SG_ Ratio : 32|32@1- (1E-3,+1.5e2) [-1e10|1.E10] "" Dashboard

BO_ 2147484160 Modes: 8 Vector__XXX
 SG_ Mode M : 0|4@1+ (1,0) [0|15] "" Engine
 SG_ First m1 : 8|8@1+ (1,0) [0|255] "%" Engine
 SG_ Second m2M : 8|8@1+ (1,0) [0|255] "" Engine
 SG_ Third m0 : 16|8@1+ (1,0) [0|255] "" Engine

BO_TX_BU_ 291 : Engine,Gearbox;

EV_ Ignition: 0 [0|1] "" 1 7 DUMMY_NODE_VECTOR3 Dashboard,Engine;
EV_ Title: 0 [0|0] "" 0 8 DUMMY_NODE_VECTOR8001 Vector__XXX;
EV_ Key: 0 [0|0] "" 0 9 DUMMY_NODE_VECTOR0 Vector__XXX;
EV_ Load: 1 [-1.5|1.5] "kg" 0.5 10 DUMMY_NODE_VECTOR2 Vector__XXX;
ENVVAR_DATA_ Key: 16;

CM_ "of the database";
CM_ BU_ Engine "of a node";
CM_ BO_ 291 "of a message;
 with \"quotes\", BO_ 5 and
three lines";
CM_ SG_ 291 Speed "of a signal";
CM_ EV_ Ignition "of a variable";

BA_DEF_ "Author" STRING ;
BA_DEF_ BU_ "Address" HEX 0 255;
BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;
BA_DEF_ BO_ "SendType" ENUM "cyclic","on change";
BA_DEF_ SG_ "GenSigStartValue" FLOAT -1E3 1000;
BA_DEF_ SG_ "Serial" INT 0 0;
BA_DEF_ EV_ "Widget" ENUM "knob","key";
BA_DEF_REL_ BU_BO_REL_ "Priority" INT 0 7;
BA_DEF_REL_ BU_SG_REL_ "Timeout" INT 0 1000;
BA_DEF_REL_ BU_EV_REL_ "Access" STRING ;
BA_DEF_DEF_ "Author" "";
BA_DEF_DEF_ "GenMsgCycleTime" 100;
BA_DEF_DEF_ "SendType" "cyclic";
BA_DEF_DEF_ "GenSigStartValue" 0;
BA_DEF_DEF_REL_ "Timeout" 50;
BA_ "Author" "someone";
BA_ "Address" BU_ Engine 33;
BA_ "GenMsgCycleTime" BO_ 291 20;
BA_ "SendType" BO_ 291 1;
BA_ "GenSigStartValue" SG_ 291 Speed 2.5;
BA_ "Serial" SG_ 291 Speed 9223372036854775809;
BA_ "Widget" EV_ Ignition "key";
BA_REL_ "Priority" BU_BO_REL_ Engine 291 3;
BA_REL_ "Timeout" BU_SG_REL_ Gearbox SG_ 291 Speed 200;
BA_REL_ "Access" BU_EV_REL_ Dashboard Ignition "all";

VAL_ 291 Gear 0 "neutral" 1 "first" 7 "12h" ;
VAL_ Ignition 0 "off" 1 "on" ;
SIG_GROUP_ 291 Motion 1 : Speed Gear;
SIG_VALTYPE_ 291 Ratio : 1;
SG_MUL_VAL_ 2147484160 Second Mode 2-2, 4-7;
SG_MUL_VAL_ 2147484160 Third Second 0-0;
`;

function parse(text: string, options?: DatabaseOptions): Database {
  const database = Database.parse(text, options);
  assertEquals(database.diagnostics, []);
  return database;
}

describe("A DBC", () => {
  const database = parse(everything, { strict: true });
  const [engine, modes] = database.messages;

  it("has a version, a bit timing, nodes and value tables", () => {
    assertEquals(database.version, '1.0 "beta"');
    assertEquals(database.bitTiming, { bitrate: 500_000, btr1: 12, btr2: 34 });
    assertEquals(database.nodes.map(({ name, comment }) => [name, comment]), [
      ["Engine", "of a node"],
      ["Gearbox", null],
      ["Dashboard", null],
    ]);
    assertEquals([...database.valueTables], [["OnOff", new Map([[1n, "on"], [0n, "off"]])]]);
    assertEquals(parse("BS_ : 250").bitTiming, { bitrate: 250, btr1: 0, btr2: 0 });
  });

  it("has messages with identifiers of both formats, lengths, senders and groups", () => {
    const { signals: _, ...rest } = engine;
    assertEquals(rest, {
      ...{ name: "EngineData", frameId: 0x123, isExtendedId: false, length: 8, senders: ["Engine", "Gearbox"] },
      signalGroups: [{ name: "Motion", repetitions: 1, signals: ["Speed", "Gear"] }],
      comment: 'of a message;\n with "quotes", BO_ 5 and\nthree lines',
      attributes: new Map<string, number | string>([["GenMsgCycleTime", 20], ["SendType", "on change"]]),
      ...{ isFd: false, bitrateSwitch: false, isJ1939: false, cycleTime: 0.02 },
    });
    const { name, frameId, isExtendedId, senders, cycleTime } = modes;
    assertEquals({ name, frameId, isExtendedId, senders, cycleTime }, {
      ...{ name: "Modes", frameId: 0x200, isExtendedId: true, senders: [], cycleTime: 0.1 },
    });
  });

  it("has signals with all their fields", () => {
    const [speed, gear, ratio] = engine.signals;
    assertEquals(speed, {
      ...{ name: "Speed", start: 7, length: 16, byteOrder: "big-endian", isSigned: true, isFloat: false },
      ...{ scale: 0.01, offset: -40, minimum: -40, maximum: 250.5, unit: "km/h", labels: new Map() },
      ...{ receivers: ["Gearbox", "Dashboard"], comment: "of a signal", startValue: 2.5 },
      attributes: new Map<string, number | bigint>([["GenSigStartValue", 2.5], ["Serial", 9223372036854775809n]]),
      ...{ isMultiplexer: false, multiplexer: null },
    });
    assertEquals(gear, {
      ...{ name: "Gear", start: 16, length: 3, byteOrder: "little-endian", isSigned: false, isFloat: false },
      ...{ scale: 1, offset: 0, minimum: null, maximum: null, unit: "" },
      labels: new Map([[0n, "neutral"], [1n, "first"], [7n, "12h"]]),
      ...{ receivers: [], comment: null, startValue: 0, attributes: new Map() },
      ...{ isMultiplexer: false, multiplexer: null },
    });
    const { isFloat, isSigned, scale, offset, minimum, maximum } = ratio;
    assertEquals({ isFloat, isSigned, scale, offset, minimum, maximum }, {
      ...{ isFloat: true, isSigned: true, scale: 0.001, offset: 150, minimum: -1e10, maximum: 1e10 },
    });
  });

  it("has multiplexers, of several levels and with ranges", () => {
    assertEquals(modes.signals.map(({ name, isMultiplexer, multiplexer }) => [name, isMultiplexer, multiplexer]), [
      ["Mode", true, null],
      ["First", false, { signal: "Mode", ranges: [[1n, 1n]] }],
      ["Second", true, { signal: "Mode", ranges: [[2n, 2n], [4n, 7n]] }],
      ["Third", false, { signal: "Second", ranges: [[0n, 0n]] }],
    ]);
  });

  it("has environment variables", () => {
    const rest = {
      unit: "",
      accessNodes: [],
      dataLength: null,
      labels: new Map(),
      comment: null,
      attributes: new Map(),
    };
    assertEquals(database.environmentVariables, [
      {
        ...{ ...rest, name: "Ignition", type: "integer", minimum: 0, maximum: 1, initialValue: 1, id: 7 },
        ...{ access: "read-write", accessNodes: ["Dashboard", "Engine"], comment: "of a variable" },
        ...{ labels: new Map([[0n, "off"], [1n, "on"]]), attributes: new Map([["Widget", "key"]]) },
      },
      { ...rest, name: "Title", type: "string", minimum: 0, maximum: 0, initialValue: 0, id: 8, access: "read" },
      {
        ...{ ...rest, name: "Key", type: "data", minimum: 0, maximum: 0, initialValue: 0, id: 9 },
        ...{ access: "unrestricted", dataLength: 16 },
      },
      {
        ...{ ...rest, name: "Load", type: "float", minimum: -1.5, maximum: 1.5, unit: "kg", initialValue: 0.5, id: 10 },
        access: "write",
      },
    ]);
  });

  it("has attributes, with definitions and relations", () => {
    assertEquals(database.comment, "of the database");
    assertEquals([...database.attributes], [["Author", "someone"]]);
    assertEquals([...database.nodes[0].attributes], [["Address", 33]]);
    const none = { minimum: null, maximum: null, values: [], defaultValue: null };
    assertEquals(database.attributeDefinitions, [
      { ...none, name: "Author", owner: "database", type: "STRING", defaultValue: "" },
      { ...none, name: "Address", owner: "node", type: "HEX", minimum: 0, maximum: 255 },
      {
        ...none,
        name: "GenMsgCycleTime",
        owner: "message",
        type: "INT",
        minimum: 0,
        maximum: 65535,
        defaultValue: 100,
      },
      {
        ...none,
        name: "SendType",
        owner: "message",
        type: "ENUM",
        values: ["cyclic", "on change"],
        defaultValue: "cyclic",
      },
      {
        ...none,
        name: "GenSigStartValue",
        owner: "signal",
        type: "FLOAT",
        minimum: -1e3,
        maximum: 1e3,
        defaultValue: 0,
      },
      { ...none, name: "Serial", owner: "signal", type: "INT" },
      { ...none, name: "Widget", owner: "environment-variable", type: "ENUM", values: ["knob", "key"] },
      { ...none, name: "Priority", owner: "node-message", type: "INT", minimum: 0, maximum: 7 },
      { ...none, name: "Timeout", owner: "node-signal", type: "INT", minimum: 0, maximum: 1000, defaultValue: 50 },
      { ...none, name: "Access", owner: "node-environment-variable", type: "STRING" },
    ]);
    const related = { message: null, signal: null, environmentVariable: null };
    assertEquals(database.relationAttributes, [
      { ...related, name: "Priority", node: "Engine", message: "EngineData", value: 3 },
      { ...related, name: "Timeout", node: "Gearbox", message: "EngineData", signal: "Speed", value: 200 },
      { ...related, name: "Access", node: "Dashboard", environmentVariable: "Ignition", value: "all" },
    ]);
  });

  it("may be empty, or have spaces and lines where it likes", () => {
    assertEquals(parse("").messages, []);
    assertEquals(parse("\ufeffNS_:\n\nBS_:\n\nBU_:\n").nodes, []);
    assertEquals(parse("NS_ : CM_ BA_\nBU_ : A,B").nodes.map(({ name }) => name), ["A", "B"]);
    assertEquals(parse('NS_ :\n CM_\n FILTER\nCM_ "x";').comment, "x");
    assertEquals(parse('BO_ 1\nM\n:\r\n8\nX SG_ a:0|8@1+(1,0)[0|0]""X,Y BO_ 2 N:8 X').messages.length, 2);
    assertEquals(parse("BO_ 1 M: 8\nBO_ 2 N: 8\rBO_ 3 O: 8").messages.map(({ senders }) => senders), [[], [], []]);
    assertEquals(parse("// nothing\nBU_: A // B\n//").nodes.length, 1);
  });

  it("may have long names in attributes", () => {
    const { nodes, messages, attributeDefinitions, relationAttributes } = parse(`BU_: Short
BO_ 1 Message: 8 Short
 SG_ Signal M : 0|8@1+ (1,0) [0|0] "" Short
 SG_ Other m1 : 8|8@1+ (1,0) [0|0] "" Unknown
BA_DEF_ BU_ "SystemNodeLongSymbol" STRING ;
BA_DEF_ BO_ "SystemMessageLongSymbol" STRING ;
BA_DEF_ SG_ "SystemSignalLongSymbol" STRING ;
BA_DEF_REL_ BU_SG_REL_ "R" INT 0 0;
BA_REL_ "R" BU_SG_REL_ Short SG_ 1 Signal 1;
BA_ "SystemNodeLongSymbol" BU_ Short "Short_and_something_more_than_32_characters";
BA_ "SystemMessageLongSymbol" BO_ 1 "Message_and_something_more_than_32_characters";
BA_ "SystemSignalLongSymbol" SG_ 1 Signal "Signal_and_something_more_than_32_characters";
SIG_GROUP_ 1 G 1 : Signal;
`);
    const [node] = nodes.map(({ name }) => name);
    const [message] = messages;
    const [signal, other] = message.signals;
    assertEquals([node, message.name, signal.name], [
      "Short_and_something_more_than_32_characters",
      "Message_and_something_more_than_32_characters",
      "Signal_and_something_more_than_32_characters",
    ]);
    assertEquals([message.senders, signal.receivers, other.receivers], [[node], [node], ["Unknown"]]);
    assertEquals([other.multiplexer?.signal, message.signalGroups[0].signals], [signal.name, [signal.name]]);
    assertEquals(relationAttributes.map(({ node, message, signal }) => [node, message, signal]), [
      [node, message.name, signal.name],
    ]);
    assertEquals([attributeDefinitions.map(({ name }) => name), [...message.attributes]], [["R"], []]);
  });

  it("escapes quotes with backslashes, and keeps those that are in paths", () => {
    const commentOf = (text: string) => parse(`CM_ ${text};`).comment;
    assertEquals(commentOf(String.raw`"a \"b\" c"`), 'a "b" c');
    assertEquals(commentOf(String.raw`"C:\new\\x"`), String.raw`C:\new\\x`);
    assertEquals(commentOf(String.raw`"C:\new\\"`), "C:\\new\\");
    assertEquals(commentOf(String.raw`"\\\""`), '\\"');
  });

  it("is read from UTF-8, UTF-16, Windows' code page 1252, or what is asked for", () => {
    const text = 'CM_ "20 °C – 30 °C";';
    const utf16 = (isLittle: boolean) => {
      const bytes = new Uint8Array(2 * text.length + 2);
      const view = new DataView(bytes.buffer);
      for (const [index, unit] of [..."\ufeff" + text].entries()) {
        view.setUint16(2 * index, unit.charCodeAt(0), isLittle);
      }
      return bytes;
    };
    const single = (dash: number) =>
      Uint8Array.from(text, (character) => character === "–" ? dash : character.charCodeAt(0));
    const comments = [
      Database.parse(new TextEncoder().encode(text)),
      Database.parse(utf16(true)),
      Database.parse(utf16(false)),
      Database.parse(single(0x96)),
      Database.parse(single(0x96), { encoding: "windows-1250" }),
    ].map(({ comment }) => comment);
    assertEquals(comments, Array(5).fill("20 °C – 30 °C"));
    assertEquals(Database.parse(single(0x96), { encoding: "latin5" }).comment?.slice(0, 5), "20 °C");
  });

  it("refuses what are no options or no file", () => {
    const refuse = (source: unknown, options: unknown, error: typeof TypeError, text: string) =>
      assertThrows(() => Database.parse(source as string, options as DatabaseOptions), error, text);
    refuse(5, {}, TypeError, "Database.parse takes the text or the bytes of a file, not 5");
    refuse("", { format: "arxml" }, RangeError, 'format is "arxml": it must be "kcd" or "sym" or "dbc"');
    refuse("", { stricter: true }, TypeError, 'Database.parse has no option "stricter"');
    refuse("", { strict: 1 }, TypeError, "Option strict must be of type boolean: 1");
    refuse(new Uint8Array(1), { encoding: "utf-0" }, RangeError, "utf-0");
  });
});
