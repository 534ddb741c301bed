/**
 * Filters of received frames: the user's form, and the kernel's.
 *
 * @module
 */

import { checkBoolean, checkNames, checkWhole, show } from "../check.ts";
import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_INV_FILTER,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  type RawFilter,
} from "../kernel/can.ts";
import { CAN_RAW_FILTER_MAX } from "../kernel/raw.ts";

/**
 * A filter that passes a frame if `(id & canMask) === (canId & canMask)`, as in python-can. The kernel compares the
 * whole identifier word, so both values may include bit 31 (extended) and bit 30 (remote). A filter that no frame can
 * pass is refused, but for `{ canId: 0, canMask: 0, inverted: true }`, which passes nothing on purpose.
 *
 * See `CAN_RAW_FILTER` in the {@link https://docs.kernel.org/networking/can.html | kernel's documentation}, and
 * python-can's {@link https://python-can.readthedocs.io/en/stable/bus.html | filters}.
 *
 * @category Bus
 */
export interface CanFilter {
  /** Identifier to compare with: 0 to 0x1fffffff, or with bits 30 and 31 set as well. */
  readonly canId: number;
  /** Mask of the bits to compare: 0 to 0x1fffffff, or with bits 30 and 31 set as well. */
  readonly canMask: number;
  /** True to pass only extended frames, false to pass only standard frames. Default: both. */
  readonly isExtendedId?: boolean;
  /** Another name of `isExtendedId`, python-can's. Only one of them may be given. */
  readonly extended?: boolean;
  /** Whether to pass the frames that do not match, instead of those that do. Default false. */
  readonly inverted?: boolean;
}

const names: readonly (keyof CanFilter)[] = ["canId", "canMask", "isExtendedId", "extended", "inverted"];

/** A filter that passes every data and remote frame. */
const everything: RawFilter = { canId: 0, canMask: 0 };

const most = (CAN_EFF_FLAG | CAN_RTR_FLAG | CAN_EFF_MASK) >>> 0;
/** The bits of an identifier that standard frames do not have. */
const extendedBits = CAN_EFF_MASK & ~CAN_SFF_MASK;

/**
 * Checks filters and converts them to the kernel's form. Null and an empty list pass everything, as in python-can.
 *
 * @param joined Whether a frame must pass all of them instead of one.
 * @throws {RangeError} A value is not an identifier, no frame can pass, or there are more than 512 filters.
 * @throws {TypeError} A name is unknown, or a value has the wrong type.
 */
export function toRawFilters(filters: readonly CanFilter[] | null, joined = false): RawFilter[] {
  if (filters === null) return [everything];
  if (!Array.isArray(filters)) {
    throw new TypeError(`filters must be an array or null: ${show(filters)}`);
  }
  if (filters.length === 0) return [everything];
  if (filters.length > CAN_RAW_FILTER_MAX) {
    throw new RangeError(`${filters.length} filters: the kernel takes at most ${CAN_RAW_FILTER_MAX}`);
  }
  const raw = filters.map(toRawFilter);
  if (joined) checkJoined(raw);
  return raw;
}

