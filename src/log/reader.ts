/**
 * Reading a log of any format.
 *
 * @module
 */

import { Message } from "../message/message.ts";
import { Bytes } from "./bytes.ts";
import { Diagnostics, type LogDiagnostic } from "./diagnostics.ts";
import type { LogEntry, LogItem } from "./entry.ts";
import type { DecodeContext, LogDecoder, LogFormat, LogInfo, Zone } from "./format.ts";
import { detectFormat, formatNamed, formatNames } from "./formats.ts";
import { isGzip } from "./inflate.ts";
import { type FullReadOptions, fullReadOptions, type LogReadOptions } from "./options.ts";
import { fileSystem, pathOf } from "./output.ts";
import { fileSource, memorySource, type RandomSource } from "./random.ts";
import { bytesOf, type Ending, type LogInput } from "./source.ts";
import { zoneOf } from "./zone.ts";

/** A log whose format has been detected. */
interface Opened {
  readonly format: LogFormat;
  readonly context: DecodeContext;
  /** The first bytes, which were read to detect the format. */
  readonly head: Uint8Array;
}

/** The number of bytes read to detect the format. */
const HEAD = 65536;
/** The largest number of kinds of objects that are counted apart, so that a hostile file cannot fill the memory. */
const MOST_KINDS = 1000;
const OTHER_KINDS = "other kinds";
/** What is held in memory of a compressed file or a stream that needs random access: this many times the inflate limit. */
const IN_MEMORY = 16;
/** The number of bytes decoded at once. */
const PART = 65536;

