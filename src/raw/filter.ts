/**
 * Filters as users write them, and as the kernel takes them.
 *
 * @module
 */

import { checkBoolean, checkWhole } from "../check.ts";
import { CAN_EFF_FLAG, CAN_EFF_MASK, CAN_INV_FILTER, CAN_RTR_FLAG, type RawFilter } from "../kernel/can.ts";
import { CAN_RAW_FILTER_MAX } from "../kernel/raw.ts";

/**
 * Lets a frame through where `(id & canMask) === (canId & canMask)`, as in python-can. The kernel compares the whole
 * identifier word: bits 31 (extended) and 30 (remote) may be used in both.
 */
export interface CanFilter {
  /** Identifier to compare with, 0 to 0x1fffffff, or with flags. */
  readonly canId: number;
  /** Bits of the identifier that count, 0 to 0x1fffffff, or with flags. */
  readonly canMask: number;
  /** True for extended frames only, false for standard ones only; absent: both. */
  readonly extended?: boolean;
  /** Let through what does not match instead. Default false. */
  readonly inverted?: boolean;
}

/** Passes every data and remote frame. */
const everything: RawFilter = { canId: 0, canMask: 0 };

const most = (CAN_EFF_FLAG | CAN_RTR_FLAG | CAN_EFF_MASK) >>> 0;

/**
 * The kernel's filters for a user's; null and an empty list receive everything, as in python-can.
 *
 * @throws {RangeError} A value is no identifier, or there are more than 512 filters.
 * @throws {TypeError} Something is of the wrong type.
 */
export function toRawFilters(filters: readonly CanFilter[] | null): RawFilter[] {
  if (filters === null) return [everything];
  if (!Array.isArray(filters)) {
    throw new TypeError(`filters must be an array or null: ${filters}`);
  }
  if (filters.length === 0) return [everything];
  if (filters.length > CAN_RAW_FILTER_MAX) {
    throw new RangeError(`${filters.length} filters: the kernel takes at most ${CAN_RAW_FILTER_MAX}`);
  }
  return filters.map(toRawFilter);
}

function toRawFilter(filter: CanFilter, index: number): RawFilter {
  const name = `filters[${index}]`;
  if (typeof filter !== "object" || filter === null) {
    throw new TypeError(`${name} must be { canId, canMask }: ${filter}`);
  }
  let canId = checkWord(`${name}.canId`, filter.canId);
  let canMask = checkWord(`${name}.canMask`, filter.canMask);
  const extended = filter.extended !== undefined && checkBoolean(`${name}.extended`, filter.extended);
  const inverted = filter.inverted !== undefined && checkBoolean(`${name}.inverted`, filter.inverted);
  if (filter.extended !== undefined) canMask |= CAN_EFF_FLAG;
  if (extended) canId |= CAN_EFF_FLAG;
  else if (filter.extended === false) canId &= ~CAN_EFF_FLAG;
  if (inverted) canId |= CAN_INV_FILTER;
  return { canId: canId >>> 0, canMask: canMask >>> 0 };
}

function checkWord(name: string, value: unknown): number {
  const limit =
    "0x1fffffff, and 0x80000000 for extended and 0x40000000 for remote frames (with >>> 0 after bit operators)";
  const word = checkWhole(name, value, 0, most, limit);
  // Bit 29 means "inverted" in one of the words and "error frames" in the other; both have options of their own.
  if (word & CAN_INV_FILTER) throw new RangeError(`${name} is ${word}: it must be a whole number from 0 to ${limit}`);
  return word;
}
