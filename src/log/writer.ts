/**
 * Writing a log in any format.
 *
 * @module
 */

import { show } from "../check.ts";
import { Message } from "../message/message.ts";
import { prepareAppending } from "./append.ts";
import { Bytes } from "./bytes.ts";
import { ChannelNumbers } from "./channels.ts";
import type { LogItem, LogNote } from "./entry.ts";
import { held, type LogEncoder, type LogFormat, type LogFormatName, lossesOf, type Zone } from "./format.ts";
import { formatNamed, formatNames, formatOfName } from "./formats.ts";
import { FileNames, nameAt } from "./naming.ts";
import { checkNote } from "./notes.ts";
import { FileOutput, fileSystem, noOutput, type OpenMode, type Output, pathOf, StreamOutput } from "./output.ts";
import { checkWriteOptions, type LogWriteOptions } from "./write_options.ts";
import { whileTaken } from "./waiting.ts";
import { zoneOf } from "./zone.ts";

/** The number of bytes collected before they are passed to the output. */
const PIECE = 1 << 16;
/** The number of earlier files of a rotated log that may be open until everything is written to them. */
const MOST_CLOSING = 4;

/**
 * A field that the format could not store.
 *
 * @category Logs
 */
export interface LogLoss {
  /** The field of `Message`, or the type of a note: `"channel"`, `"isXl"`, `"marker"`. */
  readonly field: string;
  /**
   * The number of messages or notes concerned. With `isFd`, `isXl`, `isRemoteFrame` and `isErrorFrame`, the whole message
   * was left out.
   */
  readonly count: number;
  /** The first message or note concerned, as text. */
  readonly first: string;
}

/** Returns the path to which a log is written, with its placeholders: with `.gz` at the end if it is compressed. */
export function pathWritten(path: string, { gzip }: LogWriteOptions): string {
  return gzip && !isGzipName(path) ? `${path}.gz` : path;
}

function isGzipName(path: string): boolean {
  return /\.gz$/i.test(path);
}

/** The fields whose loss means that the whole message is left out. */
const essential: ReadonlySet<string> = new Set(["isFd", "isXl", "isRemoteFrame", "isErrorFrame"]);

/**
 * Writes a log to a file, a series of files, or a stream.
 *
 * Messages reach the file within `flushInterval` seconds and can be read from then on, even if the process is killed.
 * Errors of the file system are thrown by the next call.
 *
 * @example
 * ```ts ignore
 * import { Bus } from "@socketcan/bus";
 * import { LogWriter } from "@socketcan/bus/log";
 *
 * using bus = new Bus("can0");
 * await using log = LogWriter.open("drive.log", { rotate: { bytes: 100e6 }, keep: { files: 10 }, gzip: true });
 * for await (const message of bus) log.write(message);
 * ```
 *
 * @category Logs
 */
export class LogWriter implements Disposable, AsyncDisposable {
  readonly #format: LogFormat;
  readonly #options: LogWriteOptions;
  readonly #zone: Zone;
  readonly #gzip: boolean;
  readonly #names: FileNames | null;
  readonly #out = new Bytes(2 * PIECE);
  readonly #losses = new Map<string, { field: string; count: number; first: string }>();
  readonly #channels = new ChannelNumbers();
  /** Earlier files of a rotated log, to which not everything is written yet. */
  readonly #closing = new Map<Output, Promise<void>>();
  #output: Output;
  #encoder!: LogEncoder;
  #path: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #began = 0;
  #bytes = 0;
  #messages = 0;
  #total = 0;
  #closed = false;
  #ended: Promise<void> | null = null;
  #failure: { error: unknown } | null = null;

  /** @ignore */
  private constructor(
    target: string | WritableStream<Uint8Array>,
    options: LogWriteOptions,
    format: LogFormat,
    zone: Zone,
  ) {
    this.#format = format;
    this.#zone = zone;
    this.#options = options;
    const { gzip, rotate } = options;
    if (typeof target === "string") {
      this.#gzip = gzip ?? isGzipName(target);
      const path = pathWritten(target, options);
      this.#names = rotate ? new FileNames(path) : null;
      this.#output = this.#names ? this.#openNext() : this.#openFile(nameAt(path, new Date()), "replace");
    } else {
      this.#gzip = gzip ?? false;
      this.#names = null;
      this.#output = new StreamOutput(target, this.#gzip);
      this.#begin(false);
    }
  }

