import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { Message, unpackJ1939Id } from "../../mod.ts";
import { toRawFilters } from "../../src/message/filter.ts";
import { Database, type DatabaseOptions, j1939PartsOf } from "../../src/dbc/mod.ts";
import { generator } from "../support/random.ts";

/** A DBC of messages without signals: their identifiers by name. */
function database(identifiers: Readonly<Record<string, number>>, options?: DatabaseOptions): Database {
  const lines = Object.entries(identifiers).map(([name, id]) => `BO_ ${id} ${name}: 8 X\n`);
  return Database.parse(lines.join(""), options);
}

const extended = 0x8000_0000;

describe("A database", () => {
  it("finds messages by name, and by identifier and format", () => {
    const car = database({ Standard: 0x123, Extended: extended + 0x123, Other: extended + 0x124 });
    assertEquals(car.messageByName("Extended")?.frameId, 0x123);
    assertEquals(car.messageByName("constructor"), null);
    const nameOf = (frameId: number, isExtendedId: boolean) => car.messageById(frameId, isExtendedId)?.name;
    assertEquals([nameOf(0x123, false), nameOf(0x123, true), nameOf(0x124, true), nameOf(0x124, false)], [
      ...["Standard", "Extended", "Other", undefined],
    ]);
    assertEquals(car.decode(new Message({ arbitrationId: 0x123, isExtendedId: false }))?.name, "Standard");
    assertEquals(car.decode(new Message({ arbitrationId: 0x123 }))?.name, "Extended");
    assertEquals(car.decode(new Message({ arbitrationId: 0x125 })), null);
    assertEquals(Database.parse("BU_: A B").node("B")?.name, "B");
    assertEquals(Database.parse("BU_: A B").node("C"), null);
  });

  it("finds the first of messages that share a name or an identifier", () => {
    const car = Database.parse("BO_ 1 M: 1 X\nBO_ 2 M: 2 X\nBO_ 2 N: 3 X\n");
    assertEquals([car.messageByName("M")?.length, car.messageById(2, false)?.length, car.messages.length], [1, 2, 3]);
  });

  it("decodes no frames without data", () => {
    const car = database({ M: 1 });
    const frame = { arbitrationId: 1, isExtendedId: false };
    assertEquals(car.decode(new Message({ ...frame, isRemoteFrame: true })), null);
    assertEquals(car.decode(new Message({ isErrorFrame: true, arbitrationId: 1 })), null);
    assertEquals(car.decode(new Message({ isXl: true, priority: 1, data: [1] })), null);
    const into = car.signalValues();
    assertEquals(car.decodeSignals(new Message({ ...frame, isRemoteFrame: true }), into), null);
    assertEquals(car.decodeSignals(new Message(frame), into)?.name, "M");
  });

  it("says which name it does not have", () => {
    const car = database({ M: 1 });
    assertThrows(() => car.encode("N", {}), RangeError, 'The database has no message "N"');
    assertThrows(() => car.encodeData("N", {}), RangeError, 'The database has no message "N"');
    assertThrows(() => car.decodeData("N", new Uint8Array(8)), RangeError, 'The database has no message "N"');
    assertThrows(() => car.filters(["M", "N"]), RangeError, 'The database has no message "N"');
  });

  it("says what it cannot decode, and that filters are of a list", () => {
    const car = database({ M: 1 });
    const bytes = new Uint8Array(8);
    const into = car.signalValues();
    for (const wrong of [null, undefined, bytes, { arbitrationId: 1, data: bytes }, { pgn: 1, data: [1] }] as never[]) {
      assertThrows(() => car.decode(wrong), TypeError, "A database decodes a Message, or one of a J1939Socket, not ");
      assertThrows(() => car.decodeSignals(wrong, into), TypeError, "A database decodes a Message");
    }
    assertThrows(() => car.decodeData("M", "abc" as never), TypeError, 'The data of M must be bytes: "abc"');
    assertThrows(() => car.filters("M" as never), TypeError, 'filters takes a list of names: ["M"]');
  });

  it("decodes and encodes", () => {
    const car = Database.parse('BO_ 1 M: 2 X\n SG_ a : 0|16@1+ (0.5,1) [0|0] "" X\n');
    const data = Uint8Array.of(2, 1);
    const message = new Message({ arbitrationId: 1, isExtendedId: false, data });
    assertEquals(car.decode(message)?.signals.a.value, 130);
    assertEquals(car.decodeData("M", data).signals.a.value, 130);
    const into = car.signalValues();
    assertEquals([car.decodeSignals(message, into)?.name, [...into.values]], ["M", [130]]);
    assertEquals([car.encode("M", { a: 130 }).equals(message, null), car.encodeData("M", { a: 130 })], [true, data]);
  });
});

