/**
 * What a J1939 socket receives, as users write it and as the kernel takes it.
 *
 * @module
 */

import { checkWhole } from "../check.ts";
import { J1939_FILTER_MAX, J1939_PGN_MAX, type RawJ1939Filter } from "../kernel/j1939.ts";
import { checkName, type Name } from "./name.ts";
import { checkPgn } from "./pgn.ts";

/** Lets a message through if all that is given matches: PGN, sender's address, sender's NAME. */
export interface J1939Filter {
  /** The PGN, without a destination, 0 to 0x3ffff. */
  readonly pgn?: number;
  /** Bits of the PGN that count. Default 0x3ffff, all. */
  readonly pgnMask?: number;
  /** Address of the sender, 0 to 255. */
  readonly source?: number;
  /** Bits of the address that count. Default 0xff, all. */
  readonly sourceMask?: number;
  /** NAME of the sender, which must have claimed its address. */
  readonly name?: bigint | Name;
  /** Bits of the NAME that count. Default all 64. */
  readonly nameMask?: bigint;
}

const NAME_MASK = (1n << 64n) - 1n;
const known = ["pgn", "pgnMask", "source", "sourceMask", "name", "nameMask"];

/**
 * The kernel's filters for a user's; null and an empty list receive everything.
 *
 * @throws {RangeError} A value is out of its range, or there are more than 512 filters.
 * @throws {TypeError} Something is of the wrong type, a field is unknown, or there is a mask for nothing.
 */
export function toRawJ1939Filters(filters: readonly J1939Filter[] | null): RawJ1939Filter[] {
  if (filters === null) return [];
  if (!Array.isArray(filters)) throw new TypeError(`filters must be an array or null: ${filters}`);
  if (filters.length > J1939_FILTER_MAX) {
    throw new RangeError(`${filters.length} filters: the kernel takes at most ${J1939_FILTER_MAX}`);
  }
  return filters.map(toRaw);
}

function toRaw(filter: J1939Filter, index: number): RawJ1939Filter {
  const label = `filters[${index}]`;
  if (typeof filter !== "object" || filter === null) {
    throw new TypeError(`${label} must be such as { pgn: 0xfeca, source: 0x20 }: ${filter}`);
  }
  const { pgn, pgnMask, source, sourceMask, name, nameMask } = filter;
  for (const field of Object.keys(filter)) {
    if (!known.includes(field)) throw new TypeError(`${label} has no field "${field}"; it has ${known.join(", ")}`);
  }
  for (
    const [field, mask, value] of [["pgn", pgnMask, pgn], ["source", sourceMask, source], ["name", nameMask, name]]
  ) {
    if (mask !== undefined && value === undefined) throw new TypeError(`${label} has ${field}Mask, and no ${field}`);
  }
  const limit = `0x${J1939_PGN_MAX.toString(16)}`;
  return {
    pgn: pgn === undefined
      ? 0
      : pgnMask === undefined
      ? checkPgn(`${label}.pgn`, pgn)
      : checkWhole(`${label}.pgn`, pgn, 0, J1939_PGN_MAX, limit),
    pgnMask: pgn === undefined ? 0 : checkWhole(`${label}.pgnMask`, pgnMask ?? J1939_PGN_MAX, 0, J1939_PGN_MAX, limit),
    address: checkWhole(`${label}.source`, source ?? 0, 0, 255),
    addressMask: source === undefined ? 0 : checkWhole(`${label}.sourceMask`, sourceMask ?? 255, 0, 255),
    name: checkName(`${label}.name`, name ?? 0n),
    nameMask: name === undefined ? 0n : checkName(`${label}.nameMask`, nameMask ?? NAME_MASK),
  };
}
