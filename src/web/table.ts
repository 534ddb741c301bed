/**
 * The table of a source, and what has changed in it from one tick to the next.
 *
 * @module
 */

import type { Row } from "../live/row.ts";
import { LiveTable } from "../live/table.ts";
import type { Message } from "../message/message.ts";

/** A row that has come since the last tick, and the bits that have changed in it since then, if any did. */
export interface Touched {
  readonly row: Row;
  readonly number: number;
  readonly changed: Uint8Array | null;
}

/** A table whose clock is the number of the tick. */
export class TickingTable {
  readonly #table: LiveTable;
  #tick = 1;

  constructor(table: LiveTable = new LiveTable()) {
    this.#table = table;
  }

  get rows(): readonly Row[] {
    return this.#table.rows;
  }

  /** Frames for which there was no room. */
  get beyond(): number {
    return this.#table.overflow;
  }

  /** Takes a message. Returns its row; null if there is no room for it. */
  add(message: Message): Row | null {
    return this.#table.add(message, this.#tick);
  }

  /** Returns the rows that messages have come for since the last call. */
  take(): Touched[] {
    const touched: Touched[] = [];
    for (const [number, row] of this.#table.rows.entries()) {
      if (row.seenAt !== this.#tick) continue;
      const changed = row.changed.some((byte) => byte !== 0) ? row.changed.slice() : null;
      if (changed) row.changed.fill(0);
      touched.push({ row, number, changed });
    }
    this.#tick++;
    return touched;
  }

  /** Returns a copy that later messages do not change. */
  copy(): TickingTable {
    const copy = new TickingTable(this.#table.copy());
    copy.#tick = this.#tick;
    return copy;
  }
}
