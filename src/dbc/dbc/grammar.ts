/**
 * The grammar of DBC: one function for each kind of statement. There is no official text of it; tools agree on this much.
 *
 * @module
 */

import type { Diagnostics } from "../diagnostics.ts";
import { MOST_BYTES } from "../limits.ts";
import type { AttributeDefinition, AttributeOwner, AttributeValue } from "../model.ts";
import { type LabelsStatement, NOBODY, type Owner, Statements } from "./statements.ts";
import { Fault, Tokens } from "./tokens.ts";

const MOST_ID = 0xffff_ffff;

/** What reads statements: the text's tokens, what was read, and where to tell of what was not. */
interface Reader {
  readonly tokens: Tokens;
  readonly file: Statements;
  readonly diagnostics: Diagnostics;
}

/** Reads the rest of a statement whose keyword, at `at`, has been read. */
type Rule = (reader: Reader, at: number) => void;

const rules = new Map<string, Rule>([
  ["VERSION", version],
  ["NS_", newSymbols],
  ["BS_", bitTiming],
  ["BU_", nodes],
  ["VAL_TABLE_", valueTable],
  ["BO_", message],
  ["SG_", signal],
  ["BO_TX_BU_", senders],
  ["EV_", variable],
  ["ENVVAR_DATA_", variableData],
  ["CM_", comment],
  ["BA_DEF_", definition],
  ["BA_DEF_REL_", definition],
  ["BA_DEF_DEF_", (reader, at) => defaultValue(reader, at, false)],
  ["BA_DEF_DEF_REL_", (reader, at) => defaultValue(reader, at, true)],
  ["BA_", attribute],
  ["BA_REL_", relation],
  ["VAL_", labels],
  ["SIG_GROUP_", group],
  ["SIG_VALTYPE_", signalType],
  ["SG_MUL_VAL_", multiplexing],
  // Signal types and categories: in the grammar of the format, but no tool's files have them.
  ...["SGTYPE_", "SGTYPE_VAL_", "SIG_TYPE_REF_", "SIGTYPE_VALTYPE_", "BA_DEF_SGTYPE_", "BA_SGTYPE_", "CAT_DEF_", "CAT_"]
    .map((word): [string, Rule] => [word, unsupported]),
]);

/**
 * Reads all statements of a DBC. A statement that does not follow the grammar is skipped, up to the next line that begins with
 * a keyword.
 */
export function statementsOf(text: string, diagnostics: Diagnostics): Statements {
  const reader: Reader = { tokens: new Tokens(text), file: new Statements(), diagnostics };
  const { tokens } = reader;
  while (tokens.kind !== "end") {
    const { at } = tokens;
    try {
      const rule = tokens.kind === "word" ? rules.get(tokens.text) : undefined;
      if (rule === undefined) throw tokens.unexpected("a statement");
      tokens.advance();
      rule(reader, at);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      diagnostics.add(error.message, error.at);
      // Not from where the fault was found: if a quote is missing, that may be far behind.
      tokens.skipToLine(at, rules);
    }
  }
  return reader.file;
}

/** `VERSION "1.0"` */
function version({ tokens, file }: Reader): void {
  file.version = tokens.quoted("the version in quotes");
}

/** `NS_ : CM_ BA_ …`: the keywords that a tool knows, mostly one a line. They say nothing of the database. */
function newSymbols({ tokens }: Reader): void {
  tokens.mark(":");
  let isOneLine = !tokens.isFirst;
  while (tokens.kind === "word") {
    const { at, text } = tokens;
    isOneLine &&= !tokens.isFirst;
    tokens.name("a keyword");
    if (isOneLine || tokens.isLineEnd) continue;
    // A keyword that has something behind it begins a statement.
    if (rules.has(text)) return tokens.returnTo(at);
    throw tokens.unexpected("a line's end");
  }
}

/** `BS_: 500000 : 0, 0`, or nothing behind the colon. */
function bitTiming({ tokens, file }: Reader): void {
  tokens.mark(":");
  if (tokens.kind !== "number") return;
  const bitrate = tokens.number("the bitrate");
  let btr1 = 0;
  let btr2 = 0;
  if (tokens.skip(":")) {
    btr1 = tokens.number("BTR1");
    tokens.mark(",");
    btr2 = tokens.number("BTR2");
  }
  file.bitTiming = { bitrate, btr1, btr2 };
}

/** `BU_: Engine Gearbox` */
function nodes({ tokens, file }: Reader): void {
  tokens.mark(":");
  for (let { at } = tokens; isName(tokens); { at } = tokens) file.nodes.push({ at, name: listed(tokens) });
}

