/**
 * Filters as users write them, and as the kernel takes them.
 *
 * @module
 */

import { CAN_EFF_FLAG, CAN_EFF_MASK, CAN_INV_FILTER, CAN_RTR_FLAG, type RawFilter } from "./kernel/can.ts";
import { CAN_RAW_FILTER_MAX } from "./kernel/raw.ts";

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
  for (const name of ["canId", "canMask"] as const) {
    const value = filter[name];
    if (typeof value !== "number") {
      throw new TypeError(`filters[${index}].${name} must be a number: ${value}`);
    }
    if (!Number.isInteger(value) || value < 0 || value > most || (value & CAN_INV_FILTER) !== 0) {
      throw new RangeError(
        `filters[${index}].${name} is ${value}: it must be a whole number from 0 to 0x1fffffff, ` +
          `with 0x80000000 for extended and 0x40000000 for remote frames (after JavaScript's bit operators write >>> 0)`,
      );
    }
  }
  for (const name of ["extended", "inverted"] as const) {
    const value = filter[name];
    if (value !== undefined && typeof value !== "boolean") {
      throw new TypeError(`filters[${index}].${name} must be true or false: ${value}`);
    }
  }
  let { canId, canMask } = filter;
  if (filter.extended !== undefined) canMask |= CAN_EFF_FLAG;
  if (filter.extended) canId |= CAN_EFF_FLAG;
  if (filter.inverted) canId |= CAN_INV_FILTER;
  return { canId: canId >>> 0, canMask: canMask >>> 0 };
}
