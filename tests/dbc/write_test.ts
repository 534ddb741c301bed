import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Database, type DatabaseContent } from "../../src/dbc/mod.ts";
import type { DatabaseMessage, Signal } from "../../src/dbc/model.ts";
import { randomDatabase } from "../support/databases.ts";
import { generator } from "../support/random.ts";
import { messageOf } from "../support/signals.ts";

/** The attributes that say of messages and signals what a DBC has no words for. */
const added = new Set(["VFrameFormat", "CANFD_BRS", "GenMsgCycleTime", "GenSigStartValue"]);

/** What a database holds, without the attributes that writing adds. */
function contentOf({ ...content }: DatabaseContent): DatabaseContent {
  const own = <T extends { readonly attributes: ReadonlyMap<string, unknown> }>(item: T): T => ({
    ...item,
    attributes: new Map([...item.attributes].filter(([name]) => !added.has(name))),
  });
  const messages = content.messages.map((message) => own({ ...message, signals: message.signals.map(own) }));
  const attributeDefinitions = content.attributeDefinitions.filter(({ name }) => !added.has(name));
  return { ...content, messages, attributeDefinitions };
}

/** Reads what a database writes, and returns what is then in it. */
function again(content: DatabaseContent): DatabaseContent {
  const text = `${new Database(content)}`;
  const { diagnostics, ...read } = Database.parse(text);
  assertEquals(diagnostics, [], text);
  return contentOf(read);
}

function databaseOf(messages: readonly DatabaseMessage[]): Database {
  return new Database({ ...Database.parse(""), messages });
}

