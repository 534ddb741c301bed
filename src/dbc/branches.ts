/**
 * The values of multiplexers that follow from the signals that they select.
 *
 * @module
 */

import { isLong } from "./long.ts";
import type { Signal } from "./model.ts";
import type { Ranges } from "./selection.ts";

/** Returns the value of a multiplexer as unsigned, which is how ranges are written; of a fraction -1, which is in no range. */
export function selectorOf(multiplexer: Signal, raw: number | bigint): bigint {
  if (typeof raw === "number" && !Number.isInteger(raw)) return -1n;
  return BigInt.asUintN(multiplexer.length, BigInt(raw));
}

/**
 * Returns the raw value with which a multiplexer selects some signals.
 *
 * @throws {RangeError} No value selects all of them.
 * @throws {TypeError} Several do, of which none is the start value.
 */
export function rawThatSelects(multiplexer: Signal, signals: readonly Signal[]): number | bigint {
  const { name, startValue } = multiplexer;
  const common = signals.map(rangesOf).reduce(intersection);
  const names = signals.map((signal) => signal.name).join(" and ");
  if (common.length === 0) throw new RangeError(`${names} exclude each other: ${name} has another value for each`);
  if (startValue !== null && isIn(common, selectorOf(multiplexer, startValue))) return startValue;
  const [[value, last]] = common;
  if (common.some(([first, end]) => first !== value || end !== last) || value !== last) {
    throw new TypeError(`Give ${name} too: ${names} can be with ${rangesText(common)}`);
  }
  const raw = multiplexer.isSigned ? BigInt.asIntN(multiplexer.length, value) : value;
  return isLong(multiplexer) ? raw : Number(raw);
}

/** Whether a value of a multiplexer, as unsigned, is in one of the ranges. */
export function isIn(ranges: Ranges, value: bigint): boolean {
  return ranges.some(([first, last]) => first <= value && value <= last);
}

/** Writes ranges for an error: "1, 3 to 5". */
export function rangesText(ranges: Ranges): string {
  return ranges.map(([first, last]) => first === last ? `${first}` : `${first} to ${last}`).join(", ");
}

function rangesOf({ multiplexer }: Signal): Ranges {
  return multiplexer?.ranges ?? [];
}

function intersection(one: Ranges, other: Ranges): Ranges {
  return one.flatMap(([first, last]) =>
    other
      .map(([start, end]) => [start > first ? start : first, end < last ? end : last] as const)
      .filter(([start, end]) => start <= end)
  );
}
