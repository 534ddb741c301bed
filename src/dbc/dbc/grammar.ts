/**
 * The grammar of DBC: one rule for each kind of statement. There is no official text of it; tools agree on this much.
 *
 * @module
 */

import type { Diagnostics } from "../diagnostics.ts";
import { draftSignal } from "../draft.ts";
import { MOST_BYTES } from "../limits.ts";
import {
  attribute,
  comment,
  defaultValue,
  definition,
  group,
  labels,
  multiplexing,
  relation,
  signalType,
} from "./details.ts";
import {
  end,
  identifier,
  isKeyword,
  isName,
  type Keyword,
  keywords,
  labelList,
  limits,
  listed,
  names,
  type Reader,
  type Rule,
} from "./rules.ts";
import { accesses, NOBODY, Statements } from "./statements.ts";
import { Fault, Tokens } from "./tokens.ts";

const rules: Readonly<Record<Keyword, Rule>> = {
  VERSION: version,
  NS_: newSymbols,
  BS_: bitTiming,
  BU_: nodes,
  VAL_TABLE_: valueTable,
  BO_: message,
  SG_: signal,
  BO_TX_BU_: senders,
  EV_: variable,
  ENVVAR_DATA_: variableData,
  CM_: comment,
  BA_DEF_: definition,
  BA_DEF_REL_: definition,
  BA_DEF_DEF_: (reader, at) => defaultValue(reader, at, false),
  BA_DEF_DEF_REL_: (reader, at) => defaultValue(reader, at, true),
  BA_: attribute,
  BA_REL_: relation,
  VAL_: labels,
  SIG_GROUP_: group,
  SIG_VALTYPE_: signalType,
  SG_MUL_VAL_: multiplexing,
  SGTYPE_: unsupported,
  SGTYPE_VAL_: unsupported,
  SIG_TYPE_REF_: unsupported,
  SIGTYPE_VALTYPE_: unsupported,
  BA_DEF_SGTYPE_: unsupported,
  BA_SGTYPE_: unsupported,
  CAT_DEF_: unsupported,
  CAT_: unsupported,
};

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
      if (!isKeyword(tokens)) throw tokens.unexpected("a statement");
      const rule = rules[tokens.text as Keyword];
      tokens.advance();
      rule(reader, at);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      diagnostics.add(error.message, error.at);
      // Not from where the fault was found: if a quote is missing, that may be far behind.
      tokens.skipToLine(at, keywords);
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
    if (keywords.has(text)) return tokens.returnTo(at);
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
  const [found, selector, multiplexer] = multiplexing === "" ? [""] : /^(?:m(\d+))?(M?)$/.exec(multiplexing) ?? [];
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
  const isMultiplexer = multiplexer === "M";
  const draft = draftSignal({
    name,
    start,
    length,
    byteOrder,
    isSigned,
    scale,
    offset,
    minimum,
    maximum,
    unit,
    receivers: receivers(tokens),
    isMultiplexer,
  });
  signals.push({ at, selector: selector === undefined ? null : BigInt(selector), draft });
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
    access: accesses[Number(right)],
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

function unsupported(_: Reader, at: number): void {
  throw new Fault("signal types and categories are not read", at);
}

/** Returns the nodes at the end of a signal. In a new line only behind a comma: else a keyword that is misspelt would be a node. */
function receivers(tokens: Tokens): string[] {
  const names: string[] = [];
  for (let isMore = !tokens.isFirst; isMore && isName(tokens); isMore = tokens.skip(",") || !tokens.isFirst) {
    names.push(tokens.name(""));
  }
  return names.filter((name) => name !== NOBODY);
}
