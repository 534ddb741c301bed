/**
 * A DBC's text as words, numbers, quoted texts and marks.
 *
 * @module
 */

/** "open" is a text without a closing quote; it reaches to the end of the file. */
type TokenKind = "word" | "number" | "text" | "open" | "mark" | "end";

const space = /\s*/y;
/** Not in Vector's grammar, but in the files of others. */
const comment = /\/\/[^\r\n]*/y;
const number = /(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w\u0080-\uffff])/y;
const lineEnd = /\r\n?|\n/g;
const lineBegin = /[ \t]*(\w*)/y;
/** Backslashes before a quote, or at the end of a text. */
const escapes = /(?<!\\)(\\+)("|$)/g;

const QUOTE = 0x22;
const POINT = 0x2e;
const SLASH = 0x2f;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Vector's tools write ASCII names; other letters, and digits in front, are taken as they are. */
function isOfWord(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || isDigit(code) || code === 0x5f ||
    code >= 0x80;
}

/** A part of a text that does not follow the grammar: the statement is skipped. */
export class Fault extends Error {
  /** Where in the text it is. */
  readonly at: number;

  constructor(reason: string, at: number) {
    super(reason);
    this.at = at;
  }
}

/** A cursor over the tokens. A sign is a mark of its own: in `8-10` it stands between two numbers. */
export class Tokens {
  /** The present token: what it is, its text without quotes, and where it begins. */
  kind: TokenKind = "mark";
  text = "";
  at = 0;
  readonly #source: string;
  /** Where the token before ends. */
  #before = 0;
  /** Where the next token, or the space before it, begins. */
  #next = 0;

  constructor(source: string) {
    this.#source = source;
    this.advance();
  }

  /** Whether the present token is the first one of its line. */
  get isFirst(): boolean {
    return this.#before === 0 || /[\r\n]/.test(this.#source.slice(this.#before, this.at));
  }

  /** Whether nothing more is in the line of the token before. */
  get isLineEnd(): boolean {
    return this.isFirst || this.kind === "end";
  }

  /** Goes on to the next token. Looks at characters, which is several times faster than to try patterns. */
  advance(): void {
    const source = this.#source;
    this.#before = this.#next;
    let at = this.#spaceEnd(this.#next);
    for (let end; source.charCodeAt(at) === SLASH && (end = this.#match(comment, at)) > at;) at = this.#spaceEnd(end);
    this.at = at;
    if (at === source.length) return this.#take("end", at);
    const first = source.charCodeAt(at);
    if (first === QUOTE) return this.#takeText();
    const numberEnd = isDigit(first) || first === POINT ? this.#match(number, at) : at;
    if (numberEnd > at) return this.#take("number", numberEnd);
    let end = at;
    while (isOfWord(source.charCodeAt(end))) end++;
    this.#take(end > at ? "word" : "mark", Math.max(end, at + 1));
  }

  /** Goes on to the first line after the one of `at` that begins with one of some words; to the end, if there is none. */
  skipToLine(at: number, words: { has(word: string): boolean }): void {
    this.#next = this.#source.length;
    for (let line = this.#lineAfter(at); line < this.#source.length; line = this.#lineAfter(line)) {
      lineBegin.lastIndex = line;
      if (!words.has(lineBegin.exec(this.#source)![1])) continue;
      this.#next = line - 1; // with the line's end, so that the token is the first one
      break;
    }
    this.advance();
  }

  /** Goes back to a token that begins at `at`. */
  returnTo(at: number): void {
    this.#next = at;
    this.advance();
  }

  /** Whether the present token is a mark. */
  isMark(mark: string): boolean {
    return this.kind === "mark" && this.text === mark;
  }

  /** Whether the present token is a word. */
  isWord(text: string): boolean {
    return this.kind === "word" && this.text === text;
  }

  /** Goes past a mark if the present token is that. Returns whether it is. */
  skip(mark: string): boolean {
    const found = this.isMark(mark);
    if (found) this.advance();
    return found;
  }

  /** Goes past a mark, which must be there. */
  mark(mark: string): void {
    if (!this.skip(mark)) throw this.unexpected(`"${mark}"`);
  }

  /** Returns a name and goes past it. */
  name(what: string): string {
    if (this.kind !== "word") throw this.unexpected(what);
    return this.#pass();
  }

  /** Returns a quoted text and goes past it. */
  quoted(what: string): string {
    if (this.kind !== "text") throw this.unexpected(what);
    return this.#pass();
  }

  /** Returns the text of a number with its sign, in decimal, and goes past it. */
  digits(what: string): string {
    const sign = this.#isNegative() ? "-" : "";
    const { text } = this;
    this.#magnitude(what);
    return sign + (/^0[xX]/.test(text) ? BigInt(text) : text);
  }

  /** Returns a number and goes past it. */
  number(what: string): number {
    const isNegative = this.#isNegative();
    const magnitude = this.#magnitude(what);
    return isNegative ? 0 - magnitude : magnitude; // never -0
  }

  /** Returns a whole number from 0 to a limit, and goes past it. */
  whole(what: string, most: number): number {
    const { at } = this;
    const value = this.number(what);
    if (Number.isInteger(value) && value >= 0 && value <= most) return value;
    throw new Fault(`${what} is ${value}: it must be a whole number from 0 to ${most}`, at);
  }

  /** Returns a whole number of any size and sign, and goes past it. */
  bigint(what: string): bigint {
    const { at } = this;
    const digits = this.digits(what);
    const value = bigintOf(digits);
    if (value === null) throw new Fault(`${what} is ${digits}: it must be a whole number`, at);
    return value;
  }

  /** Returns the error that something else should be where the present token is. */
  unexpected(what: string): Fault {
    if (this.kind === "open") return new Fault("a quote is opened here and never closed", this.at);
    const shown = this.kind === "end" ? "the end of the file" : JSON.stringify(this.text.slice(0, 40));
    return new Fault(`expected ${what}, found ${shown}`, this.at);
  }

  /** Returns where the space that begins at `from` ends. */
  #spaceEnd(from: number): number {
    for (let at = from;; at++) {
      const code = this.#source.charCodeAt(at);
      if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) continue;
      return code < 0x80 ? at : this.#match(space, at);
    }
  }

  /** Goes past a sign, if there is one. Returns whether it is a minus. */
  #isNegative(): boolean {
    const isNegative = this.skip("-");
    if (!isNegative) this.skip("+");
    return isNegative;
  }

  /** Returns a number without a sign and goes past it. */
  #magnitude(what: string): number {
    if (this.kind !== "number") throw this.unexpected(what);
    const value = Number(this.text);
    if (value === Infinity) throw new Fault(`${what} is ${this.text}, which no number can hold`, this.at);
    this.advance();
    return value;
  }

  #pass(): string {
    const { text } = this;
    this.advance();
    return text;
  }

  /** Returns where a pattern's match ends, which begins at `from`; `from` if there is none. */
  #match(pattern: RegExp, from: number): number {
    pattern.lastIndex = from;
    return pattern.test(this.#source) ? pattern.lastIndex : from;
  }

  #take(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.text = this.#source.slice(this.at, end);
    this.#next = end;
  }

  /**
   * A backslash makes the quote after it a part of the text, two of them are one. Other backslashes are themselves, for paths
   * are written without escapes.
   */
  #takeText(): void {
    let end = this.at + 1;
    for (;; end++) {
      end = this.#source.indexOf('"', end);
      if (end < 0) return this.#take("open", this.#source.length);
      let backslashes = 0;
      while (this.#source[end - 1 - backslashes] === "\\") backslashes++;
      if (backslashes % 2 === 0) break;
    }
    this.#take("text", end + 1);
    this.text = this.text.slice(1, -1).replace(
      escapes,
      (_, { length }: string, quote: string) => "\\".repeat(length >> 1) + quote,
    );
  }

  #lineAfter(at: number): number {
    lineEnd.lastIndex = at;
    return lineEnd.test(this.#source) ? lineEnd.lastIndex : this.#source.length;
  }
}

/** Returns the value of a whole number's text; null if it is not whole. */
function bigintOf(digits: string): bigint | null {
  if (/^-?\d+$/.test(digits)) return BigInt(digits);
  const value = Number(digits); // 1.0, 1e3
  return Number.isInteger(value) ? BigInt(value) : null;
}

/** Returns a quoted text as `Tokens` reads it. */
export function quote(text: string): string {
  return `"${
    text.replace(/(?<!\\)(\\*)("|$)/g, (_, slashes: string, mark: string) => slashes.repeat(2) + (mark && '\\"'))
  }"`;
}
