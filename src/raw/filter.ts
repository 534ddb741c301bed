/**
 * Filters of received frames: the user's form, and the kernel's.
 *
 * @module
 */

import { checkBoolean, checkWhole, show } from "../check.ts";
import { CAN_EFF_FLAG, CAN_EFF_MASK, CAN_INV_FILTER, CAN_RTR_FLAG, type RawFilter } from "../kernel/can.ts";
import { CAN_RAW_FILTER_MAX } from "../kernel/raw.ts";

/**
 * A filter that passes a frame if `(id & canMask) === (canId & canMask)`, as in python-can. The kernel compares the
 * whole identifier word, so both values may include bit 31 (extended) and bit 30 (remote).
 *
 * See `CAN_RAW_FILTER` in the {@link https://docs.kernel.org/networking/can.html | kernel's documentation}, and
 * python-can's
 * {@link https://python-can.readthedocs.io/en/stable/bus.html | filters}.
 *
 * @category Bus
 */
export interface CanFilter {
  /** Identifier to compare with: 0 to 0x1fffffff, or with bits 30 and 31 set as well. */
  readonly canId: number;
  /** Mask of the bits to compare: 0 to 0x1fffffff, or with bits 30 and 31 set as well. */
  readonly canMask: number;
  /** True to pass only extended frames, false to pass only standard frames. Default: both. */
  readonly extended?: boolean;
  /** Whether to pass the frames that do not match, instead of those that do. Default false. */
  readonly inverted?: boolean;
}

/** A filter that passes every data and remote frame. */
const everything: RawFilter = { canId: 0, canMask: 0 };

const most = (CAN_EFF_FLAG | CAN_RTR_FLAG | CAN_EFF_MASK) >>> 0;

/**
 * Checks filters and converts them to the kernel's form. Null and an empty list pass everything, as in python-can.
 *
 * @throws {RangeError} A value is not an identifier, or there are more than 512 filters.
 * @throws {TypeError} A value has the wrong type.
 */
export function toRawFilters(filters: readonly CanFilter[] | null): RawFilter[] {
  if (filters === null) return [everything];
  if (!Array.isArray(filters)) {
    throw new TypeError(`filters must be an array or null: ${show(filters)}`);
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
    throw new TypeError(`${name} must be { canId, canMask }: ${show(filter)}`);
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
  // Bit 29 of canId means "inverted", that of canMask "error frames": the options `inverted` and `errorMask` set them.
  if (word & CAN_INV_FILTER) throw new RangeError(`${name} is ${word}: it must be a whole number from 0 to ${limit}`);
  return word;
}
