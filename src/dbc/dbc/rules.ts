/**
 * What the rules of the grammar share.
 *
 * @module
 */

import type { Diagnostics } from "../diagnostics.ts";
import type { AttributeOwner, AttributeValue } from "../model.ts";
import { NOBODY, type Owner, type Statements } from "./statements.ts";
import type { Tokens } from "./tokens.ts";

/** What reads statements: the text's tokens, what was read, and the diagnostics of what was not. */
export interface Reader {
  readonly tokens: Tokens;
  readonly file: Statements;
  readonly diagnostics: Diagnostics;
}

/** Reads the rest of a statement whose keyword, at `at`, has been read. */
export type Rule = (reader: Reader, at: number) => void;

export const MOST_ID = 0xffff_ffff;

const words = [
  ...["VERSION", "NS_", "BS_", "BU_", "VAL_TABLE_", "BO_", "SG_", "BO_TX_BU_", "EV_", "ENVVAR_DATA_", "CM_"] as const,
  ...["BA_DEF_", "BA_DEF_REL_", "BA_DEF_DEF_", "BA_DEF_DEF_REL_", "BA_", "BA_REL_", "VAL_"] as const,
  ...["SIG_GROUP_", "SIG_VALTYPE_", "SG_MUL_VAL_"] as const,
  // Signal types and categories: in the grammar of the format, but no tool's files have them.
  ...["SGTYPE_", "SGTYPE_VAL_", "SIG_TYPE_REF_", "SIGTYPE_VALTYPE_", "BA_DEF_SGTYPE_", "BA_SGTYPE_"] as const,
  ...["CAT_DEF_", "CAT_"] as const,
] as const;

/** A word that a statement begins with. */
export type Keyword = typeof words[number];

export const keywords: ReadonlySet<string> = new Set(words);

/** The keywords of what attributes belong to. */
export const owners = new Map<string, AttributeOwner>([
  ["BU_", "node"],
  ["BO_", "message"],
  ["SG_", "signal"],
  ["EV_", "environment-variable"],
  ["BU_BO_REL_", "node-message"],
  ["BU_SG_REL_", "node-signal"],
  ["BU_EV_REL_", "node-environment-variable"],
]);

/** Returns a number of at most 32 bits, as DBCs give the identifiers of frames. */
export function identifier(tokens: Tokens): number {
  return tokens.whole("the identifier of a message", MOST_ID);
}

export function ownerOf(tokens: Tokens): Owner {
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
export function limits(tokens: Tokens): { minimum: number; maximum: number } {
  tokens.mark("[");
  const minimum = tokens.number("the minimum");
  tokens.mark("|");
  const maximum = tokens.number("the maximum");
  tokens.mark("]");
  return { minimum, maximum };
}

export function labelList({ tokens }: Reader): Map<bigint, string> {
  const labels = new Map<bigint, string>();
  while (tokens.kind === "number" || tokens.isMark("-")) {
    const value = tokens.bigint("a raw value");
    labels.set(value, tokens.quoted("a label in quotes"));
  }
  return labels;
}

/** Returns a number or a quoted text. */
export function valueOf(tokens: Tokens): AttributeValue {
  return tokens.kind === "text" ? tokens.quoted("") : numeric(tokens, "a value");
}

/** Returns a number, as a bigint if it is written as a whole one that a number cannot hold. */
export function numeric(tokens: Tokens, what: string): number | bigint {
  const digits = tokens.digits(what);
  const value = Number(digits) + 0;
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(digits) ? value : BigInt(digits);
}

/** Whether the present token is a name in a list: a keyword ends the list, for the lists of `BU_` and `SG_` have no other end. */
export function isName(tokens: Tokens): boolean {
  return tokens.kind === "word" && !isKeyword(tokens);
}

/** Whether the present token is a keyword. */
export function isKeyword({ kind, text }: Tokens): boolean {
  return kind === "word" && keywords.has(text);
}

/** Returns a name of a list. Some lists have commas between names, others spaces, and tools differ. */
export function listed(tokens: Tokens): string {
  const name = tokens.name("");
  tokens.skip(",");
  return name;
}

/** Returns the names of a list, without the one that stands for no node. */
export function names(tokens: Tokens): string[] {
  const names: string[] = [];
  while (isName(tokens)) names.push(listed(tokens));
  return names.filter((name) => name !== NOBODY);
}

/** Goes past the semicolon. Without it, a new line ends the statement too. */
export function end({ tokens, diagnostics }: Reader): void {
  if (tokens.skip(";")) return;
  if (!tokens.isLineEnd) throw tokens.unexpected('";"');
  diagnostics.add('the ";" at the end of the statement is missing', tokens.at);
}
