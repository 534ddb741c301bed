/**
 * Reading a log, whatever its format.
 *
 * @module
 */

import { Message } from "../message/message.ts";
import { Diagnostics, type LogDiagnostic } from "./diagnostics.ts";
import type { LogEntry, LogItem } from "./entry.ts";
import type { DecodeContext, LogFormat, LogInfo } from "./format.ts";
import { detectFormat, formatNamed, formatNames } from "./formats.ts";
import { type FullReadOptions, fullReadOptions, type LogReadOptions } from "./options.ts";
import { fileSource, memorySource, type RandomSource } from "./random.ts";
import { bytesOf, type LogInput } from "./source.ts";
import { zoneOf } from "./zone.ts";

/** A log whose format is known. */
interface Opened {
  readonly format: LogFormat;
  readonly context: DecodeContext;
  /** The first bytes, which were read to know it. */
  readonly head: Uint8Array;
}

/** The first bytes of a file that the formats look at. */
const HEAD = 65536;

/**
 * Reads a log: its messages in order, in constant memory, however large it is. gzip is inflated.
 *
 * It can be read once: by `for await`, `batches`, `entries`, `readable` or `readAll`.
 *
 * @example
 * ```ts
 * import { LogReader } from "@socketcan/bus/log";
 *
 * const bytes = new TextEncoder().encode("(1436509053.850870) vcan0 123#DEADBEEF\n");
 * for await (const message of LogReader.open(bytes)) console.log(`${message}`);
 * ```
 *
 * @category Logs
 */
export class LogReader implements AsyncIterable<Message>, AsyncDisposable {
  readonly #title: string;
  readonly #options: FullReadOptions;
  readonly #diagnostics: Diagnostics;
  readonly #chunks: AsyncGenerator<Uint8Array, void, void>;
  readonly #name: string | null;
  #info: LogInfo | null = null;
  #opening: Promise<Opened> | null = null;
  readonly #path: string | URL | null;
  #taken = false;

  /** @ignore */
  private constructor(input: LogInput, options: FullReadOptions) {
    this.#name = typeof input === "string" || input instanceof URL ? `${input}` : null;
    this.#title = this.#name === null ? "the log" : `"${this.#name}"`;
    this.#options = options;
    this.#diagnostics = new Diagnostics(this.#title, options.strict);
    this.#path = typeof input === "string" || input instanceof URL ? input : null;
    this.#chunks = bytesOf(input, options);
  }

  /**
   * A reader of a file, of bytes in memory, or of a stream of bytes. Nothing is opened before it is read.
   *
   * @throws {TypeError | RangeError} An option is wrong.
   */
  static open(input: LogInput, options: LogReadOptions = {}): LogReader {
    const valid = typeof input === "string" || input instanceof URL || input instanceof Uint8Array ||
      input instanceof ReadableStream;
    if (!valid) throw new TypeError("LogReader.open takes a path, a URL, a Uint8Array or a ReadableStream of bytes");
    const full = fullReadOptions(options);
    if (full.format !== null) formatNamed(full.format);
    zoneOf(full.timeZone);
    return new LogReader(input, full);
  }

  /**
   * What the file says of itself, as far as it has been read: its format, version, start, channels.
   *
   * @throws {SyntaxError} It is in none of the formats.
   * @throws {Error} The file cannot be opened or read.
   */
  async info(): Promise<LogInfo> {
    await this.#open();
    return this.#info!;
  }

  /** What could not be read and was skipped, as far as the log has been read: the first thousand. */
  get diagnostics(): readonly LogDiagnostic[] {
    return this.#diagnostics.list;
  }

  /** How many of them there were in all. */
  get skipped(): number {
    return this.#diagnostics.count;
  }

