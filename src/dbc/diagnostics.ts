/**
 * Diagnostics: what of a database could not be read.
 *
 * @module
 */

/**
 * A part of a database file that was skipped, or that is doubtful.
 *
 * @category Databases
 */
export interface DatabaseDiagnostic {
  /** What is wrong, including the offending value, and what was made of it. */
  readonly reason: string;
  /** The line, counted from 1. */
  readonly line: number;
  /** The column in that line, counted in characters from 1. */
  readonly column: number;
}

/** The largest number of diagnostics kept, so that a hostile file cannot fill the memory. */
const MOST = 1000;

/** A part of a file that does not say what it must: it is skipped. */
export class Fault extends Error {}

/** Collects what could not be read of a text or, in strict mode, throws the first of it. */
export class Diagnostics {
  /** The offsets of the lines' first characters. Made when the first diagnostic asks for a line. */
  #lines: number[] | null = null;
  readonly #text: string;
  /** Whether the first one is thrown. */
  readonly #isStrict: boolean;
  readonly #list: DatabaseDiagnostic[] = [];

  constructor(text: string, isStrict: boolean) {
    this.#text = text;
    this.#isStrict = isStrict;
  }

  /** The first 1000, in the order of the file. */
  get list(): readonly DatabaseDiagnostic[] {
    return this.#list.toSorted((one, other) => one.line - other.line || one.column - other.column);
  }

  /**
   * Records that something could not be read.
   *
   * @param offset Where it is in the text.
   * @throws {SyntaxError} In strict mode, with the position and the reason.
   */
  add(reason: string, offset: number): void {
    if (this.#isStrict) throw this.#error(reason, offset);
    if (this.#list.length < MOST) this.#list.push({ reason, ...this.#placeOf(offset) });
  }

  /**
   * Returns what is read of a part; null, with a diagnostic, if it has a fault.
   *
   * @param what The part, which is then skipped: "the line".
   * @param offset Where it is in the text.
   * @throws {SyntaxError} In strict mode, at a fault.
   */
  attempt<T>(what: string, offset: number, read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.add(`${error.message}: ${what} is skipped`, offset);
      return null;
    }
  }

  #error(reason: string, offset: number): SyntaxError {
    const { line, column } = this.#placeOf(offset);
    return new SyntaxError(`Cannot read the database, line ${line}, column ${column}: ${reason}`);
  }

  #placeOf(offset: number): { readonly line: number; readonly column: number } {
    this.#lines ??= [0, ...Array.from(this.#text.matchAll(/\r\n|\r|\n/g), (found) => found.index + found[0].length)];
    let [low, high] = [0, this.#lines.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lines[middle] <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - this.#lines[low] + 1 };
  }
}
