/**
 * The signals of a SYM file.
 *
 * @module
 */

import { Fault } from "../diagnostics.ts";
import { type Draft, draftSignal } from "../draft.ts";
import { MOST_BYTES } from "../limits.ts";
import { isLong } from "../long.ts";
import type { AttributeValue, Labels, Signal } from "../model.ts";
import { isNumber, numberOf, unquoted, wholeOf } from "./values.ts";

/** The types that have a length of their own. */
const lengths = new Map([["bit", 1], ["char", 8], ["float", 32], ["double", 64]]);
/** Those whose bits are no number to a user: what is said of it is no number either. */
const texts = new Set(["string", "raw"]);
const types = new Set([...lengths.keys(), "signed", "unsigned", ...texts]);

/** A signal before it has a place in a message. */
export interface SymSignal {
  /** Begins at bit 0. */
  readonly signal: Draft<Signal>;
  /** Of a variable: its first bit, counted from that of the message; null for a signal, which has one in each message. */
  readonly offset: number | null;
}

/**
 * Reads `Speed unsigned 16 -m /u:km/h /f:0.1` or, for a variable, `Speed unsigned 8,16 …`, with an offset.
 *
 * @param labelsOf Returns the labels of an enum. Enums are types too.
 * @param report Takes what is left out of the signal.
 * @throws {Fault} It is something else.
 */
export function readSignal(
  [name = "", type = "", ...rest]: readonly string[],
  comment: string | null,
  labelsOf: (name: string) => Labels,
  report: (reason: string) => void,
): SymSignal {
  const [place, ...behind] = /^\d/.test(rest[0] ?? "") ? rest : ["", ...rest];
  const [first, second] = place.split(",");
  const options = new Map(behind.map(readOption));
  const length = lengths.get(type) ?? wholeOf(second ?? first, "the length", 8 * MOST_BYTES);
  if (length < 1 || length > 64) throw new Fault(`the signal has ${length} bits: it must have 1 to 64`);
  const numeric = (option: string, fallback: number | null) => {
    const value = options.get(option);
    return value === undefined ? fallback : numberOf(value, `/${option}`);
  };
  const table = options.get("e") ?? (types.has(type) ? undefined : type);
  const spn = numeric("spn", null);
  const attributes = new Map<string, AttributeValue>();
  if (spn !== null) attributes.set("SPN", spn);
  const longName = options.get("ln");
  if (longName !== undefined) attributes.set("LongName", unquoted(longName));
  const signal = draftSignal({
    ...{ name: nameOf(name), start: 0, length, comment },
    byteOrder: options.has("-m") ? "big-endian" : "little-endian",
    isSigned: type === "signed",
    isFloat: type === "float" || type === "double",
    scale: numeric("f", 1)!,
    offset: numeric("o", 0)!,
    minimum: numeric("min", type === "bit" ? 0 : null),
    maximum: numeric("max", type === "bit" ? 1 : null),
    unit: unquoted(options.get("u") ?? ""),
    attributes,
    ...table !== undefined && { labels: labelsOf(unquoted(table)) },
  });
  const start = options.get("d");
  if (start !== undefined && !texts.has(type)) {
    signal.startValue = startValueOf(signal, unquoted(start));
    if (signal.startValue === null) report(`/d is ${JSON.stringify(start)}: it is neither a number nor a label`);
  }
  return { signal, offset: second === undefined ? null : wholeOf(first, "the first bit", 8 * MOST_BYTES - 1) };
}

/** Returns the raw value of `/d:`, a value in the signal's unit or a label; null if it is neither. */
function startValueOf(signal: Signal, text: string): number | bigint | null {
  const [label] = [...signal.labels].find(([, name]) => name === text) ?? [];
  if (label !== undefined) return isLong(signal) ? label : Number(label);
  const raw = isNumber(text) ? (numberOf(text, "") - signal.offset) / signal.scale : NaN;
  if (!Number.isFinite(raw)) return null;
  return signal.isFloat ? raw : Math.round(raw) + 0;
}

/**
 * Returns a name without quotes.
 *
 * @throws {Fault} There is none.
 */
export function nameOf(field: string): string {
  const name = unquoted(field);
  if (name === "") throw new Fault("a name is missing");
  return name;
}

/** Reads `/f:0.1`, an option with a value, or `-m`, one without. */
function readOption(field: string): [string, string] {
  const [, option, value] = /^\/(\w+):(.*)$/s.exec(field) ?? [];
  if (option !== undefined) return [option, value];
  if (/^-[a-z]$/.test(field)) return [field, ""];
  throw new Fault(`${JSON.stringify(field.slice(0, 40))} is no option`);
}
