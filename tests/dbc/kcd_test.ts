import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { Message } from "../../mod.ts";
import { readXml } from "../../src/dbc/kcd/xml.ts";
import { Database, type DatabaseMessage, type Signal } from "../../src/dbc/mod.ts";
import { kcdText } from "../support/database_files.ts";
import { bytesOf } from "../support/signals.ts";

function faults(text: string): string[] {
  const diagnostics = Database.parse(text).diagnostics;
  if (diagnostics.length > 0) {
    assertThrows(() => Database.parse(text, { strict: true }), SyntaxError, diagnostics[0].reason);
  }
  return diagnostics.map(({ reason, line, column }) => `${line}:${column} ${reason}`);
}

describe("A KCD", () => {
  const database = Database.parse(kcdText, { strict: true });
  const [abs, floats, empty, cascade, big] = database.messages;

  it("has a version, a bit timing and nodes", () => {
    const { version, comment, bitTiming, nodes } = database;
    assertEquals([version, comment], ["1.2", "Tom & Jerry's car, 20° <east>"]);
    assertEquals(bitTiming?.bitrate, 125_000);
    assertEquals(nodes.map(({ name }) => name), ["Engine ACME", "Brake"]);
  });

  it("has messages of all its buses", () => {
    const { signals: _, attributes, signalGroups, ...rest } = abs;
    assertEquals(rest, {
      ...{
        name: "ABS",
        frameId: 0xb2,
        isExtendedId: false,
        length: 8,
        senders: ["Brake", "Engine ACME"],
        cycleTime: 0.1,
      },
      ...{ comment: "Anti-lock brakes", isFd: false, bitrateSwitch: false, isJ1939: false },
    });
    assertEquals([attributes.size, signalGroups], [0, []]);
    const briefly = [floats, empty, big].map((
      { name, frameId, isExtendedId, length },
    ) => [name, frameId, isExtendedId, length]);
    assertEquals(briefly, [["Floats", 3566, true, 12], ["Empty", 0x10, false, 0], ["Big", 0x11, false, 2]]);
  });

  it("has signals with all their fields", () => {
    const signal = abs.signals.find(({ name }) => name === "Temperature");
    assertEquals(signal, {
      ...{ name: "Temperature", start: 24, length: 12, byteOrder: "little-endian", isSigned: true, isFloat: false },
      ...{ scale: 0.05, offset: -40, minimum: -40, maximum: 100, unit: "°C", receivers: ["Engine ACME"] },
      ...{
        labels: new Map([[0n, "init"], [-1n, "error"]]),
        comment: "Outside",
        attributes: new Map(),
        startValue: null,
      },
      ...{ isMultiplexer: false, multiplexer: null },
    });
    const places = [...floats.signals, ...big.signals].map((
      { start, isFloat, byteOrder },
    ) => [start, isFloat, byteOrder]);
    assertEquals(places, [[0, true, "little-endian"], [39, true, "big-endian"], [5, false, "big-endian"]]);
  });

  it("has multiplexers, and signals that several of their values select", () => {
    assertEquals(
      abs.signals.slice(0, 4).map(({ name, isMultiplexer, multiplexer }) => [name, isMultiplexer, multiplexer]),
      [
        ["Mode", true, null],
        ["Both", false, { signal: "Mode", ranges: [[0n, 0n], [1n, 1n]] }],
        ["First", false, { signal: "Mode", ranges: [[0n, 0n]] }],
        ["Second", false, { signal: "Mode", ranges: [[1n, 1n]] }],
      ],
    );
    const message = new Message({ arbitrationId: 0xb2, isExtendedId: false, data: bytesOf("01 02 03 00 00 00 00 00") });
    assertEquals(Object.keys(database.decode(message)!.signals), ["Mode", "Both", "Second", "Temperature", "Flag"]);
  });

  it("has labels of ranges of values", () => {
    assertEquals([...abs.signals[0].labels], [[1n, "running"], [2n, "running"], [3n, "error"], [0n, "idle"]]);
  });

  it("has multiplexers that another one selects, whichever of their elements is first", () => {
    const selected = (signals: readonly Signal[]) =>
      signals.map(({ name, isMultiplexer, multiplexer }) => [name, isMultiplexer, multiplexer]);
    const outer: Signal["multiplexer"] = { signal: "Outer", ranges: [[1n, 1n]] };
    assertEquals(selected(cascade.signals), [
      ["Outer", true, null],
      ["Inner", true, outer],
      ["Deep", false, { signal: "Inner", ranges: [[2n, 2n]] }],
    ]);
    const reversed = kcdText.replace(/(<Multiplex name="Outer"[^]*?<\/Multiplex>)([^]*?<\/Multiplex>)/, "$2$1");
    const again = Database.parse(reversed, { strict: true }).messageByName("Cascade")!;
    assertEquals(again.signals.find(({ name }) => name === "Inner")?.multiplexer, outer);
    const decode = (data: string) => Object.keys(database.decodeData("Cascade", bytesOf(data)).signals);
    assertEquals([decode("01 02 07"), decode("01 03 07"), decode("00 02 07")], [["Outer", "Inner", "Deep"], [
      "Outer",
      "Inner",
    ], ["Outer"]]);
  });

  it("is the same as a DBC", () => {
    const { messages } = Database.parse(`${database}`, { strict: true });
    const withoutAttributes = messages.map((message): DatabaseMessage => ({ ...message, attributes: new Map() }));
    assertEquals(withoutAttributes, [...database.messages]);
  });

  it("is read but for what is wrong", () => {
    const network = (content: string) => faults(`<NetworkDefinition>\n${content}</NetworkDefinition>`);
    const message = (content: string) => network(`<Bus><Message id="1" name="M">\n${content}</Message></Bus>`);
    assertEquals(faults("<Network/>"), ["1:1 expected a <NetworkDefinition>, found <Network>"]);
    assertEquals(network("<Node id='1'/>"), ["2:1 <Node> has no attribute name: the <Node> is skipped"]);
    assertEquals(network('<Bus><Message name="M" id="x"/></Bus>'), [
      '2:6 id is "x": it must be a number: the <Message> is skipped',
    ]);
    assertEquals(network('<Bus><Message name="M" id="0x20000000"/></Bus>'), [
      "2:6 id is 536870912: it must be a whole number from 0 to 536870911: the <Message> is skipped",
    ]);
    assertEquals(network('<Bus><Message name="M" id="0x800"/></Bus>'), [
      "2:6 the identifier 0x800 has more than 11 bits: it is read as extended",
    ]);
    assertEquals(message('<Producer><NodeRef id="5"/></Producer>'), [
      "3:11 there is no node with the id 5: the <NodeRef> is skipped",
    ]);
    assertEquals(message('<Signal name="s"/>'), ["3:1 <Signal> has no attribute offset: the <Signal> is skipped"]);
    assertEquals(message('<Signal name="s" offset="0" length="0"/>'), [
      "3:1 a signal has no bits: the <Signal> is skipped",
    ]);
    assertEquals(message('<Signal name="s" offset="0" length="65"/>'), [
      "3:1 length is 65: it must be a whole number from 0 to 64: the <Signal> is skipped",
    ]);
    assertEquals(message('<Signal name="s" offset="0" length="8"><Value type="single"/></Signal>'), [
      "3:1 a single has 8 bits: the <Signal> is skipped",
    ]);
    assertEquals(message('<Signal name="s" offset="0"/><Signal name="s" offset="1"/>'), [
      "3:30 the message has a signal s already: the <Signal> is skipped",
    ]);
    assertEquals(message('<Signal name="s" offset="0"><LabelSet><Label name="x" value="1.5"/></LabelSet></Signal>'), [
      '3:39 value is "1.5": it must be a whole number: the <Label> is skipped',
    ]);
    assertEquals(
      message('<Signal name="s" offset="0"><LabelSet><LabelGroup name="x" from="1" to="257"/></LabelSet></Signal>'),
      [
        "3:39 1 to 257 are no values, or more than 256: the <LabelGroup> is skipped",
      ],
    );
  });

  it("has its layout checked in strict mode", () => {
    const text =
      '<NetworkDefinition><Bus><Message id="1" name="M" length="1">\n<Signal name="s" offset="8"/></Message></Bus></NetworkDefinition>';
    const expected = "Cannot read the database, line 2, column 1: signal s needs 2 bytes, and message M has 1";
    assertThrows(() => Database.parse(text, { strict: true }), SyntaxError, expected);
  });
});

