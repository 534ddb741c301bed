/**
 * From one format to another.
 *
 * @module
 */

import type { SignalOptions } from "../endpoint/options.ts";
import type { LogDiagnostic } from "./diagnostics.ts";
import type { LogReadOptions } from "./options.ts";
import { LogReader } from "./reader.ts";
import { checkSelectionNames, type LogSelection, Selector } from "./select.ts";
import type { LogInput } from "./source.ts";
import type { LogWriteOptions } from "./write_options.ts";
import { type LogLoss, LogWriter } from "./writer.ts";

/**
 * How a log is converted.
 *
 * @category Logs
 */
export interface ConvertOptions extends LogSelection, SignalOptions {
  /** Seconds that are added to every time. Default 0. */
  readonly shift?: number;
  /** How the source is read. */
  readonly read?: Omit<LogReadOptions, "signal" | "follow">;
  /** How the target is written. */
  readonly write?: LogWriteOptions;
}

/**
 * What came of a conversion.
 *
 * @category Logs
 */
export interface ConvertReport {
  /** Messages that were written. */
  readonly messages: number;
  /** Messages that were not selected, or that the target cannot hold at all. */
  readonly leftOut: number;
  /** What the target could not hold, by field, with the first example. */
  readonly losses: readonly LogLoss[];
  /** What could not be read of the source: the first thousand. */
  readonly diagnostics: readonly LogDiagnostic[];
  /** How many of them there were. */
  readonly skipped: number;
}

/** Bytes that may wait for the disk. */
const PENDING = 1 << 20;

/**
 * Converts a log to another format, or the same; between files, or streams of bytes.
 *
 * @example
 * ```ts ignore
 * const { messages, losses } = await convert("drive.blf", "drive.pcapng", { from: 10, to: 20 });
 * for (const { field, count, first } of losses) console.warn(`${field} was lost ${count} times: ${first}`);
 * ```
 *
 * @throws {TypeError | RangeError} An option is wrong.
 * @throws {SyntaxError} The source is in no known format; with `strict`, something in it cannot be read.
 * @throws {Error} A file cannot be opened, read or written.
 * @throws The signal's reason when it is aborted; what was written stays.
 *
 * @category Logs
 */
export async function convert(
  from: LogInput,
  to: string | URL | WritableStream<Uint8Array>,
  options: ConvertOptions = {},
): Promise<ConvertReport> {
  checkSelectionNames("convert", options, ["shift", "read", "write", "signal"]);
  const { shift, read, write, signal, ...selection } = options;
  const selector = new Selector(selection, shift);
  await using reader = LogReader.open(from, read);
  // Only now: a source that cannot be read must not empty the target.
  await reader.info();
  await using writer = LogWriter.open(to, write);
  let seen = 0;
  for await (const items of reader.batches()) {
    signal?.throwIfAborted();
    for (const item of items) {
      if (!("type" in item)) seen++;
      const wanted = selector.apply(item);
      if (wanted === null) continue;
      if ("type" in wanted) writer.note(wanted);
      else writer.write(wanted);
    }
    if (writer.pending > PENDING) await writer.drain();
  }
  await writer.close();
  return {
    messages: writer.count,
    leftOut: seen - writer.count,
    losses: writer.losses,
    diagnostics: reader.diagnostics,
    skipped: reader.skipped,
  };
}