  /**
   * Messages and notes in arrays as large as the reading made them: the quickest way to read.
   *
   * @throws {SyntaxError} It is in none of the formats; with `strict`, something cannot be read.
   * @throws {TypeError} It was read before.
   * @throws {Error} The file cannot be opened or read.
   */
  async *batches(): AsyncGenerator<LogItem[], void, void> {
    if (this.#taken) throw new TypeError(`Cannot read ${this.#title} twice: open it again`);
    this.#taken = true;
    try {
      const opened = await this.#open();
      const { format, context, head } = opened;
      if (format.read) {
        const source = await this.#random(head);
        try {
          yield* format.read(source, context);
        } finally {
          source.close();
        }
        return;
      }
      const decoder = format.decoder!(context);
      let items: LogItem[] = [];
      decoder.decode(head, items);
      if (items.length > 0) yield items;
      for await (const chunk of this.#chunks) {
        items = [];
        decoder.decode(chunk, items);
        if (items.length > 0) yield items;
      }
      items = [];
      decoder.end(items);
      if (items.length > 0) yield items;
    } finally {
      await this.#chunks.return();
    }
  }

  /** Messages alone, in order. Throws as `batches`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, void> {
    for await (const items of this.batches()) {
      for (const item of items) if (item instanceof Message) yield item;
    }
  }

  /** Messages, and what is no message: markers, notes of dropped frames, objects of other buses. Throws as `batches`. */
  async *entries(): AsyncGenerator<LogEntry, void, void> {
    for await (const items of this.batches()) {
      for (const item of items) yield item instanceof Message ? { type: "message", message: item } : item;
    }
  }

  /** All messages at once, for a log that fits the memory. Throws as `batches`. */
  async readAll(): Promise<Message[]> {
    const messages: Message[] = [];
    for await (const items of this.batches()) {
      for (const item of items) if (item instanceof Message) messages.push(item);
    }
    return messages;
  }

  /** The messages as a stream. */
  get readable(): ReadableStream<Message> {
    const messages = this[Symbol.asyncIterator]();
    return new ReadableStream<Message>({
      async pull(controller) {
        const { done, value } = await messages.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await messages.return();
      },
    }, { highWaterMark: 0 });
  }

  /** Closes the file, wherever reading is. */
  async close(): Promise<void> {
    this.#taken = true;
    await this.#chunks.return();
  }

  /** Closes at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Reads the first bytes and chooses the format. */
  #open(): Promise<Opened> {
    return this.#opening ??= this.#choose();
  }

  async #choose(): Promise<Opened> {
    const { format: name, inflateLimit, timeZone } = this.#options;
    const head = await this.#head();
    const format: LogFormat | null = name === null ? detectFormat(head, this.#name) : formatNamed(name);
    if (format === null) {
      const why = head.length === 0 ? "it is empty" : "its first bytes are those of no log format";
      throw new SyntaxError(
        `Cannot read ${this.#title}: ${why}; name one with the option format: "${formatNames().join('", "')}"`,
      );
    }
    const info: LogInfo = {
      format: format.name,
      version: null,
      startTimeNs: null,
      channels: new Set(),
      application: null,
    };
    this.#info = info;
    const context = { info, diagnostics: this.#diagnostics, zone: zoneOf(timeZone), inflateLimit };
    return { format, context, head };
  }

  /** The file itself, or all of its bytes where it is compressed or none. */
  async #random(head: Uint8Array): Promise<RandomSource> {
    if (this.#path !== null) {
      const source = fileSource(this.#path);
      const [first, second] = source.read(0, 2);
      if (first !== 0x1f || second !== 0x8b) return source;
      source.close();
    }
    const chunks = [head];
    let length = head.length;
    for await (const chunk of this.#chunks) {
      chunks.push(chunk.slice());
      length += chunk.length;
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return memorySource(bytes);
  }

  async #head(): Promise<Uint8Array> {
    const head = new Uint8Array(HEAD);
    let length = 0;
    // A file that grows may hold less than a head for long.
    while (length < (this.#options.follow ? 1 : HEAD)) {
      const { done, value } = await this.#chunks.next();
      if (done) break;
      if (length === 0 && value.length >= HEAD) return value.slice();
      if (length + value.length > HEAD) {
        const all = new Uint8Array(length + value.length);
        all.set(head.subarray(0, length));
        all.set(value, length);
        return all;
      }
      head.set(value, length);
      length += value.length;
    }
    return head.slice(0, length);
  }
}
