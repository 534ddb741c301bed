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

/** The values of hexadecimal digits by character code; 255 for all other characters. */
export const HEX_VALUE = /* @__PURE__ */ Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 255 : value;
});

/** Splits bytes into lines that end with LF or CR LF. */
export abstract class LineDecoder implements LogDecoder {
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
    for (let end; (end = chunk.indexOf(10, from)) >= 0; from = end + 1) {
      if (this.#rest.length > 0 || this.#skipping) {
        this.#append(chunk.subarray(from, end));
        this.#finish(items);
      } else this.#line(chunk, from, end, items);
    }
    if (from < chunk.length) this.#append(chunk.subarray(from));
  }

  end(items: LogItem[]): void {
    if (this.#rest.length === 0 && !this.#skipping) return;
    this.#finish(items);
    this.diagnose("the last line has no line end and may be truncated", 0, 0);
  }

  /**
   * Decodes one line, without its line end. The byte at `to` is CR or LF.
   *
   * @param bytes Valid during the call only.
   * @param from The offset at which the line begins.
   * @param to The offset after its last byte.
   */
  protected abstract line(bytes: Uint8Array, from: number, to: number, items: LogItem[]): void;

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
    if (this.#skipping) {
      this.number++;
      this.diagnose(TOO_LONG, 0, 0);
    } else {
      this.#rest.byte(10); // as in a chunk, a line end follows the line
      this.#line(this.#rest.memory, 0, this.#rest.length - 1, items);
    }
    this.#skipping = false;
    this.#rest.clear();
  }

  #line(bytes: Uint8Array, from: number, to: number, items: LogItem[]): void {
    this.number++;
    if (to - from > MOST) return this.diagnose(TOO_LONG, 0, 0);
    if (to > from && bytes[to - 1] === 13) to--;
    this.line(bytes, from, to, items);
  }
}
