/**
 * Comparing what was read of a link with what was read before.
 *
 * @module
 */

/** Whether two values are equal, with all that they contain: objects, arrays and Maps of plain values. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const entries = one instanceof Map ? [...one] : Object.entries(one);
  const others = other instanceof Map ? other : new Map(Object.entries(other));
  return entries.length === others.size && entries.every(([key, value]) => same(value, others.get(key)));
}