describe("A J1939 database", () => {
  const eec1 = extended + 0x0cf004fe;
  const tsc1 = extended + 0x0c00fffe;

  it("finds messages with any priority, source and destination", () => {
    const truck = database({ EEC1: eec1, TSC1: tsc1 }, { j1939: true });
    const nameOf = (frameId: number) => truck.messageById(frameId, true)?.name;
    assertEquals([nameOf(0x0cf00400), nameOf(0x18f00421), nameOf(0x0c000b03), nameOf(0x0000ff00)], [
      ...["EEC1", "EEC1", "TSC1", "TSC1"],
    ]);
    assertEquals(
      [nameOf(0x0cf00500), nameOf(0x0df00400), nameOf(0x0ef00400), nameOf(0x0c010b03)],
      Array(4).fill(undefined),
    );
    assertEquals(truck.messageById(0x400, false), null);
    assertEquals(database({ EEC1: eec1 }).messageById(0x0cf00400, true), null);
  });

  it("tells messages of one PGN apart by source and destination", () => {
    const truck = database({
      ...{ Any: eec1, Engine: extended + 0x0cf00400, Retarder: extended + 0x0cf0040f },
      ...{ ToAll: tsc1, ToEngine: extended + 0x0c0000fe, FromBrakes: extended + 0x0c00ff0b },
    }, { j1939: true });
    const nameOf = (frameId: number) => truck.messageById(frameId, true)?.name;
    assertEquals([nameOf(0x18f00400), nameOf(0x18f0040f), nameOf(0x18f00433)], ["Engine", "Retarder", "Any"]);
    assertEquals([nameOf(0x18000003), nameOf(0x18001003), nameOf(0x1800ff0b)], ["ToEngine", "ToAll", "FromBrakes"]);
    assertEquals(
      database({ Engine: extended + 0x0cf00400 }, { j1939: true }).messageById(0x0cf00421, true)?.name,
      "Engine",
    );
  });

  it("decodes messages of a J1939Socket, of any length", () => {
    const truck = Database.parse(`BO_ ${eec1} Long: 300 X\n SG_ last : 2392|8@1+ (1,0) [0|0] "" X\n`, { j1939: true });
    const data = new Uint8Array(300).fill(7, 299);
    const decoded = truck.decode({ pgn: 0xf004, source: 3, destination: 255, data });
    assertEquals([decoded?.name, decoded?.signals.last.value], ["Long", 7]);
    assertEquals(truck.decode({ pgn: 0xf005, source: 3, destination: 255, data }), null);
    assertEquals(
      truck.decodeSignals({ pgn: 0xf004, source: 3, destination: 255, data }, truck.signalValues())?.name,
      "Long",
    );
  });

  it("is one as its attributes say", () => {
    const isJ1939 = (more: string, id = eec1) =>
      Database.parse(`BO_ ${id} M: 8 X\n${more}`, { strict: true }).messages[0].isJ1939;
    const formats = '"StandardCAN","ExtendedCAN","reserved","J1939PG"';
    const frameFormat = `BA_DEF_ BO_ "VFrameFormat" ENUM ${formats};\n`;
    const protocol = 'BA_DEF_ "ProtocolType" STRING ;\n';
    assertEquals(isJ1939(`${frameFormat}BA_ "VFrameFormat" BO_ ${eec1} 3;`), true);
    assertEquals(isJ1939(`${frameFormat}BA_ "VFrameFormat" BO_ ${eec1} "J1939PG";`), true);
    assertEquals(isJ1939(`${frameFormat}BA_DEF_DEF_ "VFrameFormat" "J1939PG";`), true);
    assertEquals(isJ1939(`${frameFormat}BA_DEF_DEF_ "VFrameFormat" "ExtendedCAN";`), false);
    assertEquals(isJ1939(`${protocol}BA_ "ProtocolType" "J1939";`), true);
    assertEquals(isJ1939(`${protocol}BA_DEF_DEF_ "ProtocolType" "J1939";`), true);
    assertEquals(isJ1939(`${protocol}BA_ "ProtocolType" "J1939";`, 0x123), false);
    // What a message says of itself counts more than what the database says of all.
    const all = `${protocol}BA_ "ProtocolType" "J1939";\n${frameFormat}BA_DEF_DEF_ "VFrameFormat" "J1939PG";\n`;
    assertEquals(isJ1939(`${all}BA_ "VFrameFormat" BO_ ${eec1} 1;`), false);
    assertEquals(Database.parse(`BO_ ${eec1} M: 8 X\n${all}`, { j1939: false }).messages[0].isJ1939, false);
  });

  it("reads the parts of identifiers", () => {
    assertEquals(j1939PartsOf(0x0cf00400), { pgn: 0xf004, priority: 3, source: 0, destination: 255 });
    assertEquals(j1939PartsOf(0x1b00ff0b), { pgn: 0x30000, priority: 6, source: 11, destination: 255 });
    assertEquals(j1939PartsOf(0x18ea2103), { pgn: 0xea00, priority: 6, source: 3, destination: 0x21 });
  });

  it("reads identifiers as unpackJ1939Id does", () => {
    const below = generator(1);
    for (let i = 0; i < 10_000; i++) {
      const id = below(0x2000_0000);
      assertEquals(j1939PartsOf(id), unpackJ1939Id(id), id.toString(16));
    }
  });
});

