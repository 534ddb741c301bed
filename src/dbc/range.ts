/**
 * What the bits of whole numbers hold.
 *
 * @module
 */

import type { Signal } from "./model.ts";

/** Returns the least and the greatest raw value that a whole number has bits for. */
export function rawRange({ length, isSigned }: Signal): [least: bigint, most: bigint] {
  return isSigned ? [-(2n ** BigInt(length - 1)), 2n ** BigInt(length - 1) - 1n] : [0n, 2n ** BigInt(length) - 1n];
}

/** Returns the least and the greatest value that a whole number has bits for. */
export function valueRange(signal: Signal): [least: number, most: number] {
  const [one, other] = rawRange(signal).map((raw) => Number(raw) * signal.scale + signal.offset);
  return one <= other ? [one, other] : [other, one];
}