  /**
   * Opens a log for writing.
   *
   * @param target A path or a stream of bytes. The file name may contain placeholders for the time and the file number,
   * as in `drive-%F-%n.log`; the guide to logs lists them.
   * @throws {TypeError | RangeError} An option is invalid, or the format cannot be written, or neither the option `format`
   * nor the file name extension states it.
   * @throws {Error} The file cannot be opened.
   */
  static open(target: string | URL | WritableStream<Uint8Array>, options: LogWriteOptions = {}): LogWriter {
    checkWriteOptions(options);
    const zone = zoneOf(options.timeZone);
    const path = target instanceof URL ? pathOf(target) : target;
    if (typeof path !== "string" && !(path instanceof WritableStream)) {
      throw new TypeError("LogWriter.open takes a path, a URL or a WritableStream of bytes");
    }
    const named = options.format !== undefined
      ? formatNamed(options.format)
      : typeof path === "string"
      ? formatOfName(path)
      : null;
    const what = typeof path === "string" ? `"${path}"` : "a stream";
    if (named === null) {
      throw new RangeError(
        `Cannot determine the format of ${what}: set the option format to "${formatNames().join('", "')}"`,
      );
    }
    if (named.encoder === null) {
      throw new RangeError(`Cannot write ${what}: the format ${named.name} (${named.title}) can only be read`);
    }
    if (typeof path !== "string" && (options.rotate || options.append)) {
      throw new TypeError("Options rotate and append apply to files only, not to a stream");
    }
    if (options.rotate && options.append) {
      throw new TypeError(
        "Option append does not apply to a rotated log, which begins a new file: leave out one of the two",
      );
    }
    if (named.database && (typeof path !== "string" || options.gzip || /\.gz$/i.test(path))) {
      throw new TypeError(
        `Cannot write ${what}: a ${named.title} must be an uncompressed file, not a stream`,
      );
    }
    if (options.append && !named.appendable) {
      throw new RangeError(`Cannot append to ${what}: a ${named.title} cannot be extended once it is closed`);
    }
    return new LogWriter(path, options, named, zone);
  }

  /** The name of the format. */
  get format(): LogFormatName {
    return this.#format.name;
  }

  /** The path of the file being written; null for a stream. */
  get path(): string | null {
    return this.#path;
  }

  /** The number of messages written, in all files. */
  get count(): number {
    return this.#total;
  }