/** `VAL_TABLE_ OnOff 0 "off" 1 "on" ;` */
function valueTable(reader: Reader): void {
  const name = reader.tokens.name("the name of a value table");
  const table = labelList(reader);
  end(reader);
  reader.file.valueTables.set(name, table);
}

/** `BO_ 291 EngineData: 8 Engine`, and signals below. */
function message({ tokens, file }: Reader, at: number): void {
  const id = identifier(tokens);
  const name = tokens.name("the name of a message");
  tokens.mark(":");
  const length = tokens.whole("the length of a message", MOST_BYTES);
  const sender = isName(tokens) ? listed(tokens) : null;
  file.messages.push({ at, id, name, length, sender, signals: [] });
}

/** `SG_ Speed m1 : 7|16@0- (0.01,0) [0|250] "km/h" Gearbox,Brake` */
function signal({ tokens, file }: Reader, at: number): void {
  const signals = file.messages.at(-1)?.signals;
  if (signals === undefined) throw new Fault("the signal is in no message", at);
  const name = tokens.name("the name of a signal");
  const { at: selectorAt } = tokens;
  const multiplexing = tokens.kind === "word" ? tokens.name("") : "";
  const [found, selector, multiplexer] = /^(?:m(\d+))?(M?)$/.exec(multiplexing) ?? [];
  if (found === undefined) {
    throw new Fault(`expected "M", "m" and a number, or ":", found "${multiplexing}"`, selectorAt);
  }
  tokens.mark(":");
  const start = tokens.whole("the start bit", 8 * MOST_BYTES - 1);
  tokens.mark("|");
  const { at: lengthAt } = tokens;
  const length = tokens.whole("the length of a signal", 8 * MOST_BYTES);
  if (length < 1 || length > 64) throw new Fault(`the signal has ${length} bits: it must have 1 to 64`, lengthAt);
  tokens.mark("@");
  const byteOrder = tokens.whole("the byte order", 1) === 1 ? "little-endian" : "big-endian";
  const isSigned = tokens.isMark("-");
  if (!isSigned && !tokens.isMark("+")) throw tokens.unexpected('"+" or "-"');
  tokens.advance();
  tokens.mark("(");
  const scale = tokens.number("the factor");
  tokens.mark(",");
  const offset = tokens.number("the offset");
  tokens.mark(")");
  const { minimum, maximum } = limits(tokens);
  const unit = tokens.quoted("the unit in quotes");
  signals.push({
    at,
    name,
    isMultiplexer: multiplexer === "M",
    selector: selector === undefined ? null : BigInt(selector),
    ...{ start, length, byteOrder, isSigned, scale, offset, minimum, maximum, unit },
    receivers: receivers(tokens),
  });
}

/** `BO_TX_BU_ 291 : Engine,Gateway;` */
function senders(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const id = identifier(tokens);
  tokens.mark(":");
  const senders = names(tokens);
  end(reader);
  file.senders.push({ at, id, senders });
}

/** `EV_ Ignition: 0 [0|1] "" 0 3 DUMMY_NODE_VECTOR0 Vector__XXX;` */
function variable(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const name = tokens.name("the name of an environment variable");
  tokens.mark(":");
  const type = tokens.whole("the type of an environment variable", 2);
  const { minimum, maximum } = limits(tokens);
  const unit = tokens.quoted("the unit in quotes");
  const initialValue = tokens.number("the initial value");
  const id = tokens.number("the number of an environment variable");
  const { at: accessAt } = tokens;
  const access = tokens.name("DUMMY_NODE_VECTOR0");
  // Bit 15 says that the variable is a text, whatever its type.
  const [, isText, right] = /^DUMMY_NODE_VECTOR(800)?([0-3])$/.exec(access) ?? [];
  if (right === undefined) {
    throw new Fault(`expected DUMMY_NODE_VECTOR0 to 3 or 8000 to 8003, found ${access}`, accessAt);
  }
  const accessNodes = names(tokens);
  end(reader);
  file.variables.push({
    ...{ at, name, minimum, maximum, unit, initialValue, id, accessNodes },
    type: isText ? "string" : (["integer", "float", "string"] as const)[type],
    access: (["unrestricted", "read", "write", "read-write"] as const)[Number(right)],
  });
}

/** `ENVVAR_DATA_ Key: 16;` */
function variableData(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const name = tokens.name("the name of an environment variable");
  tokens.mark(":");
  const length = tokens.whole("the number of bytes", MOST_BYTES);
  end(reader);
  file.data.push({ at, name, length });
}

