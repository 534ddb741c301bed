/**
 * The table of a recording at some of its places, from which that at any place is made.
 *
 * @module
 */

import type { Row } from "../live/row.ts";
import type { Message } from "../message/message.ts";
import { TickingTable } from "./table.ts";

/** The most checkpoints, and rows in them; with more every second one is dropped, and further ones are twice as far apart. */
const MOST = 128;
const ROWS = 100_000;

/** A table, and the number of the first frame that is not in it. */
interface Checkpoint {
  readonly index: number;
  readonly table: TickingTable;
}

/** Tables of a recording, from its beginning to where it has been read. */
export class Checkpoints {
  readonly #table = new TickingTable();
  #list: Checkpoint[] = [{ index: 0, table: new TickingTable() }];
  #distance = 1 << 16;

  /** Takes the next frame, with its number. */
  add(message: Message, index: number): void {
    if (index > 0 && index % this.#distance === 0) {
      this.#list.push({ index, table: this.#table.copy() });
      if (this.#list.length > MOST || this.#list.reduce((sum, { table }) => sum + table.rows.length, 0) > ROWS) {
        this.#distance *= 2;
        this.#list = this.#list.filter(({ index }) => index % this.#distance === 0);
      }
    }
    this.#table.add(message);
  }

  /** Returns the last checkpoint that is not after a frame. The table is a copy. */
  before(index: number): Checkpoint {
    const found = this.#list.findLast((each) => each.index <= index)!;
    return { index: found.index, table: found.table.copy() };
  }

  /** Returns a row of what has been read so far, by its key. */
  rowNamed(key: string): Row | undefined {
    return this.#table.rows.find((row) => row.key === key);
  }
}
