/**
 * The log of a view.
 *
 * @module
 */

import type { LogWriteOptions } from "../../log/write_options.ts";
import { type LogLoss, LogWriter } from "../../log/writer.ts";
import { droppedBefore } from "../../message/losses.ts";
import type { Message } from "../../message/message.ts";

/** The number of bytes that may wait for the disk before the buses do. */
const PENDING = 1 << 26;

/** Writes what is received into a log, while there is one. */
export class Recorder implements AsyncDisposable {
  readonly #options: LogWriteOptions;
  #log: LogWriter | null = null;
  #path = "";
  #marks = 0;
  /** Why a log ended early; null if none did. */
  failure: Error | null = null;

  /** @param options How logs are written. */
  constructor(options: LogWriteOptions) {
    this.#options = options;
  }

  /** The log, and the number of frames in it; null if there is none. */
  get log(): { readonly path: string; readonly count: number } | null {
    return this.#log && { path: this.#log.path ?? this.#path, count: this.#log.count };
  }

  /**
   * Begins a log.
   *
   * @throws {Error} It cannot be written.
   */
  begin(path: string): void {
    this.#log = LogWriter.open(path, this.#options);
    this.#path = path;
    this.#marks = 0;
  }

  /** Ends the log. Returns what the format could not store. Rejects if something could not be written. */
  async end(): Promise<readonly LogLoss[]> {
    const log = this.#log;
    this.#log = null;
    await log?.close();
    return log?.losses ?? [];
  }

  /** Writes what a bus received, and where frames were lost. An error ends the log. */
  async write(messages: readonly Message[], channel: string): Promise<void> {
    const log = this.#log;
    if (log === null) return;
    try {
      for (const message of messages) {
        const count = droppedBefore(message);
        if (count > 0) log.note({ type: "dropped", timestampNs: message.timestampNs, channel: channel || null, count });
        log.write(message);
      }
      if (log.pending > PENDING) await log.drain();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.failure = error;
      this.#log = null;
      await Promise.allSettled([log.close()]); // which fails for the same reason
      throw error;
    }
  }

  /** Writes a marker. Returns its text: if none is given, its number. */
  mark(text: string): string {
    const written = text || `mark ${++this.#marks}`;
    this.#log?.marker(written);
    return written;
  }

  /** Ends the log. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