/**
 * Reads the messages of a log in order. gzip is inflated. Memory stays constant however large the log is, with one
 * exception: MF4 and SQLite need random access, so compressed files and streams in these formats are held in memory.
 *
 * A reader can be used once: by `for await`, `batches`, `entries`, `readable` or `readAll`.
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
  readonly #zone: Zone;
  readonly #diagnostics: Diagnostics;
  readonly #input: LogInput;
  #chunks!: AsyncGenerator<Uint8Array, void, void>;
  #ending: Ending = "aborted";
  readonly #objects = new Map<string, number>();
  /** Whether the file is followed: not if its format needs all of it first. */
  #follow: boolean;
  readonly #name: string | null;
  #info: LogInfo | null = null;
  #opening: Promise<Opened | null> | null = null;
  readonly #path: string | URL | null;
  #taken = false;
  #bytesRead = 0;
  /** Aborted when reading ends, however it ends. */
  readonly #closing = new AbortController();

  /** @ignore */
  private constructor(input: LogInput, options: FullReadOptions, zone: Zone) {
    this.#name = typeof input === "string" || input instanceof URL ? `${input}` : null;
    this.#title = this.#name === null ? "the log" : `"${this.#name}"`;
    this.#options = options;
    this.#zone = zone;
    this.#diagnostics = new Diagnostics(this.#title, options.strict);
    this.#path = typeof input === "string" || input instanceof URL ? input : null;
    this.#input = input;
    this.#follow = options.follow;
    this.#restart();
  }

  /** Begins to read the input at its beginning. */
  #restart(): void {
    const { signal } = this.#options;
    const closing = this.#closing.signal;
    const following = () => this.#follow;
    this.#ending = "aborted"; // what it is if the generator is ended from outside
    this.#chunks = bytesOf(this.#input, {
      get follow() {
        return following();
      },
      signal: signal ? AbortSignal.any([signal, closing]) : closing,
      read: (bytes) => this.#bytesRead = bytes,
      ended: (how) => this.#ending = how,
      damaged: (reason, offset) => {
        this.#ending = "end";
        this.#diagnostics.add(reason, { offset });
      },
    });
  }

  /**
   * Returns a reader of a file, of bytes in memory, or of a stream of bytes. A file is opened at the first read.
   *
   * @throws {TypeError | RangeError} An argument or an option is invalid.
   */
  static open(input: LogInput, options: LogReadOptions = {}): LogReader {
    const valid = typeof input === "string" || input instanceof URL || input instanceof Uint8Array ||
      input instanceof ReadableStream;
    if (!valid) throw new TypeError("LogReader.open takes a path, a URL, a Uint8Array or a ReadableStream of bytes");
    if (input instanceof URL) pathOf(input);
    const full = fullReadOptions(options);
    if (full.follow && (input instanceof Uint8Array || input instanceof ReadableStream)) {
      throw new TypeError("Option follow applies to files only: a stream is read until it ends anyway");
    }
    if (full.format !== null) formatNamed(full.format);
    return new LogReader(input, full, zoneOf(full.timeZone));
  }

  /**
   * Returns the metadata of the file: its format, version, start, channels and application. It is updated while reading.
   * With `follow` it waits until the format can be detected; a file that is truncated gets new metadata.
   *
   * @throws {SyntaxError} The file is in none of the known formats.
   * @throws {Error} The file cannot be opened or read.
   */
  async info(): Promise<LogInfo> {
    if (await this.#open() === null) throw new SyntaxError(this.#unknown(new Uint8Array(0)));
    return this.#info!;
  }

  /** What could not be read so far: the first 1000 diagnostics. */
  get diagnostics(): readonly LogDiagnostic[] {
    return this.#diagnostics.list;
  }

  /** The number of diagnostics so far, including those that `diagnostics` no longer holds. */
  get skipped(): number {
    return this.#diagnostics.count;
  }

  /**
   * The number of bytes of the file or the stream that have been read so far, compressed ones as they are in it; in an MF4 or
   * SQLite file, up to where. It shows how far reading has come.
   */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The number of objects so far that are neither messages nor notes, by their kind: `"LIN_MESSAGE"`. */
  get objects(): ReadonlyMap<string, number> {
    return this.#objects;
  }

  /**
   * Yields messages and notes in arrays, one for each part that was read: the fastest way to read a log.
   *
   * @throws {SyntaxError} The file is in none of the known formats; with `strict`, something in it cannot be read.
   * @throws {TypeError} The log was read before.
   * @throws {Error} The file cannot be opened or read.
   */
  async *batches(): AsyncGenerator<LogItem[], void, void> {
    if (this.#taken) throw new TypeError(`Cannot read ${this.#title} twice: open it again`);
    this.#taken = true;
    try {
      while (await this.#open()) {
        for await (const items of this.#decode((await this.#open())!)) {
          for (const item of items) {
            if (!(item instanceof Message) && item.type === "object") this.#countObject(item.kind);
          }
          yield items;
        }
        if (this.#ending !== "shrunk") return;
        this.#diagnostics.doubt("the file was truncated: it is read from its beginning again", { offset: 0 });
        this.#restart();
        this.#opening = null;
      }
    } finally {
      await this.#release();
    }
  }

  #countObject(kind: string): void {
    const known = this.#objects.get(kind);
    if (known !== undefined || this.#objects.size < MOST_KINDS) this.#objects.set(kind, (known ?? 0) + 1);
    else this.#objects.set(OTHER_KINDS, (this.#objects.get(OTHER_KINDS) ?? 0) + 1);
  }

  async *#decode({ format, context, head }: Opened): AsyncGenerator<LogItem[], void, void> {
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
    yield* this.#steps(decoder, head);
    for await (const chunk of this.#chunks) yield* this.#steps(decoder, chunk);
    // An item that reading stopped in the middle of is neither whole nor truncated.
    if (this.#ending === "end") yield* this.#step((items) => decoder.end(items));
  }

  /** Decodes a chunk in parts: of a compressed one, each byte may become some hundred bytes of messages. */
  *#steps(decoder: LogDecoder, chunk: Uint8Array): Generator<LogItem[], void, void> {
    for (let at = 0; at < chunk.length; at += PART) {
      yield* this.#step((items) => decoder.decode(chunk.subarray(at, at + PART), items));
    }
  }

  /** Yields what one step decodes; before an error, what was decoded until then. */
  *#step(decode: (items: LogItem[]) => void): Generator<LogItem[], void, void> {
    const items: LogItem[] = [];
    try {
      decode(items);
    } catch (error) {
      if (items.length > 0) yield items;
      throw error;
    }
    if (items.length > 0) yield items;
  }

  /** Yields the messages in order. Throws as `batches`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, void> {
    for await (const items of this.batches()) {
      for (const item of items) if (item instanceof Message) yield item;
    }
  }

  /** Yields messages, markers, notes of dropped frames, and objects of other buses. Throws as `batches`. */
  async *entries(): AsyncGenerator<LogEntry, void, void> {
    for await (const items of this.batches()) {
      for (const item of items) yield item instanceof Message ? { type: "message", message: item } : item;
    }
  }

  /** Returns all messages in one array, for a log that fits in memory. Throws as `batches`. */
  async readAll(): Promise<Message[]> {
    const messages: Message[] = [];
    for await (const items of this.batches()) {
      for (const item of items) if (item instanceof Message) messages.push(item);
    }
    return messages;
  }

  /** A stream of the messages. It fails as `batches` throws. */
  get readable(): ReadableStream<Message> {
    const messages = this[Symbol.asyncIterator]();
    const closing = this.#closing;
    return new ReadableStream<Message>({
      async pull(controller) {
        const { done, value } = await messages.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        closing.abort();
        await messages.return();
      },
    }, { highWaterMark: 0 });
  }

  /** Closes the file or cancels the stream. A read in progress ends as at the end of the log, also with `follow`. */
  async close(): Promise<void> {
    this.#taken = true;
    await this.#release();
  }

  /** Closes at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Ends a pending read, which would hold up `return`, and closes the file. */
  async #release(): Promise<void> {
    this.#closing.abort();
    await this.#chunks.return();
  }

  /** Reads the first bytes and detects the format; null if reading was ended before there were any. */
  #open(): Promise<Opened | null> {
    return this.#opening ??= this.#choose();
  }

  async #choose(): Promise<Opened | null> {
    const { format: name, inflateLimit } = this.#options;
    const head = await this.#head();
    const format: LogFormat | null = name === null ? detectFormat(head, this.#name) : formatNamed(name);
    if (this.#ending === "aborted" && head.length === 0) return null;
    if (format === null) throw new SyntaxError(this.#unknown(head));
    const info: LogInfo = {
      format: format.name,
      version: null,
      startTimeNs: null,
      timeZone: null,
      channels: new Set(),
      application: null,
    };
    this.#info = info;
    const context = { info, diagnostics: this.#diagnostics, zone: zoneNoted(this.#zone, info), inflateLimit };
    return { format, context, head };
  }

  #unknown(head: Uint8Array): string {
    const why = head.length > 0
      ? "its first bytes match no log format"
      : this.#ending === "aborted"
      ? "reading was ended before its first byte"
      : "it is empty";
    return `Cannot read ${this.#title}: ${why}; set the option format to "${formatNames().join('", "')}"`;
  }

  /** Returns random access to the file or, for a compressed file or a stream, to all of its bytes in memory. */
  async #random(head: Uint8Array): Promise<RandomSource> {
    if (this.#path !== null && fileSystem().statSync(this.#path).isFile()) { // a pipe can be read only once
      const source = fileSource(this.#path);
      if (!isGzip(source.read(0, 2))) {
        return {
          ...source,
          read: (offset, length) => this.#counted(source, offset, length),
        };
      }
      source.close();
    }
    this.#follow = false;
    const chunks = [head];
    let length = head.length;
    const most = IN_MEMORY * this.#options.inflateLimit;
    while (length <= most) {
      const { done, value } = await this.#chunks.next();
      if (done) break;
      chunks.push(value.slice());
      length += value.length;
    }
    if (length > most) {
      throw new SyntaxError(
        `Cannot read ${this.#title}: it has more than ${most} bytes, all of which would have to be held in memory; ` +
          "read it from an uncompressed file, or set the option inflateLimit",
      );
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return memorySource(bytes);
  }

  /** Reads the first 64 KiB, and what comes with them. Of a followed file, what is enough to detect its format. */
  async #head(): Promise<Uint8Array> {
    const head = new Bytes(HEAD);
    while (head.length < HEAD && !(this.#follow && this.#isKnown(head.view()))) {
      const { done, value } = await this.#chunks.next();
      if (!done) head.bytes(value);
      else if (this.#ending !== "shrunk") break;
      else {
        head.clear();
        this.#restart();
      }
    }
    return head.view();
  }

  #counted(source: RandomSource, offset: number, length: number): Uint8Array {
    const bytes = source.read(offset, length);
    this.#bytesRead = Math.max(this.#bytesRead, offset + bytes.length);
    return bytes;
  }

  #isKnown(head: Uint8Array): boolean {
    return head.length > 0 && (this.#options.format !== null || detectFormat(head, null) !== null);
  }
}

/** Returns a zone that notes its name as that of a log whose local times it converts. */
function zoneNoted(zone: Zone, info: LogInfo): Zone {
  return {
    get name() {
      return zone.name;
    },
    fromLocal(ns) {
      info.timeZone = zone.name;
      return zone.fromLocal(ns);
    },
    toLocal: (ns) => zone.toLocal(ns),
  };
}
