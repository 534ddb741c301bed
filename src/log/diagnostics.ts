/**
 * What could not be read.
 *
 * @module
 */

/**
 * Something in a log that could not be read, or is doubtful.
 *
 * @category Logs
 */
export interface LogDiagnostic {
  /** What is wrong, with the value. */
  readonly reason: string;
  /** Where in a text, counted from 1; null in a binary format. */
  readonly line: number | null;
  /** The column of that line, counted in bytes from 1; null in a binary format. */
  readonly column: number | null;
  /** Where in a binary file, in bytes from its beginning (decompressed); null in a text. */
  readonly offset: number | null;
}

/** Where something is: in a text, or in a binary file. */
export type Place = { readonly line: number; readonly column: number } | { readonly offset: number };

/** How many are kept: a hostile file must not fill the memory. */
const MOST = 1000;

/** Collects diagnostics, or throws the first. */
export class Diagnostics {
  /** The first thousand. */
  readonly list: LogDiagnostic[] = [];
  /** How many there were in all. */
  count = 0;
  readonly #strict: boolean;
  readonly #title: string;

  /** @param title What is read, for an error's text. */
  constructor(title: string, strict: boolean) {
    this.#title = title;
    this.#strict = strict;
  }

  /**
   * Notes that something could not be read.
   *
   * @throws {SyntaxError} In strict mode, with the place and the same words.
   */
  add(reason: string, place: Place): void {
    this.count++;
    const text = "offset" in place
      ? { line: null, column: null, offset: place.offset }
      : { line: place.line, column: place.column, offset: null };
    if (this.#strict) {
      const where = "offset" in place ? `byte ${place.offset}` : `line ${place.line}, column ${place.column}`;
      throw new SyntaxError(`Cannot read ${this.#title}, ${where}: ${reason}`);
    }
    if (this.list.length < MOST) this.list.push({ reason, ...text });
  }
}
