/**
 * Converting a log from one format to another.
 *
 * @module
 */

import { checkNames, checkSignal } from "../check.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import type { LogDiagnostic } from "./diagnostics.ts";
import { type LogReadOptions, readNames } from "./options.ts";
import { nameAt } from "./naming.ts";
import { fileSystem, pathOf } from "./output.ts";
import { LogReader } from "./reader.ts";
import { checkSelectionNames, type LogSelection, Selector } from "./select.ts";
import type { LogInput } from "./source.ts";
import type { LogWriteOptions } from "./write_options.ts";
import { type LogLoss, LogWriter, pathWritten } from "./writer.ts";

/**
 * Options of `convert`. Aborting `signal` rejects with its reason.
 *
 * @category Logs
 */
export interface ConvertOptions extends LogSelection, SignalOptions {
  /** Seconds added to every timestamp; may be negative. Default 0. */
  readonly shift?: number;
  /** Options for reading the source. */
  readonly read?: Omit<LogReadOptions, "signal" | "follow">;
  /** Options for writing the target. */
  readonly write?: LogWriteOptions;
}

/**
 * The result of a conversion.
 *
 * @category Logs
 */
export interface ConvertReport {
  /** The number of messages written. */
  readonly messages: number;
  /** The number of messages that were not selected, or that the target format cannot store at all. */
  readonly leftOut: number;
  /** What the target format could not store, by field, with the first example. */
  readonly losses: readonly LogLoss[];
  /** What could not be read in the source: the first 1000 diagnostics. */
  readonly diagnostics: readonly LogDiagnostic[];
  /** The number of diagnostics, including those not listed. */
  readonly skipped: number;
}

/** The number of unwritten bytes above which reading pauses. */
const PENDING = 1 << 20;

/**
 * Converts a log to another format, or rewrites it in the same one. Source and target are files or streams of bytes.
 *
 * @example
 * ```ts ignore
 * const { messages, losses } = await convert("drive.blf", "drive.pcapng", { from: 10, to: 20 });
 * for (const { field, count, first } of losses) console.warn(`${field} was lost ${count} times: ${first}`);
 * ```
 *
 * @throws {TypeError | RangeError} An option is invalid, the source and the target are the same file, or `shift` moves a
 * message to a time before 1970.
 * @throws {SyntaxError} The source is in none of the known formats; with `strict`, something in it cannot be read.
 * @throws {Error} A file cannot be opened, read or written.
 * @throws The reason of the signal when it is aborted; the messages written by then stay in the target, except those that a
 * stream did not take within a second.
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
  checkSignal(signal);
  if (read !== undefined) checkNames("Option read of convert", read, readNames);
  signal?.throwIfAborted();
  await using reader = LogReader.open(from, { ...read, signal });
  // Before the target is opened: a source that cannot be read must not empty it.
  await reader.info();
  if (isSameFile(from, to, write)) throw new TypeError(`Cannot convert "${from}" into itself: write to another file`);
  const writer = LogWriter.open(to, write);
  const abort = () => void writer.abort(signal!.reason).catch(() => {}); // also rejects what waits for the writer
  signal?.addEventListener("abort", abort);
  try {
    const seen = await copy(reader, writer, selector, signal);
    signal?.throwIfAborted();
    return {
      messages: writer.count,
      leftOut: seen - writer.count,
      losses: writer.losses,
      diagnostics: reader.diagnostics,
      skipped: reader.skipped,
    };
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** Copies what is selected, and closes the writer. Returns the number of messages that were read. */
async function copy(
  reader: LogReader,
  writer: LogWriter,
  selector: Selector,
  signal: AbortSignal | undefined,
): Promise<number> {
  await using _closing = writer;
  let seen = 0;
  for await (const items of reader.batches()) {
    if (signal?.aborted) break;
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
  return seen;
}

/** Whether both are paths of the same file, which opening the target would empty. */
function isSameFile(
  from: LogInput,
  to: string | URL | WritableStream<Uint8Array>,
  write: LogWriteOptions = {},
): boolean {
  const isPath = (each: unknown): each is string | URL => typeof each === "string" || each instanceof URL;
  if (!isPath(from) || !isPath(to) || write.rotate) return false; // a rotated log replaces no file
  const target = nameAt(pathWritten(pathOf(to), write), new Date());
  const [one, other] = [from, target].map((path) => fileSystem().statSync(path, { throwIfNoEntry: false }));
  return one !== undefined && other !== undefined && one.isFile() && one.dev === other.dev && one.ino === other.ino;
}
