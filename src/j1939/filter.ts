/**
 * Filters of a J1939 socket, as users write them and as the kernel takes them.
 *
 * @module
 */

import { checkWhole, show } from "../check.ts";
import { J1939_FILTER_MAX, J1939_PGN_MAX, type RawJ1939Filter } from "../kernel/j1939.ts";
import { checkName, type Name } from "./name.ts";
import { checkPgn } from "./pgn.ts";

/**
 * Passes messages that match every field given: PGN, sender's address, sender's NAME. A filter without fields passes all.
 * The kernel applies it (`SO_J1939_FILTER`, see the
 * {@link https://docs.kernel.org/networking/j1939.html | kernel's documentation}).
 *
 * @category J1939
 */
export interface J1939Filter {
  /** The PGN, 0 to 0x3ffff, without a destination; the bits outside `pgnMask` may have any value. */
  readonly pgn?: number;
  /** The bits of the PGN to compare, 0 to 0x3ffff. Default 0x3ffff, all. */
  readonly pgnMask?: number;
  /** The sender's address, 0 to 255. */
  readonly source?: number;
  /** The bits of the address to compare, 0 to 0xff. Default 0xff, all. */
  readonly sourceMask?: number;
  /** The sender's NAME. A sender that has not claimed its address never matches. */
  readonly name?: bigint | Name;
  /** The bits of the NAME to compare. Default all 64. */
  readonly nameMask?: bigint;
}

const NAME_MASK = (1n << 64n) - 1n;
const fields = ["pgn", "pgnMask", "source", "sourceMask", "name", "nameMask"];

/**
 * Returns the kernel's form of a user's filters; null and an empty list become an empty list, which receives everything.
 *
 * @throws {RangeError} A value is out of range, a filter can match nothing, or there are more than 512 filters.
 * @throws {TypeError} A value is of the wrong type, a field is unknown, or a mask is given without its value.
 */
export function toRawJ1939Filters(filters: readonly J1939Filter[] | null): RawJ1939Filter[] {
  if (filters === null) return [];
  if (!Array.isArray(filters)) throw new TypeError(`filters must be an array or null: ${show(filters)}`);
  if (filters.length > J1939_FILTER_MAX) {
    throw new RangeError(`${filters.length} filters: the kernel takes at most ${J1939_FILTER_MAX}`);
  }
  return filters.map(toRaw);
}

function toRaw(filter: J1939Filter, index: number): RawJ1939Filter {
  const label = `filters[${index}]`;
  if (typeof filter !== "object" || filter === null) {
    throw new TypeError(`${label} must be an object such as { pgn: 0xfeca, source: 0x20 }: ${show(filter)}`);
  }
  const { pgn, pgnMask, source, sourceMask, name, nameMask } = filter;
  for (const field of Object.keys(filter)) {
    if (!fields.includes(field)) {
      throw new TypeError(`${label} has an unknown field "${field}"; the fields are ${fields.join(", ")}`);
    }
  }
  for (
    const [field, mask, value] of [["pgn", pgnMask, pgn], ["source", sourceMask, source], ["name", nameMask, name]]
  ) {
    if (mask !== undefined && value === undefined) throw new TypeError(`${label} has ${field}Mask without ${field}`);
  }
  const limit = `0x${J1939_PGN_MAX.toString(16)}`;
  const raw = {
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
  checkMatches(label, raw);
  return raw;
}

/** Refuses a PGN with a mask that no message matches: of an addressed PGN, the kernel compares a last byte of 0. */
function checkMatches(label: string, { pgn, pgnMask }: RawJ1939Filter): void {
  const greatestFormat = ((pgn | ~pgnMask) >> 8) & 0xff;
  if (greatestFormat >= 240 || (pgn & pgnMask & 0xff) === 0) return;
  throw new RangeError(
    `${label} can match nothing: the last byte of PGN 0x${
      pgn.toString(16)
    } must be 0, because its messages carry the ` +
      "destination there",
  );
}