function toRawFilter(filter: CanFilter, index: number): RawFilter {
  const name = `filters[${index}]`;
  if (typeof filter !== "object" || filter === null) {
    throw new TypeError(`${name} must be { canId, canMask }: ${show(filter)}`);
  }
  checkNames(name, filter, names);
  let canId = checkWord(`${name}.canId`, filter.canId);
  let canMask = checkWord(`${name}.canMask`, filter.canMask);
  const isExtendedId = formatOf(name, filter);
  const inverted = filter.inverted !== undefined && checkBoolean(`${name}.inverted`, filter.inverted);
  if (isExtendedId !== undefined) {
    const format = canId & CAN_EFF_FLAG ? "extended" : "standard";
    if (canMask & CAN_EFF_FLAG && isExtendedId !== (format === "extended")) {
      throw new RangeError(
        `${name} can match no frame: bit 31 of canId and canMask selects ${format} frames, ` +
          `but isExtendedId is ${isExtendedId}`,
      );
    }
    canMask |= CAN_EFF_FLAG;
    canId = isExtendedId ? canId | CAN_EFF_FLAG : canId & ~CAN_EFF_FLAG;
  }
  // For these the kernel ignores the bits that standard frames lack, so that 0x801 would match 0x001.
  if (isStandardOnly(canId, canMask) && canId & canMask & extendedBits) {
    const identifier = (canId & CAN_EFF_MASK).toString(16);
    throw new RangeError(
      `${name} can match no frame: canId is 0x${identifier}, and standard identifiers end at 0x7ff; ` +
        `set isExtendedId: true, or clear these bits in canMask`,
    );
  }
  if (inverted) canId |= CAN_INV_FILTER;
  return { canId: canId >>> 0, canMask: canMask >>> 0 };
}

/** Returns whether a filter is for extended or standard frames only; undefined for both. */
function formatOf(name: string, { isExtendedId, extended }: CanFilter): boolean | undefined {
  if (isExtendedId !== undefined && extended !== undefined) {
    throw new TypeError(`${name} has isExtendedId and extended, two names of one option: give one of them`);
  }
  if (isExtendedId !== undefined) return checkBoolean(`${name}.isExtendedId`, isExtendedId);
  return extended === undefined ? undefined : checkBoolean(`${name}.extended`, extended);
}

function isStandardOnly(canId: number, canMask: number): boolean {
  return (canMask & CAN_EFF_FLAG) !== 0 && (canId & CAN_EFF_FLAG) === 0;
}

/**
 * Checks that two filters of a joined list do not exclude each other.
 *
 * @throws {RangeError} They do: no frame passes both.
 */
function checkJoined(filters: readonly RawFilter[]): void {
  const conditions = filters.map(conditionOf);
  const positive = conditions.flatMap((condition, i) => condition.inverted ? [] : [i]);
  for (const i of positive) {
    for (let j = 0; j < conditions.length; j++) {
      if (i === j || !excludes(conditions[i], conditions[j])) continue;
      const [first, second] = [Math.min(i, j), Math.max(i, j)];
      throw new RangeError(
        `filters[${second}] excludes all that filters[${first}] passes: with joinFilters, no frame can pass both`,
      );
    }
  }
}

/** What a filter compares, with the bits that follow from others. */
interface Condition {
  readonly canId: number;
  readonly canMask: number;
  readonly inverted: boolean;
}

function conditionOf({ canId, canMask }: RawFilter): Condition {
  const inverted = (canId & CAN_INV_FILTER) !== 0;
  if (isStandardOnly(canId, canMask)) canMask &= CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG;
  canId &= canMask;
  // Only extended frames have these bits.
  if (!inverted && canId & extendedBits) {
    return { canId: canId | CAN_EFF_FLAG, canMask: canMask | CAN_EFF_FLAG, inverted };
  }
  return { canId, canMask, inverted };
}

/** Whether no frame that fulfils a condition, which is not inverted, fulfils another. */
function excludes(one: Condition, other: Condition): boolean {
  const differ = (one.canId ^ other.canId) & one.canMask & other.canMask;
  if (!other.inverted) return differ !== 0;
  return differ === 0 && (other.canMask & ~one.canMask) === 0;
}

function checkWord(name: string, value: unknown): number {
  const limit =
    "0x1fffffff, and 0x80000000 for extended and 0x40000000 for remote frames (with >>> 0 after bit operators)";
  const word = checkWhole(name, value, 0, most, limit);
  // Bit 29 of canId means "inverted", that of canMask "error frames": the options `inverted` and `errorMask` set them.
  if (word & CAN_INV_FILTER) throw new RangeError(`${name} is ${word}: it must be a whole number from 0 to ${limit}`);
  return word;
}
