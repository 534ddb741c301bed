/**
 * What the screen shows of the table: order, filter, place, and which rows are unfolded.
 *
 * @module
 */

import type { Row } from "../../live/row.ts";
import type { LiveTable } from "../../live/table.ts";
import type { Message } from "../../message/message.ts";
import { type Item, itemsOf } from "./items.ts";
import { compareBy, type SortKey } from "./sort.ts";

/** A question in the last line, and what becomes of the answer. */
export interface Prompt {
  readonly label: string;
  text: string;
  /** Called with each change, for a search that follows. */
  readonly changed?: (text: string) => void;
  /** Called with the answer. */
  readonly done: (text: string) => void | Promise<void>;
}

/** A filter: the expression, and whether a message passes it. */
export interface Filter {
  readonly expression: string;
  readonly passes: (message: Message) => boolean;
}

/** The state of the screen. */
export class View {
  sort: SortKey = "bus";
  reversed = false;
  filter: Filter | null = null;
  search = "";
  /** Whether muted rows are shown too. */
  showMuted = false;
  /** Whether only rows are shown with changes that are not known. */
  onlyNews = false;
  /** The keys of the unfolded rows; with `allUnfolded` of the folded ones. */
  readonly exceptions: Set<string> = new Set();
  allUnfolded = false;
  /** The key of the selected line; null for none. */
  selected: string | null = null;
  /** The number of lines above the screen. */
  top = 0;
  prompt: Prompt | null = null;
  showHelp = false;
  /** What is said in the last line until the next key. */
  notice: { readonly text: string; readonly isError: boolean } | null = null;
  /** Whether messages pass the filter, of those that have been asked for. */
  #passed = new WeakMap<Message, boolean>();

  isUnfolded(row: Row): boolean {
    return this.allUnfolded !== this.exceptions.has(row.key);
  }

  setFilter(filter: Filter | null): void {
    this.filter = filter;
    this.#passed = new WeakMap();
  }

  /** Returns the rows that are shown, in order. */
  rowsOf(table: LiveTable): Row[] {
    return table.rows.filter((row) => this.#shows(row)).sort(compareBy(this.sort, this.reversed));
  }

  /** Returns the lines of rows, without regard to the size of the screen. */
  linesOf(rows: readonly Row[]): Item[] {
    return rows.flatMap((row) => itemsOf(row, this.isUnfolded(row)));
  }

  #shows(row: Row): boolean {
    if (row.known.muted && !this.showMuted) return false;
    if (this.onlyNews && !row.hasNews) return false;
    return this.filter === null || this.#passes(row.message, this.filter);
  }

  #passes(message: Message, { passes }: Filter): boolean {
    let passed = this.#passed.get(message);
    if (passed === undefined) this.#passed.set(message, passed = passes(message));
    return passed;
  }
}
