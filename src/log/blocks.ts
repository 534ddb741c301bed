/**
 * Decoding binary formats block by block.
 *
 * @module
 */

import type { LogItem } from "./entry.ts";
import type { DecodeContext, LogDecoder } from "./format.ts";
import { Pending } from "./pending.ts";

/** Joins the unused bytes of a chunk with the next chunk. */
export abstract class BlockDecoder implements LogDecoder {
  protected readonly context: DecodeContext;
  /** The offset in the file of the first byte passed to `take`. */
  protected offset = 0;
  /** Whether reading has stopped, because an invalid length leaves no way to find the next block. */
  protected lost = false;
  readonly #rest = new Pending();

  constructor(context: DecodeContext) {
    this.context = context;
  }

  decode(chunk: Uint8Array, items: LogItem[]): void {
    if (this.lost) return;
    const bytes = this.#rest.with(chunk);
    const taken = this.take(bytes, items);
    this.offset += taken;
    this.#rest.keep(bytes, this.lost ? bytes.length : taken);
  }

  end(items: LogItem[]): void {
    if (!this.lost && this.#rest.length > 0) this.cutOff(this.#rest.view(), items);
  }

  /** The number of bytes that were passed to `decode`. */
  protected get received(): number {
    return this.offset + this.#rest.length;
  }

  /**
   * Decodes all complete blocks.
   *
   * @param bytes Valid during the call only.
   * @returns The number of bytes used.
   */
  protected abstract take(bytes: Uint8Array, items: LogItem[]): number;

  /** Called at the end of a file with the bytes of an incomplete block. */
  protected cutOff(rest: Uint8Array, _items: LogItem[]): void {
    this.diagnose(`file ends in the middle of a block, after ${rest.length} bytes of it`, 0);
  }

  /** Reports that something could not be read, at an offset in the bytes passed to `take`. */
  protected diagnose(reason: string, at: number): void {
    this.context.diagnostics.add(reason, { offset: this.offset + at });
  }

  /** Reports the same, and stops reading because the next block cannot be found. */
  protected lose(reason: string, at: number): void {
    this.lost = true;
    this.diagnose(`${reason}; the rest of the file cannot be read`, at);
  }
}
