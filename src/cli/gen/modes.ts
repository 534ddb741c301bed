/**
 * The modes of `can gen`, in cangen's words: `r` for random values, `i` for rising ones, `e` and `o` for even and odd ones, or
 * digits, of which each `x` is random.
 *
 * @module
 */

import { CAN_EFF_MASK, CAN_SFF_MASK, CANFD_MAX_DLEN } from "../../kernel/can.ts";
import { numberOf } from "../command/arguments.ts";
import { UsageError } from "../command/usage_error.ts";

/** A number, of which some bits are random. */
export interface Digits {
  readonly kind: "fixed";
  readonly value: number;
  /** The random bits. */
  readonly random: number;
}

/** How identifiers are made. */
export type IdMode = Digits | { readonly kind: "random" | "rising" | "even" | "odd" };

/** How lengths are made: as codes if they are random or rising, else in bytes. */
export type LengthMode = { readonly kind: "random" | "rising" } | { readonly kind: "fixed"; readonly value: number };

/** How data is made. */
export type DataMode =
  | { readonly kind: "random" | "rising" }
  | { readonly kind: "fixed"; readonly bytes: readonly Digits[] };

const ids: Readonly<Record<string, IdMode>> = {
  r: { kind: "random" },
  i: { kind: "rising" },
  e: { kind: "even" },
  o: { kind: "odd" },
};
const others: Readonly<Record<string, { readonly kind: "random" | "rising" }>> = {
  r: { kind: "random" },
  i: { kind: "rising" },
};

/**
 * Returns the mode of `-I`.
 *
 * @param extended Whether identifiers of 29 bits come into question.
 * @throws {UsageError} It is none, or the identifier is out of range.
 */
export function idModeOf(text: string, extended: boolean): IdMode {
  if (Object.hasOwn(ids, text)) return ids[text];
  const digits = text.replace(/^0x(?=.)/, "");
  if (!/^[0-9a-fx]{1,8}$/i.test(digits)) {
    throw new UsageError(`-I takes r, i, e, o or hexadecimal digits, of which x is random, not "${text}"`);
  }
  const id = digitsOf(digits);
  if (id.value > (extended ? CAN_EFF_MASK : CAN_SFF_MASK)) {
    throw new UsageError(
      extended ? `-I ${text}: identifiers end at 1FFFFFFF` : `-I ${text}: beyond 7FF it takes -e, for extended frames`,
    );
  }
  return id;
}

/**
 * Returns the mode of `-L`.
 *
 * @param most The greatest length of a frame.
 * @throws {UsageError} It is none, or too long.
 */
export function lengthModeOf(text: string, most: number): LengthMode {
  if (Object.hasOwn(others, text)) return others[text];
  const value = /^\d+$/.test(text) ? numberOf("-L", text) : NaN;
  if (Number.isNaN(value)) throw new UsageError(`-L takes r, i or a number of bytes, not "${text}"`);
  if (value > most) {
    const longer = most < CANFD_MAX_DLEN ? "; -f for CAN FD has up to 64" : "";
    throw new UsageError(`-L is ${value}: these frames have at most ${most} bytes${longer}`);
  }
  return { kind: "fixed", value };
}

/**
 * Returns the mode of `-D`.
 *
 * @throws {UsageError} It is none.
 */
export function dataModeOf(text: string): DataMode {
  if (Object.hasOwn(others, text)) return others[text];
  if (!/^(?:[0-9a-fx]{2}){1,64}$/i.test(text)) {
    throw new UsageError(`-D takes r, i or up to 64 bytes in hexadecimal digits, of which x is random, not "${text}"`);
  }
  return { kind: "fixed", bytes: text.match(/../g)!.map(digitsOf) };
}

function digitsOf(digits: string): Digits {
  return {
    kind: "fixed",
    value: parseInt(digits.replaceAll(/x/gi, "0"), 16),
    random: parseInt(digits.replaceAll(/[^x]/gi, "0").replaceAll(/x/gi, "F"), 16),
  };
}
