/**
 * Writing the bytes of a log to a file or a stream, in order and without blocking the caller.
 *
 * @module
 */

/** A destination of bytes. */
export interface Output {
  /** The number of bytes not written yet. */
  readonly pending: number;
  /** Throws the error of an earlier write. */
  check(): void;
  /**
   * Queues a copy of the bytes.
   *
   * @throws The error of an earlier write.
   */
  write(bytes: Uint8Array): void;
  /** Overwrites the beginning of the file; does nothing if that is not possible. */
  rewrite(bytes: Uint8Array): void;
  /** Resolves once everything is written; rejects with the error of a write. */
  drain(): Promise<void>;
  /** Writes the rest and closes. */
  close(): Promise<void>;
  /** Writes the rest and closes, blocking the thread. */
  closeSync(): void;
}

type Fs = typeof import("node:fs");
type Zlib = typeof import("node:zlib");

const builtins = globalThis as unknown as {
  process: { getBuiltinModule(name: "node:fs"): Fs; getBuiltinModule(name: "node:zlib"): Zlib };
};

/** Returns `node:fs`, loaded on first use. */
export function fileSystem(): Fs {
  return builtins.process.getBuiltinModule("node:fs");
}

/** Returns `node:zlib`, loaded on first use. */
export function zlib(): Zlib {
  return builtins.process.getBuiltinModule("node:zlib");
}

/** Bytes to be written at a position. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly position: number;
}

/**
 * A file. Every piece has its position, so that closing synchronously can write the rest even while an earlier piece is
 * being written asynchronously. A pipe or a device has no positions: it is written to synchronously.
 */
export class FileOutput implements Output {
  readonly #fs = fileSystem();
  readonly #fd: number;
  readonly #gzip: boolean;
  /** Whether the file has positions, unlike a pipe or a device. */
  readonly #seekable: boolean;
  readonly #queue: Piece[] = [];
  #position: number;
  #pending = 0;
  /** The piece being written asynchronously. */
  #current: Piece | null = null;
  #scheduled = false;
  #closed = false;
  #failure: { error: unknown } | null = null;
  #waiting: { resolve: () => void; reject: (reason: unknown) => void }[] = [];

  /**
   * Opens a file.
   *
   * @param append Whether to append to the file, which must exist, instead of replacing it.
   * @param gzip Whether to compress. Each piece becomes a gzip member of its own, so that it can be read whatever happens
   * afterwards.
   * @throws {Error} The file cannot be opened.
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

  /** The size of the file in bytes once everything is written. */
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
    this.#schedule();
  }

  rewrite(bytes: Uint8Array): void {
    this.check();
    if (this.#gzip || !this.#seekable) return;
    this.#queue.push({ bytes: bytes.slice(), position: 0 });
    this.#pending += bytes.length;
    this.#schedule();
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
      // The piece being written asynchronously is written again, as there is no way to wait for it.
      for (const piece of this.#current ? [this.#current, ...this.#queue] : this.#queue) this.#writeNow(piece);
      this.#queue.length = 0;
      if (this.#failure) throw this.#failure.error;
    } finally {
      // A pending asynchronous write closes the descriptor when it completes.
      if (this.#current === null) this.#fs.closeSync(this.#fd);
    }
  }

  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Starts writing in a microtask. If the file is closed synchronously before, its last pieces are written synchronously
   * only: an asynchronous write that is still pending then could hit a file that was opened with the same name since.
   */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
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

/** The output of formats that write their file themselves. */
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
    throw new TypeError("Cannot close a log to a stream synchronously: use `await using` or `await log.close()`");
  }
}
