/**
 * Finds messages by name, identifier and PGN.
 *
 * @module
 */

import { MessageDecoder } from "./decode.ts";
import { type J1939Parts, j1939PartsOf } from "./identifier.ts";
import type { DatabaseMessage } from "./model.ts";

/** A message of a database, with what decodes it: made when it is first asked for. */
export class Entry {
  readonly message: DatabaseMessage;
  #decoder: MessageDecoder | null = null;

  constructor(message: DatabaseMessage) {
    this.message = message;
  }

  get decoder(): MessageDecoder {
    return this.#decoder ??= new MessageDecoder(this.message);
  }
}

/** A source that J1939 databases give where they mean any: the address of a node without one. */
const ANY_SOURCE = 254;
const ANY_DESTINATION = 255;

/** The messages of a database. Of those that share a name or an identifier, the first one is found. */
export class Lookup {
  readonly #byName = new Map<string, Entry>();
  readonly #standard = new Map<number, Entry>();
  readonly #extended = new Map<number, Entry>();
  /** Those of J1939, with what their identifiers say. */
  readonly #byPgn = new Map<number, { readonly entry: Entry; readonly own: J1939Parts }[]>();

  constructor(messages: readonly DatabaseMessage[]) {
    for (const message of messages) {
      const entry = new Entry(message);
      addFirst(this.#byName, message.name, entry);
      addFirst(message.isExtendedId ? this.#extended : this.#standard, message.frameId, entry);
      if (!message.isJ1939) continue;
      const own = j1939PartsOf(message.frameId);
      const same = this.#byPgn.get(own.pgn);
      if (same) same.push({ entry, own });
      else this.#byPgn.set(own.pgn, [{ entry, own }]);
    }
  }

  byName(name: string): Entry | undefined {
    return this.#byName.get(name);
  }

  /** The message with exactly this identifier; else the J1939 message with its PGN. */
  byId(frameId: number, isExtendedId: boolean): Entry | undefined {
    if (!isExtendedId) return this.#standard.get(frameId);
    const exact = this.#extended.get(frameId);
    if (exact !== undefined || this.#byPgn.size === 0) return exact;
    return this.byPgn(j1939PartsOf(frameId));
  }

  /**
   * The J1939 message with this PGN. Of several, the one of this source and destination, or else one of any; a message for one
   * other source is still better than none, for its signals are the PGN's.
   */
  byPgn({ pgn, source, destination }: Omit<J1939Parts, "priority">): Entry | undefined {
    const same = this.#byPgn.get(pgn);
    if (same === undefined || same.length === 1) return same?.[0].entry;
    const fitOf = ({ own }: { readonly own: J1939Parts }) =>
      3 * fit(own.source, source, ANY_SOURCE) + fit(own.destination, destination, ANY_DESTINATION);
    return same.reduce((best, each) => fitOf(each) > fitOf(best) ? each : best).entry;
  }
}

function fit(own: number, wanted: number, any: number): number {
  if (own === wanted) return 2;
  return own === any ? 1 : 0;
}

function addFirst<Key>(map: Map<Key, Entry>, key: Key, entry: Entry): void {
  if (!map.has(key)) map.set(key, entry);
}
