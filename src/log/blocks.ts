/**
 * Binary formats: what is whole of the bytes so far, and the rest for the next time.
 *
 * @module
 */

import type { LogItem } from "./entry.ts";
import type { DecodeContext, LogDecoder } from "./format.ts";

const nothing = new Uint8Array(0);

/** Joins what was left over of a chunk with the next one. */
export abstract class BlockDecoder implements LogDecoder {
  protected readonly context: DecodeContext;
  /** Where in the file the bytes begin that `take` gets. */
  protected offset = 0;
  /** Nothing more is read: a length that cannot be true leaves no way to find the next block. */
  protected lost = false;
  #rest: Uint8Array = nothing;

  constructor(context: DecodeContext) {
    this.context = context;
  }

  decode(chunk: Uint8Array, items: LogItem[]): void {
    if (this.lost) return;
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    const taken = this.take(bytes, items);
    this.offset += taken;
    // A copy: the chunk is valid during the call only.
    this.#rest = this.lost || taken === bytes.length ? nothing : bytes.slice(taken);
  }

  end(items: LogItem[]): void {
    if (!this.lost && this.#rest.length > 0) this.cutOff(this.#rest, items);
  }

  /**
   * Decodes all that is whole.
   *
   * @param bytes Valid during the call only.
   * @returns How many bytes were used.
   */
  protected abstract take(bytes: Uint8Array, items: LogItem[]): number;

  /** The file ends within something. */
  protected cutOff(rest: Uint8Array, _items: LogItem[]): void {
    this.diagnose(`the file ends within a block: ${rest.length} bytes of it are there`, 0);
  }

  /** Something could not be read, at that place in the bytes that `take` got. */
  protected diagnose(reason: string, at: number): void {
    this.context.diagnostics.add(reason, { offset: this.offset + at });
  }

  /** The same, and what follows cannot be found. */
  protected lose(reason: string, at: number): void {
    this.lost = true;
    this.diagnose(`${reason}; nothing after it can be read`, at);
  }
}
