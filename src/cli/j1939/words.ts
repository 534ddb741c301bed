/**
 * PGNs, addresses and NAMEs as words.
 *
 * @module
 */

import { checkPgn } from "../../j1939/pgn.ts";
import { Name, type NameInit } from "../../j1939/name.ts";
import { J1939_MAX_UNICAST_ADDR, J1939_NO_ADDR, J1939_PGN_MAX } from "../../kernel/j1939.ts";
import { numberOf } from "../command/arguments.ts";
import { suggestion } from "../../where/nearest.ts";
import { UsageError } from "../command/usage_error.ts";
import { hexText } from "../../message/hex.ts";
import { parseHex } from "../frames/bytes.ts";

/**
 * Returns the PGN that hexadecimal digits stand for.
 *
 * @throws {UsageError} They stand for none.
 */
export function parsePgn(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.parseInt(text, 16) > J1939_PGN_MAX && value <= J1939_PGN_MAX) {
    const hex = value.toString(16).toUpperCase();
    throw new UsageError(`${name} is ${text}: write it in hexadecimal digits, ${hex} if ${text} is decimal`);
  }
  const pgn = parseHex(name, text, J1939_PGN_MAX);
  try {
    return checkPgn(name, pgn);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** Returns the address of a node, 0 to FD. */
export function parseAddress(name: string, text: string): number {
  return parseHex(name, text, J1939_MAX_UNICAST_ADDR);
}

/** Returns where a message goes: an address, or 255 for `all`. */
export function parseDestination(name: string, text: string): number {
  return text === "all" || /^ff$/i.test(text) ? J1939_NO_ADDR : parseAddress(name, text);
}

/** Writes an address: `0B`; `all` for 255. */
export function addressText(address: number): string {
  return address === J1939_NO_ADDR ? "all" : hexText(address, 2);
}

/** Writes a PGN: `FECA (65226)`. */
export function pgnText(pgn: number): string {
  return `${hexText(pgn, 4)} (${pgn})`;
}

/** Writes the fields of a NAME that are not 0: `identityNumber=1000 manufacturerCode=275`. */
export function fieldsText(name: Name): string {
  const fields = Object.entries(name.toJSON()).filter(([, value]) => value !== 0 && value !== false);
  return fields.map(([field, value]) => `${field}=${Number(value)}`).join(" ");
}

/**
 * Returns the NAME of words such as `identityNumber=1000`.
 *
 * @throws {UsageError} A word is no field, or its value is out of range.
 */
export function parseName(words: readonly string[]): Name {
  const known = Object.keys(new Name({}).toJSON());
  const fields = words.map((word) => {
    const [, field, text] = /^([^=]+)=(.*)$/.exec(word) ?? [];
    if (field === undefined) throw new UsageError(`"${word}" is no field of a NAME: write identityNumber=1000`);
    if (!known.includes(field)) throw new UsageError(`a NAME has no field ${field}${suggestion(field, known)}`);
    const value = numberOf(field, text);
    if (field !== "arbitraryAddressCapable") return [field, value] as const;
    if (value !== 0 && value !== 1) throw new UsageError(`${field} is ${text}: it must be 0 or 1`);
    return [field, value === 1] as const;
  });
  try {
    return new Name(Object.fromEntries(fields) as NameInit);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
