/**
 * The orders of rows.
 *
 * @module
 */

import type { Row } from "../../live/row.ts";

/** What rows can be sorted by. */
export const sortKeys = ["bus", "id", "count", "period", "jitter", "changed", "name"] as const;

/** One of `sortKeys`. */
export type SortKey = (typeof sortKeys)[number];

type Compare = (one: Row, other: Row) => number;

const byText = (one: string, other: string) => one < other ? -1 : Number(one > other);
/** Extended identifiers after standard ones. */
const byId: Compare = (one, other) => one.id.length - other.id.length || byText(one.id, other.id);
const byBus: Compare = (one, other) => byText(one.channel, other.channel) || byId(one, other);
/** What has no value comes last. */
const byNumber = (one: number, other: number) =>
  Number.isNaN(one) ? Number(!Number.isNaN(other)) : Number.isNaN(other) ? -1 : one < other ? -1 : Number(one > other);

const orders: Readonly<Record<SortKey, Compare>> = {
  bus: byBus,
  id: byId,
  count: (one, other) => other.count - one.count,
  period: (one, other) => byNumber(one.intervals.period, other.intervals.period),
  jitter: (one, other) => byNumber(-one.intervals.jitter, -other.intervals.jitter),
  changed: (one, other) => byNumber(-one.newAt, -other.newAt),
  name: (one, other) =>
    Number(one.name === null) - Number(other.name === null) || byText(one.name ?? "", other.name ?? ""),
};

/** Returns a function that compares rows. Those that are alike keep the order of buses and identifiers. */
export function compareBy(key: SortKey, reversed: boolean): Compare {
  const compare = orders[key];
  const sign = reversed ? -1 : 1;
  return (one, other) => sign * compare(one, other) || byBus(one, other);
}
