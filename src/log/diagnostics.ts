/**
 * Diagnostics: what could not be read.
 *
 * @module
 */

/**
 * A part of a log that could not be read, or that is doubtful.
 *
 * @category Logs
 */
export interface LogDiagnostic {
  /** What is wrong, including the offending value. */
  readonly reason: string;
  /** The line in a text format, counted from 1; null in a binary format. */
  readonly line: number | null;
  /** The column in that line, counted in bytes from 1; null in a binary format. */
  readonly column: number | null;
  /** The offset in a binary file, in bytes from its beginning (after gunzip); null in a text format. */
  readonly offset: number | null;
}

/** A position in a text file or in a binary file. */
export type Place = { readonly line: number; readonly column: number } | { readonly offset: number };

/** The largest number of diagnostics kept, so that a hostile file cannot fill the memory. */
const MOST = 1000;

/** The longest reason kept, in characters: it may quote a value of a megabyte. */
const LONGEST = 300;

/** Shortens a reason, without keeping the memory of all of it, to which a part of a string refers. */
function shortened(reason: string): string {
  return reason.length <= LONGEST ? reason : `${Array.from(reason.slice(0, LONGEST)).join("")}…`;
}

/** Collects diagnostics or, in strict mode, throws the first one. */
export class Diagnostics {
  /** The first 1000 diagnostics. */
  readonly list: LogDiagnostic[] = [];
  /** The number of diagnostics, including those not kept. */
  count = 0;
  readonly #strict: boolean;
  readonly #title: string;

  /** @param title What is being read, for error messages. */
  constructor(title: string, strict: boolean) {
    this.#title = title;
    this.#strict = strict;
  }

  /**
   * Records that something could not be read.
   *
   * @throws {SyntaxError} In strict mode, with the position and the reason.
   */
  add(reason: string, place: Place): void {
    if (this.#strict) {
      this.count++;
      const where = "offset" in place ? `byte ${place.offset}` : `line ${place.line}, column ${place.column}`;
      throw new SyntaxError(`Cannot read ${this.#title}, ${where}: ${shortened(reason)}`);
    }
    this.doubt(reason, place);
  }

  /** Records that something was read, but may not be what was meant. */
  doubt(reason: string, place: Place): void {
    this.count++;
    if (this.list.length >= MOST) return;
    const short = shortened(reason);
    if ("offset" in place) this.list.push({ reason: short, line: null, column: null, offset: place.offset });
    else this.list.push({ reason: short, line: place.line, column: place.column, offset: null });
  }
}
