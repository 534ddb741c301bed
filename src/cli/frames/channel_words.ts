/**
 * An interface with filters, as candump takes it: `can0,123:7FF,400~700,#1FFF,j`.
 *
 * @module
 */

import { CAN_EFF_FLAG, CAN_ERR_FLAG, CAN_ERR_MASK } from "../../kernel/can.ts";
import type { CanFilter } from "../../message/filter.ts";
import { UsageError } from "../command/usage_error.ts";

/** An interface and what to receive from it. */
export interface ChannelWords {
  /** The interface; "" for every one. */
  readonly channel: string;
  readonly filters: readonly CanFilter[] | null;
  readonly joinFilters: boolean;
  /** The classes of error frames; null if none were given. */
  readonly errorMask: number | null;
}

/**
 * Returns what a word selects.
 *
 * @throws {UsageError} A filter is none.
 */
export function parseChannelWords(word: string): ChannelWords {
  const [name, ...parts] = word.split(",");
  if (name === "") throw new UsageError(`"${word}" names no interface: begin with one, such as can0, or with "any"`);
  const filters: CanFilter[] = [];
  let joinFilters = false;
  let errorMask: number | null = null;
  for (const part of parts) {
    if (/^j$/i.test(part)) joinFilters = true;
    else if (part.startsWith("#")) errorMask = hex(part.slice(1), part, word) & CAN_ERR_MASK;
    else filters.push(parseFilter(part, word));
  }
  return { channel: name === "any" ? "" : name, filters: filters.length > 0 ? filters : null, joinFilters, errorMask };
}

/**
 * Returns the filter that a text stands for: `123:7FF`, `123~7FF` for all others, or an identifier alone.
 *
 * @throws {UsageError} It stands for none.
 */
export function parseFilter(text: string, word = text): CanFilter {
  const [, id, separator, mask] = /^([^:~]*)(?:([:~])(.*))?$/.exec(text)!;
  // As in candump, eight digits are an extended identifier.
  const extended = id.length === 8 ? CAN_EFF_FLAG : 0;
  const canId = (hex(id, text, word) & ~CAN_ERR_FLAG | extended) >>> 0;
  if (separator === undefined) {
    return extended !== 0
      ? { canId: canId & ~CAN_EFF_FLAG, canMask: 0x1fffffff, isExtendedId: true }
      : { canId, canMask: 0x7ff, isExtendedId: false };
  }
  const canMask = (hex(mask, text, word) & ~CAN_ERR_FLAG) >>> 0;
  return { canId, canMask, ...separator === "~" && { inverted: true } };
}

function hex(digits: string, part: string, word: string): number {
  if (!/^(0x)?[0-9a-f]{1,8}$/i.test(digits)) {
    throw new UsageError(
      `"${part}" in "${word}" is no filter: write ID:MASK, ID~MASK, ID, #ERRORMASK or j, in hexadecimal digits`,
    );
  }
  return Number.parseInt(digits, 16);
}