describe("A CAN FD database", () => {
  it("says so by VFrameFormat, whatever the type of that", () => {
    const values = [
      ...["StandardCAN", "ExtendedCAN"],
      ...Array(12).fill("reserved"),
      "StandardCAN_FD",
      "ExtendedCAN_FD",
    ];
    const asEnum = `BA_DEF_ BO_ "VFrameFormat" ENUM ${values.map((value) => `"${value}"`).join(",")};\n`;
    const asNumber = 'BA_DEF_ BO_ "VFrameFormat" INT 0 15;\n';
    const rate = 'BA_DEF_ BO_ "CANFD_BRS" ENUM "0","1";\nBA_DEF_DEF_ "CANFD_BRS" "1";\n';
    for (const definition of [asEnum, asNumber]) {
      const text =
        `BO_ 1 A: 64 X\nBO_ 2147483649 B: 64 X\nBO_ 2 C: 8 X\n${definition}${rate}BA_ "VFrameFormat" BO_ 1 14;
BA_ "VFrameFormat" BO_ 2147483649 15;\nBA_ "VFrameFormat" BO_ 2 0;\nBA_ "CANFD_BRS" BO_ 2147483649 0;\n`;
      const { messages } = Database.parse(text, { strict: true });
      assertEquals(messages.map(({ isFd, bitrateSwitch }) => [isFd, bitrateSwitch]), [
        ...[[true, true], [true, false], [false, false]],
      ]);
    }
  });
});

