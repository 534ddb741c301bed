/**
 * A live table of buses: a row for each identifier on each of them, with its last data and what has changed in it.
 *
 * @module
 */

import type { DecodedMessage } from "../dbc/decode.ts";
import { hexText, identifierText } from "../message/hex.ts";
import { droppedBefore } from "../message/losses.ts";
import type { Message } from "../message/message.ts";
import { KnownRows } from "./known.ts";
import { Row } from "./row.ts";

/** The number of rows from which on no new ones are made: random identifiers would fill the memory. */
const MOST = 5000;

/** How a table is made. */
export interface LiveTableOptions {
  /** What a message says; null for nothing. Default: nothing. */
  readonly decode?: (message: Message) => DecodedMessage | null;
  /** What is known of rows. Default: nothing. */
  readonly known?: KnownRows;
}

/** A table. All times are seconds of one clock, whichever the caller takes. */
export class LiveTable {
  readonly known: KnownRows;
  readonly #decode: (message: Message) => DecodedMessage | null;
  /** The rows, by the numbers of their identifiers, of each interface. */
  readonly #byChannel = new Map<string, Map<number, Row>>();
  readonly #rows: Row[] = [];
  /** The number of frames for which there was no room. */
  overflow = 0;
  /** The number of frames that were added. */
  frames = 0;
  /** The number of frames that the kernel dropped, because they were not read in time. */
  dropped = 0;

  constructor({ decode = () => null, known = new KnownRows() }: LiveTableOptions = {}) {
    this.#decode = decode;
    this.known = known;
  }

  /** The rows, in the order in which they came. */
  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Takes a message that came at a time. Returns its row; null if there is no room for it. */
  add(message: Message, now: number): Row | null {
    this.frames++;
    this.dropped += droppedBefore(message);
    const channel = message.channel ?? "";
    let row = this.#byChannel.get(channel)?.get(numberOf(message));
    if (row === undefined) {
      if (this.#rows.length >= MOST) {
        this.overflow++;
        return null;
      }
      const id = idOf(message);
      row = new Row(channel, id, message, this.known.of(`${channel} ${id}`), now);
      this.#insert(row);
    }
    row.add(message, this.#decode, now);
    return row;
  }

  #insert(row: Row): void {
    let rows = this.#byChannel.get(row.channel);
    if (rows === undefined) this.#byChannel.set(row.channel, rows = new Map());
    rows.set(numberOf(row.message), row);
    this.#rows.push(row);
  }

  /** Removes all rows. What is known of them stays. */
  clear(): void {
    this.#byChannel.clear();
    this.#rows.length = 0;
    this.known.prune();
    this.reset();
  }

  /** Counts from 0 again: frames, intervals and changes of all rows. */
  reset(): void {
    for (const row of this.#rows) row.reset();
    this.overflow = this.frames = this.dropped = 0;
  }

  /** Takes all bits that have changed so far, of one row or of all, as known. */
  accept(rows: Iterable<Row> = this.#rows): void {
    for (const row of rows) {
      this.known.addBits(row.key, row.changed);
      row.changedAt.fill(-Infinity);
      row.newAt = -Infinity;
      for (const signal of row.signals.values()) signal.changedAt = -Infinity;
    }
  }

  /** Returns a copy that later messages do not change. What is known is shared. */
  copy(): LiveTable {
    const copy = new LiveTable({ decode: this.#decode, known: this.known });
    for (const row of this.#rows) copy.#insert(row.copy());
    [copy.frames, copy.overflow, copy.dropped] = [this.frames, this.overflow, this.dropped];
    return copy;
  }
}

/** A number for what distinguishes the rows of an interface. */
function numberOf({ arbitrationId, isExtendedId, isRemoteFrame, isErrorFrame, isXl, vcid }: Message): number {
  const kind = Number(isExtendedId) + 2 * Number(isRemoteFrame) + 4 * Number(isErrorFrame) + 8 * Number(isXl);
  return arbitrationId + 2 ** 32 * (kind + 16 * vcid);
}

/** The text of what distinguishes the rows of an interface. */
export function idOf(message: Message): string {
  const { arbitrationId, isExtendedId, isErrorFrame, isRemoteFrame, isXl } = message;
  if (isXl) return `X${hexText(message.vcid, 2)}${hexText(message.priority, 3)}`;
  if (isErrorFrame) return `E${hexText(arbitrationId, 3)}`;
  return `${isRemoteFrame ? "R" : ""}${identifierText(arbitrationId, isExtendedId)}`;
}