/** `CM_ SG_ 291 Speed "of the wheels";` */
function comment(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const owner = ownerOf(tokens);
  const text = tokens.quoted("the comment in quotes");
  end(reader);
  file.comments.push({ at, owner, text });
}

const owners = new Map<string, AttributeOwner>([
  ["BU_", "node"],
  ["BO_", "message"],
  ["SG_", "signal"],
  ["EV_", "environment-variable"],
  ["BU_BO_REL_", "node-message"],
  ["BU_SG_REL_", "node-signal"],
  ["BU_EV_REL_", "node-environment-variable"],
]);

/** `BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;`, `BA_DEF_REL_ BU_SG_REL_ "Timeout" FLOAT 0 1;` */
function definition(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const owner = tokens.kind === "word" ? owners.get(tokens.text) : "database";
  if (owner === undefined) throw tokens.unexpected("what the attribute belongs to");
  if (owner !== "database") tokens.advance();
  const name = tokens.quoted("the name of an attribute in quotes");
  const { at: typeAt } = tokens;
  const type = tokens.name("the type of an attribute");
  if (!isType(type)) throw new Fault(`the type is ${type}: it must be INT, HEX, FLOAT, STRING or ENUM`, typeAt);
  const values: string[] = [];
  let minimum: AttributeDefinition["minimum"] = null;
  let maximum: AttributeDefinition["maximum"] = null;
  if (type === "ENUM") {
    while (tokens.kind === "text") {
      values.push(tokens.quoted(""));
      tokens.skip(",");
    }
  } else if (type !== "STRING" && !tokens.isMark(";")) {
    const isFloat = type === "FLOAT";
    minimum = isFloat ? tokens.number("the minimum") : numeric(tokens, "the minimum");
    maximum = isFloat ? tokens.number("the maximum") : numeric(tokens, "the maximum");
    if (Number(minimum) === 0 && Number(maximum) === 0) minimum = maximum = null;
  }
  end(reader);
  file.definitions.push({ at, definition: { name, owner, type, minimum, maximum, values, defaultValue: null } });
}

function isType(type: string): type is AttributeDefinition["type"] {
  return ["INT", "HEX", "FLOAT", "STRING", "ENUM"].includes(type);
}

/** `BA_DEF_DEF_ "GenMsgCycleTime" 100;` */
function defaultValue(reader: Reader, at: number, isRelation: boolean): void {
  const { tokens, file } = reader;
  const name = tokens.quoted("the name of an attribute in quotes");
  const value = valueOf(tokens);
  end(reader);
  file.defaults.push({ at, name, isRelation, value });
}

/** `BA_ "GenMsgCycleTime" BO_ 291 20;` */
function attribute(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const name = tokens.quoted("the name of an attribute in quotes");
  const owner = ownerOf(tokens);
  const value = valueOf(tokens);
  end(reader);
  file.attributes.push({ at, name, owner, node: null, value });
}

/** `BA_REL_ "Timeout" BU_SG_REL_ Gearbox SG_ 291 Speed 100;` */
function relation(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const name = tokens.quoted("the name of an attribute in quotes");
  const { at: kindAt } = tokens;
  const kind = tokens.name("BU_SG_REL_");
  const node = tokens.name("the name of a node");
  let owner: Owner;
  if (kind === "BU_BO_REL_") owner = { type: "message", id: identifier(tokens) };
  else if (kind === "BU_SG_REL_" && tokens.isWord("SG_")) owner = ownerOf(tokens);
  else if (kind === "BU_EV_REL_") owner = { type: "environment-variable", name: tokens.name("the name of a variable") };
  else throw new Fault(`expected BU_BO_REL_, BU_SG_REL_ with SG_, or BU_EV_REL_, found ${kind}`, kindAt);
  const value = valueOf(tokens);
  end(reader);
  file.attributes.push({ at, name, owner, node, value });
}

/** `VAL_ 291 Gear 0 "neutral" 1 "first" ;`, or the name of an environment variable. */
function labels(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const owner: LabelsStatement["owner"] = tokens.kind === "word"
    ? { type: "environment-variable", name: tokens.name("") }
    : { type: "signal", id: identifier(tokens), name: tokens.name("the name of a signal") };
  const labels = labelList(reader);
  end(reader);
  file.labels.push({ at, owner, labels });
}

/** `SIG_GROUP_ 291 Wheels 1 : FrontLeft FrontRight;` */
function group(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const id = identifier(tokens);
  const name = tokens.name("the name of a group");
  const repetitions = tokens.whole("the number of repetitions", MOST_ID);
  tokens.mark(":");
  const signals = names(tokens);
  end(reader);
  file.groups.push({ at, id, group: { name, repetitions, signals } });
}

