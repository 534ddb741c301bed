/**
 * Comparing two readings of a link.
 *
 * @module
 */

/** Whether two values are deeply equal: plain values, and objects, arrays and Maps of them. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const entries = one instanceof Map ? [...one] : Object.entries(one);
  const others = other instanceof Map ? other : new Map(Object.entries(other));
  return entries.length === others.size && entries.every(([key, value]) => isEqual(value, others.get(key)));
}
