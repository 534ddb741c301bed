/**
 * Pseudo-random values, the same in every run.
 *
 * @module
 */

import type { MessageInit } from "../../mod.ts";

/** Returns random whole numbers from 0 to below a limit. */
export type Below = (limit: number) => number;

/** Makes a pseudo-random generator (mulberry32). */
export function generator(seed: number): Below {
  return (limit) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return Math.floor(((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32 * limit);
  };
}

/** Returns one of several values. */
export function oneOf<T>(below: Below, ...of: readonly T[]): T {
  return of[below(of.length)];
}

/** Returns the bytes of a text. */
export function ascii(text: string): number[] {
  return Array.from(new TextEncoder().encode(text));
}

/** Makes a message of any kind that python-can supports, too. */
export function randomMessage(below: Below): MessageInit {
  const one = <T>(...of: readonly T[]) => oneOf(below, ...of);
  const kind = one("data", "data", "remote", "error", "fd", "fd");
  const isExtendedId = one(false, true);
  const length = kind === "fd" ? one(0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64) : below(9);
  const byte = one(() => below(256), () => one(...ascii("09AZaz5Qq")));
  return {
    arbitrationId: below(isExtendedId ? 0x20000000 : 0x800),
    isExtendedId,
    isRx: one(false, true),
    channel: one(null, "can0", "vcan12"),
    // Whole nanoseconds, the resolution of a message, or exact halves of a microsecond.
    timestamp: one(0, below(2e9) + below(1e9) / 1e9, below(10) + below(1e9) / 1e9, below(2 ** 31) / 128),
    ...kind === "remote" ? { isRemoteFrame: true, dlc: length } : { data: Array.from({ length }, byte) },
    ...kind === "error" && { isErrorFrame: true },
    ...kind === "fd" && { isFd: true, bitrateSwitch: one(false, true), errorStateIndicator: one(false, true) },
  };
}

/** Makes a message of any kind, including CAN XL and classic frames with a `len8Dlc`. */
export function randomMessageOfAnyKind(below: Below): MessageInit {
  const kind = below(4);
  if (kind === 0) return randomXl(below);
  const init = randomMessage(below);
  if (kind > 1 || init.isFd || init.isErrorFrame) return init;
  const len8Dlc = oneOf(below, 0, 9 + below(7));
  if (init.isRemoteFrame) return { ...init, dlc: 8, len8Dlc };
  return { ...init, data: Array.from({ length: 8 }, () => below(256)), len8Dlc };
}

function randomXl(below: Below): MessageInit {
  const one = <T>(...of: readonly T[]) => oneOf(below, ...of);
  const { isRx, channel, timestamp } = randomMessage(below);
  // With 60 bytes of data the structure is as long as that of an FD frame.
  const length = one(1, 2, 3, 4, 5, 8, 9, 59, 60, 61, 64, 1 + below(100), one(1 + below(2048), 2047, 2048));
  const priority = below(0x800);
  const byte = () => one(0, 255, below(256));
  return {
    isXl: true,
    ...one<MessageInit>({ priority }, { arbitrationId: priority }, { arbitrationId: priority, priority }),
    ...below(2) === 0 && { isExtendedId: false },
    vcid: byte(),
    sdt: byte(),
    af: one(0, 2 ** 31, 2 ** 32 - 1, below(2 ** 32)),
    sec: one(false, true),
    data: Array.from({ length }, () => below(256)),
    isRx,
    channel,
    timestamp,
  };
}