describe("A database that is written", () => {
  it("is the same when it is read again: 1000 random databases", () => {
    let signals = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const content = randomDatabase(generator(seed));
      // Definitions of relations come last in a DBC.
      const isRelation = ({ owner }: { owner: string }) => Number(owner.startsWith("node-"));
      const sorted = (each: DatabaseContent) => ({
        ...each,
        attributeDefinitions: each.attributeDefinitions.toSorted((one, other) => isRelation(one) - isRelation(other)),
      });
      assertEquals(sorted(again(content)), sorted(contentOf(content)), `seed ${seed}`);
      signals += content.messages.reduce((sum, message) => sum + message.signals.length, 0);
    }
    assert(signals > 5000, `only ${signals} signals`);
  });

  it("is the same text when it is read and written again", () => {
    for (let seed = 0; seed < 100; seed++) {
      const text = `${new Database(randomDatabase(generator(seed)))}`;
      assertEquals(`${Database.parse(text)}`, text, `seed ${seed}`);
    }
  });

  it("has the layout that Vector's tools write", () => {
    const text = `VERSION "1"

NS_ :
	NS_DESC_
	CM_
	BA_DEF_
	BA_
	VAL_
	CAT_DEF_
	CAT_
	FILTER
	BA_DEF_DEF_
	EV_DATA_
	ENVVAR_DATA_
	SGTYPE_
	SGTYPE_VAL_
	BA_DEF_SGTYPE_
	BA_SGTYPE_
	SIG_TYPE_REF_
	VAL_TABLE_
	SIG_GROUP_
	SIG_VALTYPE_
	SIGTYPE_VALTYPE_
	BO_TX_BU_
	BA_DEF_REL_
	BA_REL_
	BA_DEF_DEF_REL_
	BU_SG_REL_
	BU_EV_REL_
	BU_BO_REL_
	SG_MUL_VAL_

BS_:

BU_: Engine Gearbox

VAL_TABLE_ OnOff 1 "on" 0 "off" ;

BO_ 291 EngineData: 8 Engine
 SG_ Speed : 7|16@0- (0.01,-40) [-40|250.5] "km/h" Gearbox
 SG_ Gear M : 16|3@1+ (1,0) [0|0] "" Vector__XXX
 SG_ Ratio m3 : 32|32@1- (0.001,150) [0|0] "" Vector__XXX

BO_ 2566844926 Empty: 0 Vector__XXX

BO_TX_BU_ 291 : Engine,Gearbox;

EV_ Ignition: 0 [0|1] "" 1 7 DUMMY_NODE_VECTOR3 Engine;

CM_ "of the database";
CM_ SG_ 291 Speed "of a \\"signal\\"";

BA_DEF_ BO_ "SendType" ENUM "cyclic","on change";
BA_DEF_ SG_ "GenSigStartValue" FLOAT 0 0;
BA_DEF_DEF_ "SendType" "cyclic";

BA_ "SendType" BO_ 291 1;
BA_ "GenSigStartValue" SG_ 291 Speed 2.5;

VAL_ 291 Gear 0 "neutral" 1 "first" ;

SIG_VALTYPE_ 291 Ratio : 1;
`;
    assertEquals(`${Database.parse(text, { strict: true })}`, text);
  });

  it("has shortened names, as cantools shortens them, with the long ones in attributes", () => {
    const long = "A_name_that_is_longer_than_32_characters";
    const short = "A_name_that_is_longer_than_32_ch";
    const signal = (name: string) => ({ name, start: 0, length: 8 });
    const text = `${
      databaseOf([
        messageOf([signal(long), signal(`${long}_2`), signal(`${short}`)]),
        messageOf([signal(long)], { name: "Größe 1", frameId: 2 }),
      ])
    }`;
    const lines = text.split("\n");
    assertEquals(lines.filter((line) => line.startsWith(" SG_")).map((line) => line.split(" ")[2]), [
      ...[
        "A_name_that_is_longer_than__0000",
        "A_name_that_is_longer_than__0001",
        short,
        "A_name_that_is_longer_than__0002",
      ],
    ]);
    assertEquals(lines.filter((line) => /^BA_ |^BO_ 2/.test(line)), [
      "BO_ 2 Gr__e_1: 8 Vector__XXX",
      `BA_ "SystemSignalLongSymbol" SG_ 1 A_name_that_is_longer_than__0000 "${long}";`,
      `BA_ "SystemSignalLongSymbol" SG_ 1 A_name_that_is_longer_than__0001 "${long}_2";`,
      'BA_ "SystemMessageLongSymbol" BO_ 2 "Größe 1";',
      `BA_ "SystemSignalLongSymbol" SG_ 2 A_name_that_is_longer_than__0002 "${long}";`,
    ]);
  });

  it("has both limits, or none", () => {
    const limits = (given: Partial<Signal>) => {
      const signal = { name: "s", start: 0, length: 8, ...given };
      return / \[(.*?)\] /.exec(`${databaseOf([messageOf([signal])])}`)![1];
    };
    assertEquals(limits({}), "0|0");
    assertEquals(limits({ minimum: 5 }), "5|255");
    assertEquals(limits({ maximum: 5, isSigned: true }), "-128|5");
    assertEquals(limits({ maximum: 5, scale: -2, offset: 1 }), "-509|5");
    assertEquals(limits({ minimum: 5, isFloat: true, length: 32 }), "5|1.7976931348623157e+308");
  });

  it("says of messages what its attributes do not say yet", () => {
    const written = (given: Partial<DatabaseMessage>) => {
      const { messages: [message] } = Database.parse(`${databaseOf([messageOf([], given)])}`, { strict: true });
      const { isFd, bitrateSwitch, isJ1939, cycleTime } = message;
      assertEquals({ isFd, bitrateSwitch, isJ1939, cycleTime }, {
        ...{ isFd: false, bitrateSwitch: false, isJ1939: false, cycleTime: null },
        ...given.isExtendedId ? (({ isExtendedId: _, ...rest }) => rest)(given) : given,
      });
      return [...message.attributes];
    };
    assertEquals(written({}), []);
    assertEquals(written({ isFd: true }), [["VFrameFormat", "StandardCAN_FD"]]);
    assertEquals(written({ isFd: true, bitrateSwitch: true, isExtendedId: true }), [
      ["VFrameFormat", "ExtendedCAN_FD"],
      ["CANFD_BRS", "1"],
    ]);
    assertEquals(written({ isJ1939: true, isExtendedId: true }), [["VFrameFormat", "J1939PG"]]);
    assertEquals(written({ cycleTime: 0.3 }), [["GenMsgCycleTime", 300]]);
  });

  it("corrects attributes that say something else", () => {
    const parsed = Database.parse(`BO_ 2147483649 M: 8 X
BA_DEF_ BO_ "VFrameFormat" INT 0 15;
BA_DEF_ BO_ "GenMsgCycleTime" INT 0 1000;
BA_DEF_DEF_ "GenMsgCycleTime" 100;
BA_ "VFrameFormat" BO_ 2147483649 3;
`);
    const [message] = parsed.messages;
    assertEquals([message.isJ1939, message.cycleTime], [true, 0.1]);
    const messages = [{ ...message, isJ1939: false, cycleTime: null }];
    const { messages: [written] } = Database.parse(`${new Database({ ...parsed, messages })}`, { strict: true });
    assertEquals([written.isJ1939, written.cycleTime, [...written.attributes]], [
      ...[false, null, [["VFrameFormat", 1], ["GenMsgCycleTime", 0]]],
    ]);
  });

  it("keeps comments and attributes of the first of several messages with one identifier", () => {
    const text =
      'BO_ 1 M: 8 X\n SG_ s : 0|8@1+ (1,0) [0|0] "" X\nBO_ 1 N: 4 X\n SG_ s : 0|4@1+ (1,0) [0|0] "" X\nCM_ BO_ 1 "x";';
    const [first, second] = Database.parse(`${Database.parse(text)}`).messages;
    assertEquals([first.comment, second.comment, second.signals[0].length], ["x", null, 4]);
  });
});
