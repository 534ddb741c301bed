/**
 * Decoding text formats line by line. Lines are passed on as bytes, so that strings are only created where needed.
 *
 * @module
 */

import { Bytes } from "./bytes.ts";
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
 * Decodes bytes line by line, without looking for the end of a line first: a decoder reads on to what ends its line. It
 * never has to compare an offset with an end, since a line end is no digit, no letter and no separator.
 */
export abstract class LineScanner implements LogDecoder {
  protected readonly context: DecodeContext;
  /** The number of the current line, from 1. */
  protected number = 0;
  readonly #rest = new Bytes(1024);
  /** Whether the rest of a line that is too long is being skipped. */
  #skipping = false;

  constructor(context: DecodeContext) {
    this.context = context;
  }

  decode(chunk: Uint8Array, items: LogItem[]): void {
    let from = 0;
    if (this.#rest.length > 0 || this.#skipping) {
      from = chunk.indexOf(LF) + 1;
      if (from === 0) return this.#append(chunk);
      this.#append(chunk.subarray(0, from - 1));
      this.#finish(items);
    }
    const end = chunk.lastIndexOf(LF) + 1;
    while (from < end) {
      this.number++;
      let to = this.scan(chunk, from, items);
      if (chunk[to] !== LF) to = chunk.indexOf(LF, to);
      from = to + 1;
    }
    if (from < chunk.length) this.#append(chunk.subarray(from));
  }

  end(items: LogItem[]): void {
    if (this.#rest.length === 0 && !this.#skipping) return;
    this.#finish(items);
    // A whole line, as far as one can tell: one that is not was reported.
    const { diagnostics } = this.context;
    diagnostics.doubt("the last line has no line end and may be truncated", { line: this.number, column: 1 });
  }

  /**
   * Decodes the line that begins at offset `from` and ends with LF or CR LF.
   *
   * @param bytes Valid during the call only.
   * @returns The offset up to which the line was read: its LF, or any offset before. The rest of the line is skipped.
   */
  protected abstract scan(bytes: Uint8Array, from: number, items: LogItem[]): number;

  /** Reports that something at offset `at` could not be read, in the current line, which begins at offset `from`. */
  protected diagnose(reason: string, from: number, at: number): void {
    this.context.diagnostics.add(reason, { line: this.number, column: at - from + 1 });
  }

  #append(bytes: Uint8Array): void {
    if (this.#skipping) return;
    if (this.#rest.length + bytes.length > MOST) this.#skipping = true;
    else this.#rest.bytes(bytes);
  }

  #finish(items: LogItem[]): void {
    this.number++;
    if (this.#skipping) this.diagnose(TOO_LONG, 0, 0);
    else {
      this.#rest.byte(LF); // as in a chunk, a line end follows the line
      this.scan(this.#rest.memory, 0, items);
    }
    this.#skipping = false;
    this.#rest.clear();
  }
}

/** Returns the offset after the last byte of a line: that of its LF, or of the CR before it. */
export function lineEnd(bytes: Uint8Array, from: number): number {
  const to = bytes.indexOf(LF, from);
  return to > from && bytes[to - 1] === CR ? to - 1 : to;
}

/** Passes on whole lines, for formats that need not be read fast. */
export abstract class LineDecoder extends LineScanner {
  protected override scan(bytes: Uint8Array, from: number, items: LogItem[]): number {
    const to = lineEnd(bytes, from);
    this.line(bytes, from, to, items);
    return to;
  }

  /**
   * Decodes one line, without its line end. The byte at `to` is CR or LF.
   *
   * @param bytes Valid during the call only.
   * @param from The offset at which the line begins.
   * @param to The offset after its last byte.
   */
  protected abstract line(bytes: Uint8Array, from: number, to: number, items: LogItem[]): void;
}
