/**
 * What is known of the rows of a live table, and so needs no attention: whole rows, and bits that keep changing.
 *
 * As text it has a line for each: the interface, the identifier, and `muted` or the known bits in hexadecimal digits.
 *
 *     can0 123 muted
 *     can0 7E8 00FF00000000000F
 *
 * @module
 */

import { bytesText } from "../message/hex.ts";

/** What is known of a row. */
export interface Known {
  /** Whether the row is hidden. */
  muted: boolean;
  /** The bits whose changes are known; a byte that is not there has none. */
  bits: Uint8Array;
}

/** What is known of all rows, by their keys, also of those that have not been seen yet. */
export class KnownRows {
  readonly #rows = new Map<string, Known>();

  /** Returns what is known of a row, which can be changed. */
  of(key: string): Known {
    let known = this.#rows.get(key);
    if (known === undefined) this.#rows.set(key, known = { muted: false, bits: new Uint8Array() });
    return known;
  }

  /** Marks bits of a row as known. */
  addBits(key: string, bits: Uint8Array): void {
    const known = this.of(key);
    const all = new Uint8Array(Math.max(known.bits.length, bits.length));
    for (let i = 0; i < all.length; i++) all[i] = (known.bits[i] ?? 0) | (bits[i] ?? 0);
    known.bits = all;
  }

  /** Drops the rows of which nothing is known. */
  prune(): void {
    for (const [key, { muted, bits }] of this.#rows) if (!muted && bits.length === 0) this.#rows.delete(key);
  }

  /** Forgets all bits, of one row or of all rows. */
  forgetBits(key?: string): void {
    for (const [each, known] of this.#rows) if (key === undefined || key === each) known.bits = new Uint8Array();
  }

  /**
   * Adds what a text says.
   *
   * @returns The number of lines that were taken.
   * @throws {SyntaxError} A line is wrong; nothing was added.
   */
  addText(text: string): number {
    const lines = text.split(/\r?\n/).flatMap((line, i) => {
      if (/^\s*(#|$)/.test(line)) return [];
      const match = /^\s*(\S+)\s+([A-Z]?[0-9A-F]+)\s+(?:(muted)|((?:[0-9A-F]{2})+))\s*$/i.exec(line);
      if (match === null) {
        throw new SyntaxError(
          `line ${i + 1} is ${
            JSON.stringify(line)
          }: write an interface, an identifier, and "muted" or the known bits ` +
            "in hexadecimal digits, as in can0 123 00FF",
        );
      }
      return [match];
    });
    for (const [, channel, id, muted, digits] of lines) {
      const key = `${channel} ${id.toUpperCase()}`;
      if (muted) this.of(key).muted = true;
      else this.addBits(key, Uint8Array.from(digits.match(/../g)!, (byte) => Number.parseInt(byte, 16)));
    }
    return lines.length;
  }

  /** The text. */
  toString(): string {
    const lines = [...this.#rows].sort(([one], [other]) => one < other ? -1 : 1).flatMap(([key, { muted, bits }]) => [
      ...muted ? [`${key} muted`] : [],
      ...bits.some((byte) => byte !== 0) ? [`${key} ${bytesText(bits)}`] : [],
    ]);
    return `# What is known: rows that are hidden, and bits that keep changing.\n${
      lines.map((line) => `${line}\n`).join("")
    }`;
  }
}
