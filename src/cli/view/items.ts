/**
 * The lines of a row: itself, and what is below it when it is unfolded.
 *
 * @module
 */

import type { LiveSignal, Row } from "../../live/row.ts";

/** The number of bytes in a line below a row. */
export const BYTES = 16;

/** A line that is shown. */
export interface Item {
  /** Distinguishes the line from all others. */
  readonly key: string;
  readonly row: Row;
  /** A signal of the row, or bytes of its data from one on; null for the row itself. */
  readonly detail: { readonly signal: LiveSignal } | { readonly from: number } | null;
}

/** Returns the lines of a row. Without signals, those below it show all bytes. */
export function itemsOf(row: Row, unfolded: boolean): Item[] {
  const item: Item = { key: row.key, row, detail: null };
  if (!unfolded) return [item];
  const details: Item["detail"][] = [...row.signals.values()].map((signal) => ({ signal }));
  if (details.length === 0 || row.data.length > 8) {
    for (let from = 0; from < row.data.length; from += BYTES) details.push({ from });
  }
  const name = (detail: Item["detail"]) => detail && ("signal" in detail ? detail.signal.name : `+${detail.from}`);
  return [item, ...details.map((detail): Item => ({ key: `${row.key} ${name(detail)}`, row, detail }))];
}
