/**
 * Where a log's bytes go: a file or a stream, in order, without holding up who writes.
 *
 * @module
 */

/** Somewhere to write to. */
export interface Output {
  /** Bytes that are not written yet. */
  readonly pending: number;
  /** Throws the error of an earlier write. */
  check(): void;
  /**
   * Takes bytes, which the caller may reuse afterwards.
   *
   * @throws The error of an earlier write.
   */
  write(bytes: Uint8Array): void;
  /** Overwrites the beginning of the file; where that is not possible, does nothing. */
  rewrite(bytes: Uint8Array): void;
  /** Resolves when all is written; rejects with the error of a write. */
  drain(): Promise<void>;
  /** Writes the rest and closes. */
  close(): Promise<void>;
  /** The same while the thread waits. */
  closeSync(): void;
}

type Fs = typeof import("node:fs");
type Zlib = typeof import("node:zlib");

const builtins = globalThis as unknown as {
  process: { getBuiltinModule(name: "node:fs"): Fs; getBuiltinModule(name: "node:zlib"): Zlib };
};

/** Node's modules, loaded on first use. */
export function fileSystem(): Fs {
  return builtins.process.getBuiltinModule("node:fs");
}

/** Node's zlib, loaded on first use. */
export function zlib(): Zlib {
  return builtins.process.getBuiltinModule("node:zlib");
}

/** A piece of a file that is not written yet. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly position: number;
}

/**
 * A file. Every piece has its position, so that the rest can be written at once when the file is closed while the thread
 * waits, though an earlier piece is still on its way. A pipe or a device has no positions: it is written to at once.
 */
export class FileOutput implements Output {
  readonly #fs = fileSystem();
  readonly #fd: number;
  readonly #gzip: boolean;
  /** Whether it has positions: a pipe or a device has none. */
  readonly #seekable: boolean;
  readonly #queue: Piece[] = [];
  #position: number;
  #pending = 0;
  /** The piece that is on its way. */
  #current: Piece | null = null;
  #closed = false;
  #failure: { error: unknown } | null = null;
  #waiting: { resolve: () => void; reject: (reason: unknown) => void }[] = [];

  /**
   * Opens a file.
   *
   * @param append Whether to continue it instead of beginning it again.
   * @param gzip Whether to compress: each piece becomes a member of its own, so that what was written can be read
   * whatever happens afterwards.
   * @throws {Error} It cannot be opened.
   */
  constructor(path: string, append: boolean, gzip: boolean) {
    this.#gzip = gzip;
    this.#fd = this.#fs.openSync(path, append ? "r+" : "w");
    const status = this.#fs.fstatSync(this.#fd);
    this.#seekable = status.isFile();
    this.#position = append ? status.size : 0;
  }

  get pending(): number {
    return this.#pending;
  }

  /** Bytes of the file when all is written. */
  get size(): number {
    return this.#position;
  }

  write(bytes: Uint8Array): void {
    this.check();
    if (bytes.length === 0) return;
    const copy = this.#gzip ? zlib().gzipSync(bytes) : bytes.slice();
    if (!this.#seekable) {
      try {
        return this.#writeNow({ bytes: copy, position: 0 });
      } catch (error) {
        this.#failure = { error };
        throw error;
      }
    }
    this.#queue.push({ bytes: copy, position: this.#position });
    this.#position += copy.length;
    this.#pending += copy.length;
    this.#pump();
  }

  rewrite(bytes: Uint8Array): void {
    this.check();
    if (this.#gzip || !this.#seekable) return;
    this.#queue.push({ bytes: bytes.slice(), position: 0 });
    this.#pending += bytes.length;
    this.#pump();
  }

  drain(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#settle();
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.drain();
    } finally {
      this.#closed = true;
      this.#fs.closeSync(this.#fd);
    }
  }

  closeSync(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      // What is on its way is written once more: nobody knows when it arrives.
      for (const piece of this.#current ? [this.#current, ...this.#queue] : this.#queue) this.#writeNow(piece);
      this.#queue.length = 0;
      if (this.#failure) throw this.#failure.error;
    } finally {
      // A piece that is on its way closes it when it has arrived.
      if (this.#current === null) this.#fs.closeSync(this.#fd);
    }
  }

  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #pump(): void {
    if (this.#current !== null || this.#closed) return;
    const piece = this.#queue.shift();
    if (piece === undefined) return this.#settle();
    this.#current = piece;
    this.#send(piece, 0);
  }

  #send(piece: Piece, done: number): void {
    const { bytes, position } = piece;
    this.#fs.write(this.#fd, bytes, done, bytes.length - done, this.#place(position + done), (error, count) => {
      if (!error && done + count < bytes.length) return this.#send(piece, done + count);
      this.#current = null;
      this.#pending -= bytes.length;
      if (error) {
        this.#failure ??= { error };
        this.#queue.length = 0;
        this.#pending = 0;
      }
      if (this.#closed) this.#fs.closeSync(this.#fd);
      else this.#pump();
    });
  }

  #writeNow({ bytes, position }: Piece): void {
    for (let done = 0; done < bytes.length;) {
      done += this.#fs.writeSync(this.#fd, bytes, done, bytes.length - done, this.#place(position + done));
    }
  }

  #place(position: number): number | null {
    return this.#seekable ? position : null;
  }

  #settle(): void {
    if (this.#current !== null || this.#queue.length > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve, reject } of waiting) {
      if (this.#failure) reject(this.#failure.error);
      else resolve();
    }
  }
}

/** For formats that write their file themselves. */
export const noOutput: Output = {
  pending: 0,
  check() {},
  write() {},
  rewrite() {},
  drain: () => Promise.resolve(),
  close: () => Promise.resolve(),
  closeSync() {},
};

/** A stream of bytes. */
export class StreamOutput implements Output {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #gzip: boolean;
  #last: Promise<void> = Promise.resolve();
  #pending = 0;
  #failure: { error: unknown } | null = null;

  constructor(stream: WritableStream<Uint8Array>, gzip: boolean) {
    this.#writer = stream.getWriter();
    this.#gzip = gzip;
  }

  get pending(): number {
    return this.#pending;
  }

  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  write(bytes: Uint8Array): void {
    this.check();
    if (bytes.length === 0) return;
    const copy = this.#gzip ? zlib().gzipSync(bytes) : bytes.slice();
    this.#pending += copy.length;
    this.#last = this.#writer.write(copy).then(() => {
      this.#pending -= copy.length;
    }, (error) => {
      this.#failure ??= { error };
    });
  }

  rewrite(): void {}

  async drain(): Promise<void> {
    await this.#last;
    if (this.#failure) throw this.#failure.error;
  }

  async close(): Promise<void> {
    await this.drain();
    await this.#writer.close();
  }

  closeSync(): void {
    throw new TypeError("Cannot close a stream while the thread waits: use `await using` or `await log.close()`");
  }
}
