/**
 * Control messages with timestamps and numbers of dropped frames, well-formed and malformed.
 *
 * @module
 */

import { type Below, oneOf } from "../support/random.ts";

/** `struct timespec`. */
export type Timespec = readonly [seconds: bigint, nanoseconds: bigint];

export const SOL_SOCKET = 1;
export const SO_TIMESTAMPNS = 35;
export const SO_TIMESTAMPING = 37;
export const SO_RXQ_OVFL = 40;

/** No timestamp. */
export const none: Timespec = [0n, 0n];

/** Writes SO_TIMESTAMPNS; returns its size. */
export function writeTimestampNs(to: Uint8Array, time: Timespec): number {
  return writeControl(to, 0, 32, SOL_SOCKET, SO_TIMESTAMPNS, time);
}

/** Writes SO_TIMESTAMPING: the kernel's timestamp, an obsolete one, the controller's; returns its size. */
export function writeTimestamping(to: Uint8Array, software: Timespec, hardware: Timespec): number {
  return writeControl(to, 0, 64, SOL_SOCKET, SO_TIMESTAMPING, [...software, ...none, ...hardware]);
}

/** Writes SO_RXQ_OVFL behind `at` bytes of control messages; returns the size of all. */
export function writeDropped(to: Uint8Array, at: number, count: number): number {
  writeControl(to, at, 20, SOL_SOCKET, SO_RXQ_OVFL, [BigInt(count)]);
  return at + 24;
}

/** Writes control messages of random lengths, levels and types. */
export function writeWild(below: Below, to: Uint8Array): void {
  for (let at = 0; at + 16 <= to.length; at += 8 * (2 + below(8))) {
    const length = oneOf(below, 0, 15, 16, 20, 24, 32, 40, 64, 2 ** 31, below(100));
    const level = oneOf(below, SOL_SOCKET, SOL_SOCKET, 101, 0, below(2 ** 31));
    const type = oneOf(below, SO_TIMESTAMPNS, SO_TIMESTAMPING, 40, 29, below(100));
    writeControl(to, at, length, level, type, Array.from({ length: oneOf(below, 2, 6) }, () => random64(below)));
  }
}

function random64(below: Below): bigint {
  return oneOf(below, 0n, BigInt(below(2 ** 32)), BigInt(below(2 ** 32)) << 32n, 2n ** 64n - 1n, 999_999_999n);
}

/** Writes a control message, cut off where the memory ends; returns `length`, its length according to its header. */
function writeControl(
  to: Uint8Array,
  at: number,
  length: number,
  level: number,
  type: number,
  data: readonly bigint[],
): number {
  const bytes = new Uint8Array(16 + 8 * data.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(length), true);
  view.setUint32(8, level, true);
  view.setUint32(12, type, true);
  data.forEach((word, i) => view.setBigUint64(16 + 8 * i, word, true));
  to.set(bytes.subarray(0, Math.max(0, to.length - at)), at);
  return length;
}