describe("Filters of a database", () => {
  it("pass its messages", () => {
    const car = database({ A: 0x123, B: extended + 0x123, C: 0x124 });
    assertEquals(car.filters(["A", "B"]), [
      { canId: 0x123, canMask: 0x7ff, isExtendedId: false },
      { canId: 0x123, canMask: 0x1fff_ffff, isExtendedId: true },
    ]);
    assertEquals(car.filters().length, 3);
    assertEquals(car.filters([]), []);
  });

  it("pass J1939 messages from any source to any destination, once for each PGN", () => {
    const truck = database({ EEC1: extended + 0x0cf004fe, Other: extended + 0x0cf00400, TSC1: extended + 0x0c00fffe }, {
      j1939: true,
    });
    assertEquals(truck.filters(), [
      { canId: 0x00f00400, canMask: 0x03ff_ff00, isExtendedId: true },
      { canId: 0, canMask: 0x03ff_0000, isExtendedId: true },
    ]);
  });

  it("are the kernel's, and pass just what is found", () => {
    const below = generator(3);
    const identifiers = Object.fromEntries(Array.from({ length: 200 }, (_, i) => {
      const isExtendedId = below(2) === 0;
      return [`M${i}`, isExtendedId ? extended + below(0x2000_0000) : below(0x800)];
    }));
    for (const j1939 of [false, true]) {
      const car = database(identifiers, { j1939 });
      const raw = toRawFilters(car.filters());
      const known = Object.values(identifiers);
      for (let count = 0; count < 5000; count++) {
        // Like a known identifier but for a few bits, so that about every second one is one.
        const word = (known[below(known.length)] ^ (below(2) << below(29))) >>> 0;
        const isExtendedId = word >= extended;
        const frameId = word & (isExtendedId ? 0x1fff_ffff : 0x7ff);
        const sent = isExtendedId ? frameId + extended : frameId;
        const passes = raw.some(({ canId, canMask }) => ((canId ^ sent) & canMask) === 0);
        assertEquals(passes, car.messageById(frameId, isExtendedId) !== null, `0x${sent.toString(16)}`);
      }
    }
  });
});

describe("Merged databases", () => {
  it("have what any of them has, the last one's where several have it", () => {
    const merged = Database.merge(
      Database.parse('VERSION "1"\nBU_: A B\nBO_ 1 One: 8 A\nBO_ 2 Two: 8 A\nVAL_TABLE_ t 0 "a";\nCM_ "x";\nBS_: 500'),
      Database.parse(
        'VERSION ""\nBU_: B C\nBO_ 2 Second: 4 B\nBO_ 2147483650 Two: 8 A\nVAL_TABLE_ t 0 "b";\nCM_ BU_ B "y";',
      ),
    );
    const { version, comment, bitTiming, nodes, messages, valueTables, diagnostics } = merged;
    assertEquals([version, comment, bitTiming?.bitrate, diagnostics], ["1", "x", 500, []]);
    assertEquals(nodes.map(({ name, comment }) => [name, comment]), [["A", null], ["B", "y"], ["C", null]]);
    assertEquals(messages.map(({ name, frameId, isExtendedId, length }) => [name, frameId, isExtendedId, length]), [
      ["One", 1, false, 8],
      ["Second", 2, false, 4],
      ["Two", 2, true, 8],
    ]);
    assertEquals(valueTables.get("t")?.get(0n), "b");
  });

  it("keep what each message is, when they are written too", () => {
    const format = 'BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","reserved","J1939PG";\n';
    const cycle = 'BA_DEF_ BO_ "GenMsgCycleTime" INT 0 1000;\nBA_DEF_DEF_ "GenMsgCycleTime" 100;\n';
    const merged = Database.merge(
      Database.parse(
        `BO_ ${extended + 0x0cf004fe} Truck: 8 X\n${format}BA_DEF_DEF_ "VFrameFormat" "J1939PG";\n${cycle}`,
      ),
      Database.parse(`BO_ ${extended + 0x123} Car: 8 X\n${format}BA_DEF_DEF_ "VFrameFormat" "ExtendedCAN";\n`),
    );
    for (const { messages } of [merged, Database.parse(`${merged}`, { strict: true })]) {
      assertEquals(messages.map(({ name, isJ1939, cycleTime }) => [name, isJ1939, cycleTime]), [
        ["Truck", true, 0.1],
        ["Car", false, null],
      ]);
    }
  });

  it("may be none", () => {
    assertEquals(Database.merge().messages, []);
  });
});