  /** The number of bytes not written yet: those collected, and those passed to the output. */
  get pending(): number {
    const outputs = [this.#output, ...this.#closing.keys()];
    return outputs.reduce((sum, { pending }) => sum + pending, this.#out.length);
  }

  /**
   * The time in seconds for which writing to this file blocked the thread, so that nothing else happened. Files are written
   * in the background; pipes and devices are not.
   */
  get blocked(): number {
    return this.#output.blocked;
  }

  /** What the format could not store, by field. */
  get losses(): readonly LogLoss[] {
    return [...this.#losses.values()];
  }

  /**
   * Writes a message.
   *
   * @throws {TypeError} The argument is not a Message, or the log is closed.
   * @throws {Error} An earlier write failed, for example because the disk is full, or a new file cannot be opened.
   */
  write(message: Message): void {
    if (!(message instanceof Message)) throw new TypeError(`Cannot log ${show(message)}: it is not a Message`);
    this.#item(message);
    this.#written();
  }

  /** Writes several messages. Throws as `write`. */
  writeMany(messages: Iterable<Message>): void {
    try {
      for (const message of messages) {
        if (!(message instanceof Message)) throw new TypeError(`Cannot log ${show(message)}: it is not a Message`);
        this.#item(message);
      }
    } finally {
      // Also what came before an error of the iterable. An error of the log itself stays what it is.
      if (!this.#closed && this.#failure === null) this.#written();
    }
  }

  /**
   * Writes a marker, a comment, if the format supports it; else it is counted in `losses`.
   *
   * @param text The text. Line breaks become spaces in formats of one line per entry.
   * @param timestampNs The time in nanoseconds since 1970. Default: now.
   * @throws As `write`.
   */
  marker(text: string, timestampNs: bigint = BigInt(Date.now()) * 1_000_000n): void {
    this.note({ type: "marker", timestampNs, text });
  }

  /**
   * Writes a marker, or a note of dropped frames, if the format supports it; else it is counted. Throws as `write`.
   *
   * @throws {TypeError | RangeError} A field of the note is invalid.
   */
  note(note: LogNote): void {
    checkNote(note);
    this.#item(note);
    this.#written();
  }

  /** Passes everything to the file and resolves once it is written. Rejects as `write` throws. */
  async flush(): Promise<void> {
    this.#flush();
    await this.drain();
  }

  /** Resolves once everything passed to the output is written; what is still collected is not. Rejects if writing failed. */
  async drain(): Promise<void> {
    await Promise.all([this.#output.drain(), ...this.#closing.values()]);
    this.#check();
  }

  /**
   * Starts a new file now.
   *
   * @throws {TypeError} The log was opened without the option `rotate`, or is closed.
   * @throws {Error} The new file cannot be opened, or an old one cannot be deleted; or an earlier write failed.
   */
  rotate(): void {
    this.#assertOpen();
    if (this.#names === null) throw new TypeError("Cannot rotate: the log was opened without the option rotate");
    try {
      this.#finish();
      this.#closeLater(this.#output);
      this.#output = this.#openNext();
    } catch (error) {
      this.#failure ??= { error }; // there is no file to write to from now on
      throw error;
    }
  }

  /** Closes a file of a rotated log once everything is written to it: at once if too many are waiting for that. */
  #closeLater(output: Output): void {
    const closing = output.close().then(() => {
      if (!this.#closed) this.#retain();
    }).catch((error) => {
      this.#failure ??= { error };
    }).finally(() => this.#closing.delete(output));
    this.#closing.set(output, closing);
    if (this.#closing.size <= MOST_CLOSING) return;
    const [oldest] = this.#closing.keys();
    this.#closing.delete(oldest);
    oldest.closeSync();
  }

  /** Deletes the oldest files of a rotated log beyond what is to be kept. */
  #retain(): void {
    const { files = Infinity, bytes = Infinity } = this.#options.keep ?? {};
    if (files < Infinity || bytes < Infinity) this.#names!.retain(files, bytes);
  }

  /** A stream that writes messages into the log, with backpressure. Closing or aborting it closes the log. */
  get writable(): WritableStream<Message> {
    return new WritableStream<Message>({
      write: (message) => {
        this.write(message);
        return this.pending > 16 * PIECE ? this.drain() : undefined;
      },
      close: () => this.close(),
      abort: (reason) => this.abort(reason),
    });
  }

  /**
   * Closes the log as `close` does, but does not wait for a stream that takes nothing for a second: it is aborted with the
   * reason, and what it has not taken is dropped. Then this, and all other waiting for the log, rejects with the reason.
   */
  async abort(reason?: unknown): Promise<void> {
    const closing = this.close();
    if (await whileTaken(closing, () => this.pending)) return;
    this.#output.abandon(reason);
    await closing;
    this.#check();
  }

  /** Writes the rest and closes the log. Rejects if something could not be written. A second call only waits for the first. */
  close(): Promise<void> {
    if (this.#ended !== null) return this.#ended;
    const ended = this.#close();
    this.#ended = ended.catch(() => {}); // the first call rejects
    return ended;
  }

  async #close(): Promise<void> {
    try {
      if (!this.#closed) this.#finish();
    } finally {
      this.#closed = true;
      try {
        await this.#output.close();
      } finally {
        await Promise.all(this.#closing.values());
      }
    }
    this.#check();
    this.#retain();
  }

  /**
   * Closes at the end of a `using` block, blocking until everything is written.
   *
   * @throws {TypeError} The log writes to a stream, which cannot be closed synchronously: use `await using`.
   * @throws {Error} Something could not be written.
   */
  [Symbol.dispose](): void {
    try {
      if (!this.#closed) this.#finish();
    } finally {
      this.#closed = true;
      for (const output of [...this.#closing.keys(), this.#output]) output.closeSync();
    }
    this.#check();
    this.#retain();
  }

  /** Closes at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #item(item: LogItem): void {
    this.#assertOpen();
    const { capacity } = this.#format;
    let whole = false;
    if (item instanceof Message) {
      const losses = lossesOf(item, capacity);
      for (const field of losses) this.#lose(field, item);
      if (losses.length === 1 && essential.has(losses[0])) return;
      whole = losses.length === 0;
      this.#messages++;
      this.#total++;
    } else if (item.type === "object" || !capacity[item.type]) {
      return this.#lose(item.type, item);
    }
    this.#encoder.write(whole ? item : held(item, capacity), this.#out);
    if (this.#out.length >= PIECE) this.#hand();
    const { rotate } = this.#options;
    if (rotate && this.#isFull(rotate)) this.rotate();
  }

  #isFull(
    { bytes = Infinity, messages = Infinity, seconds = Infinity }: { [K in "bytes" | "messages" | "seconds"]?: number },
  ): boolean {
    return (this.#encoder.size?.() ?? this.#bytes + this.#out.length) >= bytes || this.#messages >= messages ||
      (seconds < Infinity && performance.now() - this.#began >= 1000 * seconds);
  }

  #lose(field: string, item: LogItem): void {
    const known = this.#losses.get(field);
    if (known) known.count++;
    else {
      const first = item instanceof Message
        ? `${item}`
        : JSON.stringify(item, (_, value) => typeof value === "bigint" ? `${value}` : value);
      this.#losses.set(field, { field, count: 1, first });
    }
  }

  /** Schedules a flush after a write. */
  #written(): void {
    const { flushInterval = 1 } = this.#options;
    if (flushInterval === 0) this.#flush();
    else if (this.#timer === null) { // also if nothing was collected: an encoder may hold back a container
      this.#timer = setTimeout(() => {
        this.#timer = null;
        try {
          this.#flush();
        } catch (error) {
          this.#failure ??= { error };
        }
      }, Math.min(1000 * flushInterval, 2 ** 31 - 1));
    }
  }

  #flush(): void {
    this.#assertOpen();
    this.#encoder.flush?.(this.#out);
    this.#hand();
    const header = this.#encoder.header?.();
    if (header) this.#output.rewrite(header);
  }

  #hand(): void {
    this.#check();
    this.#output.write(this.#out.view());
    this.#bytes += this.#out.length;
    this.#out.clear();
  }

  /** Encodes the end of the file and passes it to the output. */
  #finish(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#encoder.flush?.(this.#out);
    this.#encoder.end?.(this.#out);
    this.#hand();
    const header = this.#encoder.header?.();
    if (header) this.#output.rewrite(header);
  }

  /** Opens the next file of a rotated log. Another program may take a name first. */
  #openNext(): Output {
    for (;;) {
      try {
        const output = this.#openFile(this.#names!.next(), "new");
        this.#retain();
        return output;
      } catch (error) {
        if ((error as { code?: string }).code !== "EEXIST") throw error;
      }
    }
  }

  #openFile(path: string, mode: OpenMode): Output {
    const fs = fileSystem();
    const append = this.#options.append === true && fs.existsSync(path);
    this.#path = path;
    if (this.#format.database) {
      if (!append && mode === "replace") fs.rmSync(path, { force: true });
      if (!append) fs.closeSync(fs.openSync(path, "wx"));
      this.#begin(true);
      return noOutput;
    }
    const previous = [...this.#closing.values()].at(-1) ?? null;
    const continued = append && fs.statSync(path).isFile();
    this.#begin(continued);
    const size = continued ? this.#resume(path) : 0;
    const output = new FileOutput(path, append ? "append" : mode, this.#gzip, previous);
    if (continued) output.cut(size);
    return output;
  }

  /** Prepares the encoder to continue a file; returns the size to which the file must be cut. */
  #resume(path: string): number {
    const encoder = this.#encoder;
    const size = prepareAppending(path, { format: this.#format, encoder, gzip: this.#gzip }, this.#out);
    if (size === 0) encoder.begin(this.#out);
    return size;
  }

  #begin(continued: boolean): void {
    this.#encoder = this.#format.encoder!({
      zone: this.#zone,
      path: this.#path,
      continued,
      channels: this.#channels,
      lose: (field, item) => this.#lose(field, item),
    });
    this.#began = performance.now();
    this.#bytes = 0;
    this.#messages = 0;
    if (!continued) this.#encoder.begin(this.#out);
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new TypeError(`Cannot write to ${this.#path === null ? "the log" : `"${this.#path}"`}: it is closed`);
    }
    this.#check();
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
    this.#output.check();
  }
}
