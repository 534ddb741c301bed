/**
 * Where the bits of signals may be, and where formats other than DBC say that they are.
 *
 * @module
 */

import type { Signal } from "./model.ts";

/** The most bytes of a message: what J1939's extended transport protocol carries. */
export const MOST_BYTES = 117_440_505;

/**
 * Returns the start bit, as in a DBC, of a signal whose bits are counted from its first one on: within each byte from the least
 * significant bit up in a little-endian signal, from the most significant bit down in a big-endian one. KCD and SYM do so.
 */
export function startOfOffset(offset: number, byteOrder: Signal["byteOrder"]): number {
  return byteOrder === "little-endian" ? offset : offset - (offset % 8) + 7 - (offset % 8);
}
