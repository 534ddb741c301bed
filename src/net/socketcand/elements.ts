/**
 * The elements of socketcand's protocol: `< open can0 >`.
 *
 * @module
 */

/** Splits text, as it arrives, into elements. Anything between elements is ignored, as socketcand ignores it. */
export class Elements {
  readonly #limit: number;
  #text = "";
  #at = 0;

  /** @param limit The longest element, in characters. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds text that has arrived. */
  add(bytes: Uint8Array): void {
    this.#text = this.#text.slice(this.#at) + latin1(bytes);
    this.#at = 0;
  }

  /**
   * Returns the words of the next element; null if it has not arrived as a whole.
   *
   * @throws {SyntaxError} The element is longer than any may be.
   */
  next(): string[] | null {
    const start = this.#text.indexOf("<", this.#at);
    if (start < 0) {
      this.#at = this.#text.length;
      return null;
    }
    this.#at = start;
    const end = this.#text.indexOf(">", start);
    if ((end < 0 ? this.#text.length : end) - start > this.#limit) {
      throw new SyntaxError(`an element of more than ${this.#limit} characters`);
    }
    if (end < 0) return null;
    this.#at = end + 1;
    return wordsIn(this.#text, start + 1, end);
  }
}

/** Splits part of a text at its blanks. Twice as fast as a regular expression. */
function wordsIn(text: string, from: number, to: number): string[] {
  const words: string[] = [];
  let start = -1;
  for (let i = from; i <= to; i++) {
    const blank = i === to || text.charCodeAt(i) <= 32;
    if (blank && start >= 0) {
      words.push(text.slice(start, i));
      start = -1;
    } else if (!blank && start < 0) start = i;
  }
  return words;
}

const decoder = new TextDecoder("latin1");

function latin1(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