describe("readXml", () => {
  const read = (text: string) => {
    const reports: string[] = [];
    const root = readXml(text, (reason, at) => reports.push(`${at} ${reason}`));
    return { root, reports };
  };

  it("reads elements, attributes and text", () => {
    const { root, reports } = read(
      `<!DOCTYPE a [<!ENTITY x "y">]>\n<?x <b> ?><a:b c = "1 &lt; 2" d='"'>x<!-- <e> -->y<f/>&#x1F600;</a:b >\n`,
    );
    assertEquals(reports, []);
    const { children, attributes, ...rest } = root!;
    assertEquals(rest.name, "b");
    assertEquals(rest.text, "xy😀");
    assertEquals([...attributes], [["c", "1 < 2"], ["d", '"']]);
    assertEquals(children.map(({ name, at }) => [name, at]), [["f", 81]]);
  });

  it("keeps what is before a fault", () => {
    const kept = (text: string) => {
      const { root, reports } = read(text);
      return [root?.children.length ?? null, ...reports];
    };
    assertEquals(kept(""), [null]);
    assertEquals(kept("<a><b/>"), [1, "0 <a> is not closed"]);
    assertEquals(kept("<a><b/></c><d/>"), [1, "7 </c> closes <a>"]);
    assertEquals(kept("</a>"), [null, "0 </a> closes nothing"]);
    assertEquals(kept("<a/><b/>"), [0, "4 <b> is behind the end of the document"]);
    assertEquals(kept("<a><b c=1/></a>"), [0, "3 the tag <b> cannot be read"]);
    assertEquals(kept('<a><b c="1" c="2"/></a>'), [0, "3 <b> has the attribute c twice"]);
    assertEquals(kept("<a><!-- </a>"), [0, "3 this is no tag"]);
    assertEquals(kept("<a>&b; & &#1114112; &lt</a>"), [
      ...[0, "3 &b; is no entity: it stays as it is", "3 & is no entity: it stays as it is"],
      ...["3 &#1114112; is no entity: it stays as it is", "3 &lt is no entity: it stays as it is"],
    ]);
    assertEquals(read("<a>&b;</a>").root?.text, "&b;");
  });
});