/** `SIG_VALTYPE_ 291 Speed : 1;`, in old files without the colon. */
function signalType(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const id = identifier(tokens);
  const name = tokens.name("the name of a signal");
  tokens.skip(":");
  const type = tokens.whole("the type of a signal", 2);
  end(reader);
  file.types.push({ at, id, name, type });
}

/** `SG_MUL_VAL_ 291 Speed Mode 1-1, 4-7;` */
function multiplexing(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const id = identifier(tokens);
  const name = tokens.name("the name of a signal");
  const multiplexer = tokens.name("the name of a multiplexer");
  const ranges: [bigint, bigint][] = [];
  do {
    const { at: rangeAt } = tokens;
    const first = tokens.bigint("the first value");
    tokens.mark("-");
    const last = tokens.bigint("the last value");
    if (last < first) throw new Fault(`the range ${first}-${last} is empty`, rangeAt);
    ranges.push([first, last]);
  } while (tokens.skip(","));
  end(reader);
  file.multiplexing.push({ at, id, name, multiplexer, ranges });
}

function unsupported(_: Reader, at: number): void {
  throw new Fault("signal types and categories are not read", at);
}

/** Returns a number of at most 32 bits, as DBCs give the identifiers of frames. */
function identifier(tokens: Tokens): number {
  return tokens.whole("the identifier of a message", MOST_ID);
}

function ownerOf(tokens: Tokens): Owner {
  if (tokens.kind !== "word") return { type: "database" };
  const keyword = tokens.text;
  const type = owners.get(keyword);
  if (type !== "node" && type !== "message" && type !== "signal" && type !== "environment-variable") {
    throw tokens.unexpected("BU_, BO_, SG_, EV_ or a text in quotes");
  }
  tokens.advance();
  if (type === "message") return { type, id: identifier(tokens) };
  if (type === "signal") return { type, id: identifier(tokens), name: tokens.name("the name of a signal") };
  return { type, name: tokens.name(`the name of a ${type === "node" ? type : "variable"}`) };
}

/** `[0|250]` */
function limits(tokens: Tokens): { minimum: number; maximum: number } {
  tokens.mark("[");
  const minimum = tokens.number("the minimum");
  tokens.mark("|");
  const maximum = tokens.number("the maximum");
  tokens.mark("]");
  return { minimum, maximum };
}

function labelList({ tokens }: Reader): Map<bigint, string> {
  const labels = new Map<bigint, string>();
  while (tokens.kind === "number" || tokens.isMark("-")) {
    const value = tokens.bigint("a raw value");
    labels.set(value, tokens.quoted("a label in quotes"));
  }
  return labels;
}

/** Returns a number or a quoted text. */
function valueOf(tokens: Tokens): AttributeValue {
  return tokens.kind === "text" ? tokens.quoted("") : numeric(tokens, "a value");
}

/** Returns a number, as a bigint if it is written as a whole one that a number cannot hold. */
function numeric(tokens: Tokens, what: string): number | bigint {
  const digits = tokens.digits(what);
  const value = Number(digits) + 0;
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(digits) ? value : BigInt(digits);
}

/** Whether the present token is a name in a list: a keyword ends the list, for the lists of `BU_` and `SG_` have no other end. */
function isName(tokens: Tokens): boolean {
  return tokens.kind === "word" && !rules.has(tokens.text);
}

/** Returns a name of a list. Some lists have commas between names, others spaces, and tools differ. */
function listed(tokens: Tokens): string {
  const name = tokens.name("");
  tokens.skip(",");
  return name;
}

/** Returns the names of a list, without the one that stands for no node. */
function names(tokens: Tokens): string[] {
  const names: string[] = [];
  while (isName(tokens)) names.push(listed(tokens));
  return names.filter((name) => name !== NOBODY);
}

/** Returns the nodes at the end of a signal. In a new line only behind a comma: else a keyword that is misspelt would be a node. */
function receivers(tokens: Tokens): string[] {
  const names: string[] = [];
  for (let isMore = !tokens.isFirst; isMore && isName(tokens); isMore = tokens.skip(",") || !tokens.isFirst) {
    names.push(tokens.name(""));
  }
  return names.filter((name) => name !== NOBODY);
}

/** Goes past the semicolon. Without it, a new line ends the statement too. */
function end({ tokens, diagnostics }: Reader): void {
  if (tokens.skip(";")) return;
  if (!tokens.isLineEnd) throw tokens.unexpected('";"');
  diagnostics.add('the ";" at the end of the statement is missing', tokens.at);
}
