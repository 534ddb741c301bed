/**
 * Raw values from what users give for signals.
 *
 * @module
 */

import { show } from "../check.ts";
import { halfOfNumber, numberOfHalf } from "./half.ts";
import { isLong, isValueLong } from "./long.ts";
import type { Signal } from "./model.ts";
import { rawRange, valueRange } from "./range.ts";
import type { SignalType } from "./types.ts";

/**
 * What `encode` takes for a signal: a value in its unit, the label of one, or a raw value. A signal that `decode` returned is a
 * raw value too, so that it is encoded with the same bits, even if it is out of range.
 *
 * @category Databases
 */
export type SignalInput<Type extends SignalType = SignalType> =
  | number
  | bigint
  | Type["label"]
  | { readonly raw: number | bigint };

/**
 * Returns the raw value for a value, a label or a raw value.
 *
 * @throws {RangeError} It is out of the signal's limits, or not among its labels, or does not fit its bits.
 * @throws {TypeError} It is none of these.
 */
export function rawOfInput(signal: Signal, input: unknown): number | bigint {
  if (typeof input === "string") return rawOfLabel(signal, input);
  if (typeof input === "number" || typeof input === "bigint") return rawOfValue(signal, input);
  const raw = typeof input === "object" && input !== null ? (input as { raw?: unknown }).raw : undefined;
  if (typeof raw === "number" || typeof raw === "bigint") {
    return checkedRaw(signal, raw, `${signal.name} is raw ${raw}`);
  }
  throw new TypeError(`${signal.name} is ${show(input)}: it must be a number, a label or { raw }`);
}

function rawOfLabel(signal: Signal, label: string): number | bigint {
  for (const [raw, name] of signal.labels) {
    if (name === label) return checkedRaw(signal, raw, `${signal.name} is ${show(label)}, raw ${raw}`);
  }
  const labels = [...signal.labels.values()];
  const choice = labels.length > 0 ? `its labels are ${labels.map(show).join(", ")}` : "it has no labels";
  throw new RangeError(`${signal.name} is ${show(label)}: ${choice}`);
}

function rawOfValue(signal: Signal, value: number | bigint): number | bigint {
  const { minimum, maximum, unit, scale, offset, isFloat } = signal;
  const text = `${signal.name} is ${withUnit(value, unit)}`;
  // Written so that NaN is outside of all limits.
  if ((minimum !== null && !(value >= minimum)) || (maximum !== null && !(value <= maximum))) {
    throw new RangeError(`${text}: it must be ${limits(minimum, maximum, unit)}`);
  }
  if (isValueLong(signal) && isWhole(value) && scale !== 0) {
    return checkedRaw(signal, nearestQuotient(BigInt(value) - BigInt(offset), BigInt(scale)), text);
  }
  const raw = (Number(value) - offset) / scale;
  return checkedRaw(signal, isFloat ? raw : Math.round(raw), text);
}

function isWhole(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

/** Divides, and rounds to the nearest whole number. */
function nearestQuotient(dividend: bigint, divisor: bigint): bigint {
  if (divisor < 0n) return nearestQuotient(-dividend, -divisor);
  const doubled = 2n * dividend + divisor;
  const quotient = doubled / (2n * divisor);
  return doubled < 0n && doubled % (2n * divisor) !== 0n ? quotient - 1n : quotient;
}

/**
 * Checks that a raw value fits the bits of a signal, and returns it in the type that the signal has.
 *
 * @param text The beginning of the error: what was given.
 * @throws {RangeError} It does not.
 */
export function checkedRaw(signal: Signal, raw: number | bigint, text: string): number | bigint {
  const { length, isFloat, scale, offset, unit } = signal;
  if (isFloat) {
    const stored = storedFloat(Number(raw), length);
    if (Number.isFinite(stored) === Number.isFinite(Number(raw))) return Number(raw);
    throw new RangeError(`${text}: a float of ${length} bits does not go so far`);
  }
  const [least, most] = rawRange(signal);
  if (isWhole(raw) && raw >= least && raw <= most) return isLong(signal) ? BigInt(raw) : Number(raw) + 0; // no -0
  const hold = length === 1 ? "its 1 bit holds" : `its ${length} bits hold`;
  if (scale === 1 && offset === 0) throw new RangeError(`${text}: ${hold} whole numbers from ${least} to ${most}`);
  const [low, high] = valueRange(signal);
  throw new RangeError(`${text}: ${hold} raw values from ${least} to ${most}, which are ${limits(low, high, unit)}`);
}

function storedFloat(value: number, length: number): number {
  return length === 64 ? value : length === 32 ? Math.fround(value) : numberOfHalf(halfOfNumber(value));
}

function limits(least: number | null, most: number | null, unit: string): string {
  if (least === null) return `at most ${withUnit(most!, unit)}`;
  return most === null ? `at least ${withUnit(least, unit)}` : `${least} to ${withUnit(most, unit)}`;
}

function withUnit(value: number | bigint, unit: string): string {
  return unit === "" ? `${value}` : `${value} ${unit}`;
}
