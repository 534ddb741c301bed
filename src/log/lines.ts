/**
 * Decoding text formats line by line. Lines are passed on as bytes, so that strings are only created where needed.
 *
 * @module
 */

import { Bytes } from "./bytes.ts";
import { Cursor } from "./cursor.ts";
import type { LogItem } from "./entry.ts";
import type { DecodeContext, LogDecoder } from "./format.ts";

/** The longest line that is decoded, in bytes. No format needs one this long. */
const MOST = 1 << 20;
const TOO_LONG = `line is longer than ${MOST} bytes`;

const decoder = new TextDecoder();
const latin = new TextDecoder("windows-1252");
const strict = new TextDecoder("utf-8", { fatal: true });

/** Decodes text: as UTF-8 if it is valid, else as Windows-1252, which older programs on Windows write. */
export function textOf(bytes: Uint8Array): string {
  for (const byte of bytes) {
    if (byte < 0x80) continue;
    try {
      return strict.decode(bytes);
    } catch (error) {
      if (error instanceof TypeError) return latin.decode(bytes);
      throw error;
    }
  }
  return decoder.decode(bytes);
}

const [LF, CR] = [10, 13];

/**
 * Decodes text line by line, without looking for the end of a line first: that is where a decoder finds nothing more.
 */
export abstract class LineScanner implements LogDecoder {
  protected readonly context: DecodeContext;
  /** Where the current line is being read. */
  protected readonly cursor: Cursor = new Cursor();
  /** The offset at which the current line begins. */
  protected from = 0;
  /** The number of the current line, from 1. */
  #number = 0;
  readonly #rest = new Bytes(1024);
  /** Whether the rest of a line that is too long is being skipped. */
  #skipping = false;

  constructor(context: DecodeContext) {
    this.context = context;
  }

  decode(chunk: Uint8Array, items: LogItem[]): void {
    const { cursor } = this;
    let from = 0;
    if (this.#rest.length > 0 || this.#skipping) {
      from = chunk.indexOf(LF) + 1;
      if (from === 0) return this.#append(chunk);
      this.#append(chunk.subarray(0, from - 1));
      this.#finish(items);
    }
    const end = chunk.lastIndexOf(LF) + 1;
    cursor.bytes = chunk;
    while (from < end) {
      this.#number++;
      this.from = cursor.at = from;
      this.scan(items);
      from = (chunk[cursor.at] === LF ? cursor.at : chunk.indexOf(LF, cursor.at)) + 1;
    }
    if (from < chunk.length) this.#append(chunk.subarray(from));
  }

  end(items: LogItem[]): void {
    if (this.#rest.length === 0 && !this.#skipping) return;
    this.#finish(items);
    // A whole line, as far as one can tell: one that is not was reported.
    this.doubt("the last line has no line end and may be truncated");
  }

  /**
   * Decodes the line at whose beginning the cursor is. The line ends with LF or CR LF; what the cursor has not taken of it
   * is skipped.
   */
  protected abstract scan(items: LogItem[]): void;

  /** Reports that something in the current line, at an offset or at the cursor, could not be read. */
  protected diagnose(reason: string, at: number = this.cursor.at): void {
    this.#report(reason, at - this.from + 1);
  }

  /** Reports a doubt about the current line as a whole. */
  protected doubt(reason: string): void {
    this.context.diagnostics.doubt(reason, { line: this.#number, column: 1 });
  }

  /** Returns the offset after the last byte of the current line: that of its LF, or of the CR before it. */
  protected lineEnd(): number {
    const { bytes, at } = this.cursor;
    const to = bytes.indexOf(LF, at);
    return to > this.from && bytes[to - 1] === CR ? to - 1 : to;
  }

  /** Returns the bytes from an offset to the cursor as text. */
  protected textFrom(from: number): string {
    return textOf(this.cursor.bytes.subarray(from, this.cursor.at));
  }

  /** Takes a word as text. */
  protected word(): string {
    const { at } = this.cursor;
    this.cursor.word();
    return this.textFrom(at);
  }

  #report(reason: string, column: number): void {
    this.context.diagnostics.add(reason, { line: this.#number, column });
  }

  #append(bytes: Uint8Array): void {
    if (this.#skipping) return;
    if (this.#rest.length + bytes.length > MOST) this.#skipping = true;
    else this.#rest.bytes(bytes);
  }

  #finish(items: LogItem[]): void {
    this.#number++;
    if (this.#skipping) this.#report(TOO_LONG, 1);
    else {
      this.#rest.byte(LF); // as in a chunk, a line end follows the line
      this.cursor.bytes = this.#rest.memory;
      this.from = this.cursor.at = 0;
      this.scan(items);
    }
    this.#skipping = false;
    this.#rest.clear();
  }
}

/** Decodes text line by line, for formats that need not be read fast. */
export abstract class LineDecoder extends LineScanner {
  protected override scan(items: LogItem[]): void {
    this.cursor.at = this.lineEnd();
    this.line(this.textFrom(this.from), items);
  }

  /** Decodes one line, without its line end. */
  protected abstract line(text: string, items: LogItem[]): void;
}
