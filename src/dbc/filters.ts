/**
 * Filters for the messages of a database.
 *
 * @module
 */

import type { CanFilter } from "../message/filter.ts";
import { pgnMask } from "./identifier.ts";
import type { DatabaseMessage } from "./model.ts";

/** Returns the filters that pass some messages and no others; those of J1939 from any source to any destination. */
export function filtersOf(messages: readonly DatabaseMessage[]): CanFilter[] {
  const filters = messages.map(({ frameId, isExtendedId, isJ1939 }): CanFilter => {
    const canMask = isJ1939 ? pgnMask(frameId) : isExtendedId ? 0x1fff_ffff : 0x7ff;
    return { canId: frameId & canMask, canMask, isExtendedId };
  });
  const keyOf = ({ canId, canMask, isExtendedId }: CanFilter) => `${canId} ${canMask} ${isExtendedId}`;
  return [...new Map(filters.map((filter) => [keyOf(filter), filter])).values()];
}
