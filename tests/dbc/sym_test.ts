import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { Message } from "../../mod.ts";
import { Database, type DatabaseMessage, type Signal } from "../../src/dbc/mod.ts";
import { symText } from "../support/database_files.ts";
import { bytesOf } from "../support/signals.ts";

function faults(text: string): string[] {
  const source = text.startsWith("Format") ? text : `FormatVersion=6.0\n${text}`;
  const diagnostics = Database.parse(source).diagnostics;
  if (diagnostics.length > 0) {
    assertThrows(() => Database.parse(source, { strict: true }), SyntaxError, diagnostics[0].reason);
  }
  return diagnostics.map(({ reason, line, column }) => `${line}:${column} ${reason}`);
}

describe("A SYM", () => {
  const database = Database.parse(symText, { strict: true });
  const [command, answer, second, wide, modes] = database.messages;

  it("has a version, a title, enums and a definition of SPNs", () => {
    const { version, comment, valueTables, attributeDefinitions } = database;
    assertEquals([version, comment], ["6.0", "Pump"]);
    assertEquals([...valueTables], [
      ["OnOff", new Map([[0n, "off"], [1n, "on, at last"], [15n, "error"]])],
      ["Nothing", new Map()],
    ]);
    assertEquals(attributeDefinitions.map(({ name, owner }) => [name, owner]), [["SPN", "signal"], [
      "LongName",
      "signal",
    ]]);
  });

  it("has start values: values in their units, and labels", () => {
    const startOf = (signal: string) => {
      const text = `FormatVersion=6.0\n{ENUMS}\nEnum=E(2="on")\n{SEND}\n[M]\nID=1h\nVar=s ${signal}`;
      return Database.parse(text, { strict: true }).messages[0].signals[0].startValue;
    };
    assertEquals([command.signals[0].startValue, wide.signals[1].startValue], [22, 15]);
    assertEquals(startOf("unsigned 0,8 /f:0.1 /o:-40 /d:-30.04"), 100);
    assertEquals([startOf("float 0,32 /d:1.5"), startOf("E 0,8 /d:on"), startOf("unsigned 0,64 /e:E /d:on")], [
      1.5,
      2,
      2n,
    ]);
    assertEquals(startOf("string 0,64 /d:rDefault"), null);
    const encoded = database.encodeData("Command", { Switch: "off", Level: 3 });
    assertEquals(database.decodeData("Command", encoded).signals.Speed.value, 1);
  });

  it("has messages, one for each of a range of identifiers", () => {
    assertEquals(database.messages.map(({ bitrateSwitch }) => bitrateSwitch), [false, false, false, true, false]);
    const briefly = database.messages.map(({ name, frameId, isExtendedId, length, senders, isFd }) => [
      ...[name, frameId, isExtendedId, length, senders.join(), isFd],
    ]);
    assertEquals(briefly, [
      ["Command", 0x100, false, 4, "ECU", false],
      ["Answer", 0x22, true, 8, "Peripherals", false],
      ["Answer", 0x23, true, 8, "Peripherals", false],
      ["Wide one", 0x1f0, true, 64, "Peripherals", true],
      ["Modes", 0x700, false, 8, "ECU,Peripherals", false],
    ]);
    assertEquals([command.comment, command.cycleTime, modes.comment, modes.cycleTime], [
      "of the command",
      0.02,
      null,
      null,
    ]);
    assertEquals(second.signals, answer.signals);
  });

  it("has signals and variables with all their fields", () => {
    const [speed, state, level] = command.signals;
    assertEquals(speed, {
      ...{
        name: "Speed",
        start: 5,
        length: 12,
        byteOrder: "big-endian",
        isSigned: true,
        isFloat: false,
        scale: 0.5,
        offset: -10,
      },
      ...{ minimum: -100, maximum: 1000, unit: "rpm", labels: new Map(), receivers: [], comment: "of the speed" },
      ...{
        attributes: new Map<string, number | string>([["SPN", 190], ["LongName", "long name"]]),
        startValue: 22,
        isMultiplexer: false,
        multiplexer: null,
      },
    });
    assertEquals([state.name, state.start, state.length, state.maximum, state.labels.get(15n)], [
      "Switch",
      16,
      4,
      1,
      "error",
    ]);
    assertEquals([level.start, level.byteOrder, level.unit, level.comment], [31, "big-endian", "%", "of the level"]);
    const [oil, four] = wide.signals;
    assertEquals([oil.name, oil.start, oil.length, oil.isFloat, oil.unit], ["Oil, °C", 256, 32, true, "deg C"]);
    assertEquals([four.labels.size, answer.signals[0].isFloat, answer.signals[0].length], [3, true, 64]);
  });

  it("has multiplexers, and signals that several of their values select", () => {
    assertEquals(
      modes.signals.map(({ name, start, isMultiplexer, multiplexer }) => [name, start, isMultiplexer, multiplexer]),
      [
        ["First", 7, true, null],
        ["Bit", 8, false, { signal: "First", ranges: [[1n, 1n]] }],
        ["Other", 16, false, { signal: "First", ranges: [[1n, 1n], [31n, 31n]] }],
        ["Char", 8, false, { signal: "First", ranges: [[31n, 31n]] }],
      ],
    );
    const message = new Message({
      arbitrationId: 0x700,
      isExtendedId: false,
      data: bytesOf("1f 41 01 00 00 00 00 00"),
    });
    const { signals } = database.decode(message)!;
    assertEquals([Object.keys(signals), signals.Char.value, signals.Other.label], [
      ["First", "Other", "Char"],
      65,
      "on, at last",
    ]);
  });

  it("is the same as a DBC", () => {
    const { messages } = Database.parse(`${database}`, { strict: true });
    // A DBC has attributes for what a SYM has words for.
    const withoutAttributes = messages.map((message): DatabaseMessage => {
      const signals = message.signals.map((signal): Signal => {
        const kept = [...signal.attributes].filter(([name]) => name !== "GenSigStartValue");
        return { ...signal, attributes: new Map(kept) };
      });
      return { ...message, attributes: new Map(), signals };
    });
    assertEquals(withoutAttributes, [...database.messages]);
  });

  it("is read but for what is wrong", () => {
    const symbol = (line: string) => faults(`{SIGNALS}\nSig=s unsigned 8\n{SEND}\n[M]\nID=1h\n${line}`);
    assertEquals(faults("FormatVersion=5.0\nTitle=x"), [
      '1:1 the version is "5.0": only 6.0 is known, and all are read as that',
    ]);
    assertEquals(faults("nonsense"), [
      '2:1 expected a section, a symbol or a key with "=", found "nonsense": the line is skipped',
    ]);
    assertEquals(faults("[M]"), ["2:1 a symbol must be in {SEND}, {RECEIVE} or {SENDRECEIVE}: the line is skipped"]);
    assertEquals(faults("{SEND}\n[M"), ['3:1 a symbol must be as [Name]: "[M": the line is skipped']);
    assertEquals(faults("{SEND}\nID=1h"), ["3:1 ID must be in a symbol: the line is skipped"]);
    assertEquals(faults('{ENUMS}\nEnum=E(0="a"\nEnum=F(1="b", x="c")'), [
      '3:1 an enum must be as Name(0="off", 1="on"): the line is skipped',
      '4:1 a raw value is "x": it must be a whole number: the line is skipped',
    ]);
    assertEquals(faults("{SIGNALS}\nSig=s OnOff 8"), ['3:1 there is neither a type nor an enum "OnOff"']);
    assertEquals(faults("{SIGNALS}\nSig=s unsigned 65"), [
      "3:1 the signal has 65 bits: it must have 1 to 64: the line is skipped",
    ]);
    assertEquals(faults("{SIGNALS}\nSig=s unsigned"), [
      '3:1 the length is "": it must be a number: the line is skipped',
    ]);
    assertEquals(faults("{SIGNALS}\nSig=s unsigned 8 /f:x"), [
      '3:1 /f is "x": it must be a number: the line is skipped',
    ]);
    assertEquals(faults("{SIGNALS}\nSig=s unsigned 8 /d:x"), ['3:1 /d is "x": it is neither a number nor a label']);
    assertEquals(faults("{SIGNALS}\nSig=s unsigned 8 more"), ['3:1 "more" is no option: the line is skipped']);
    assertEquals(symbol("Sig=t 0"), ["7:1 there is no signal t: the line is skipped"]);
    assertEquals(symbol("Sig=s"), ['7:1 the first bit is "": it must be a number: the line is skipped']);
    assertEquals(symbol("Sig=s 0\nSig=s 8"), ["8:1 message M has a signal s already: this one is skipped"]);
    assertEquals(symbol("Var=v unsigned 8"), [
      "7:1 a variable must have its first bit and its length, as 8,16: the line is skipped",
    ]);
    assertEquals(symbol("What=1"), ["7:1 What is not known: the line is skipped"]);
    assertEquals(symbol("ID=12"), ['7:1 the identifier is "12": it must be as 100h: the line is skipped']);
    assertEquals(symbol("ID=0h-FFFFFFh"), [
      "7:1 0h-FFFFFFh are no identifiers, or more than 2048: the line is skipped",
    ]);
    assertEquals(symbol("ID=20000000h"), [
      "7:1 the identifier is 536870912: it must be a whole number from 0 to 536870911: the line is skipped",
    ]);
  });

  it("has signals that are always there where a multiplexer has no bits", () => {
    const text = "FormatVersion=6.0\n{SIGNALS}\nSig=s unsigned 8\n{SEND}\n[M]\nID=1h\nMux=x 0,0 0 -t\nSig=s 0\n";
    const { messages: [{ signals }] } = Database.parse(text, { strict: true });
    assertEquals(signals.map(({ name, multiplexer }) => [name, multiplexer]), [["s", null]]);
  });
});
