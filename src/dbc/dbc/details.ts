/**
 * The rules of the statements that say more of what others have named: comments, attributes, labels, groups, multiplexing.
 *
 * @module
 */

import type { AttributeDefinition } from "../model.ts";
import { end, identifier, labelList, MOST_ID, names, numeric, ownerOf, owners, type Reader, valueOf } from "./rules.ts";
import type { LabelsStatement, Owner } from "./statements.ts";
import { Fault } from "./tokens.ts";

/** `CM_ SG_ 291 Speed "of the wheels";` */
export function comment(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const owner = ownerOf(tokens);
  const text = tokens.quoted("the comment in quotes");
  end(reader);
  file.comments.push({ at, owner, text });
}

/** `BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;`, `BA_DEF_REL_ BU_SG_REL_ "Timeout" FLOAT 0 1;` */
export function definition(reader: Reader, at: number): void {
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
export function defaultValue(reader: Reader, at: number, isRelation: boolean): void {
  const { tokens, file } = reader;
  const name = tokens.quoted("the name of an attribute in quotes");
  const value = valueOf(tokens);
  end(reader);
  file.defaults.push({ at, name, isRelation, value });
}

/** `BA_ "GenMsgCycleTime" BO_ 291 20;` */
export function attribute(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const name = tokens.quoted("the name of an attribute in quotes");
  const owner = ownerOf(tokens);
  const value = valueOf(tokens);
  end(reader);
  file.attributes.push({ at, name, owner, node: null, value });
}

/** `BA_REL_ "Timeout" BU_SG_REL_ Gearbox SG_ 291 Speed 100;` */
export function relation(reader: Reader, at: number): void {
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
export function labels(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const owner: LabelsStatement["owner"] = tokens.kind === "word"
    ? { type: "environment-variable", name: tokens.name("") }
    : { type: "signal", id: identifier(tokens), name: tokens.name("the name of a signal") };
  const labels = labelList(reader);
  end(reader);
  file.labels.push({ at, owner, labels });
}

/** `SIG_GROUP_ 291 Wheels 1 : FrontLeft FrontRight;` */
export function group(reader: Reader, at: number): void {
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
export function signalType(reader: Reader, at: number): void {
  const { tokens, file } = reader;
  const id = identifier(tokens);
  const name = tokens.name("the name of a signal");
  tokens.skip(":");
  const type = tokens.whole("the type of a signal", 2);
  end(reader);
  file.types.push({ at, id, name, type });
}

/** `SG_MUL_VAL_ 291 Speed Mode 1-1, 4-7;` */
export function multiplexing(reader: Reader, at: number): void {
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
