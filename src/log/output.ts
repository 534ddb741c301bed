/**
 * Writing the bytes of a log to a file or a stream, in order and without blocking the caller.
 *
 * @module
 */

/** A destination of bytes. */
export interface Output {
  /** The number of bytes not written yet. */
  readonly pending: number;
  /** The time in seconds that synchronous writes took, during which the thread did nothing else. */
  readonly blocked: number;
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
  /** Writes the rest and closes, unless it is closed. */
  close(): Promise<void>;
  /** Writes the rest and closes, blocking the thread, unless it is closed. */
  closeSync(): void;
  /** Drops what a stream has not taken, for the given reason, which ends all waiting for it. A file takes everything. */
  abandon(reason: unknown): void;
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

/**
 * Returns the path of a file.
 *
 * @throws {TypeError} The URL is not that of a file.
 */
export function pathOf(file: string | URL): string {
  if (typeof file === "string") return file;
  if (file.protocol !== "file:") throw new TypeError(`Cannot open ${file}: it must be a path or a file: URL`);
  return decodeURIComponent(file.pathname);
}

/** Bytes to be written. */
interface Piece {
  readonly bytes: Uint8Array;
  /** Where they belong; 0 in what has no positions. */
  readonly position: number;
}

/** The number of pieces whose memory is kept for others. */
const SPARE = 4;

/** How to open a file: a new one, which must not exist; a new one in place of any other; or an existing one to append to. */
export type OpenMode = "new" | "replace" | "append";

/** Files that were closed while a piece was being written, by device and inode. The piece may still be written again. */
const late = new Map<string, number>();

/**
 * A file. Pieces are written one after the other, asynchronously, each at its position. The first piece, and what replaces
 * the beginning of the file later, is written synchronously, so that an older beginning can never follow a newer one.
 *
 * An asynchronous write can neither be awaited synchronously nor be cancelled. Closing synchronously therefore writes the
 * piece in progress once more, with everything after it, by a descriptor of its own: what was accepted is in the file then.
 * The write in progress puts the same bytes to the same place, before or after. Only a file that is emptied meanwhile must
 * not get them: to replace such a file is to make a new one.
 *
 * A pipe or a device has no positions: it is written to synchronously.
 */
export class FileOutput implements Output {
  readonly #fs = fileSystem();
  /** The descriptor of asynchronous writes. */
  readonly #fd: number;
  /** The descriptor of synchronous writes: in Deno, a descriptor has one position, which both would change. */
  readonly #syncFd: number;
  readonly #gzip: boolean;
  /** Whether the file has positions, unlike a pipe or a device. */
  readonly #seekable: boolean;
  readonly #key: string;
  readonly #queue: Piece[] = [];
  /** Memory of pieces that are written, for those to come: new memory costs more than copying into it. */
  readonly #spare: Uint8Array[] = [];
  #position: number;
  #pending = 0;
  /** The piece being written asynchronously. */
  #current: Piece | null = null;
  #blocked = 0;
  #scheduled = false;
  /** Whether the previous file of the series is not written yet. */
  #held = false;
  #closed = false;
  #failure: { error: unknown } | null = null;
  #waiting: { resolve: () => void; reject: (reason: unknown) => void }[] = [];

  /**
   * Opens a file.
   *
   * @param gzip Whether to compress. Each piece becomes a gzip member of its own, so that it can be read whatever happens
   * afterwards.
   * @param after Resolves once the previous file of a series is written; null if there is none. Nothing is written before:
   * what a killed process leaves has no gaps.
   * @throws {Error} The file cannot be opened.
   */
  constructor(path: string, mode: OpenMode, gzip: boolean, after: Promise<void> | null) {
    const fs = this.#fs;
    this.#gzip = gzip;
    if (mode === "replace" && late.size > 0) {
      const status = fs.statSync(path, { throwIfNoEntry: false });
      if (status !== undefined && late.has(keyOf(status))) fs.unlinkSync(fs.realpathSync(path));
    }
    this.#fd = fs.openSync(path, { new: "wx", replace: "w", append: "r+" }[mode]);
    const status = fs.fstatSync(this.#fd);
    this.#key = keyOf(status);
    this.#seekable = status.isFile();
    this.#position = mode === "append" ? status.size : 0;
    try {
      this.#syncFd = this.#seekable ? fs.openSync(path, "r+") : this.#fd;
    } catch (error) {
      fs.closeSync(this.#fd);
      throw error;
    }
    if (after !== null) this.#waitFor(after);
  }

  get pending(): number {
    return this.#pending;
  }

  get blocked(): number {
    return this.#blocked;
  }

  /** Cuts off the end of the file. Nothing may have been written yet. */
  cut(size: number): void {
    if (size === this.#position) return;
    this.#fs.ftruncateSync(this.#syncFd, size);
    this.#position = size;
  }

  write(bytes: Uint8Array): void {
    this.check();
    if (bytes.length === 0) return;
    const packed = this.#gzip ? zlib().gzipSync(bytes) : bytes;
    if (!this.#seekable) return this.#attempt({ bytes: packed, position: 0 });
    this.#add({ bytes: this.#gzip ? packed : this.#copy(bytes), position: this.#position });
    this.#position += packed.length;
  }

  /** Returns a copy, in memory that was used before if there is some. */
  #copy(bytes: Uint8Array): Uint8Array {
    const memory = this.#spare.pop();
    if (memory === undefined || memory.length < bytes.length) return bytes.slice();
    memory.set(bytes);
    return memory.subarray(0, bytes.length);
  }

  rewrite(bytes: Uint8Array): void {
    this.check();
    if (!this.#gzip && this.#seekable) this.#add({ bytes: bytes.slice(), position: 0 });
  }

  drain(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#settle();
    });
  }

  async close(): Promise<void> {
    try {
      await this.drain();
    } finally {
      this.#end();
    }
  }

  closeSync(): void {
    if (this.#closed) return;
    try {
      for (const piece of this.#current ? [this.#current, ...this.#queue] : this.#queue) this.#attempt(piece);
      this.check();
    } finally {
      this.#queue.length = 0;
      this.#pending = 0;
      this.#end();
    }
  }

  abandon(): void {}

  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #add(piece: Piece): void {
    this.#queue.push(piece);
    this.#pending += piece.bytes.length;
    this.#schedule();
  }

  /** Starts writing in a microtask. What is closed synchronously before is written synchronously only. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  async #waitFor(previous: Promise<void>): Promise<void> {
    this.#held = true;
    await previous;
    this.#held = false;
    this.#pump();
  }

  #pump(): void {
    while (this.#current === null && !this.#held && !this.#closed) {
      const piece = this.#queue.shift();
      if (piece === undefined) return this.#settle();
      if (piece.position > 0) {
        this.#current = piece;
        this.#send(piece, piece.position, 0);
        return;
      }
      try {
        this.#attempt(piece);
      } catch (error) {
        this.#fail(error);
      }
      this.#pending = Math.max(this.#pending - piece.bytes.length, 0);
    }
  }

  #send(piece: Piece, position: number, done: number): void {
    const { bytes } = piece;
    this.#fs.write(this.#fd, bytes, done, bytes.length - done, position + done, (error, count) => {
      if (this.#closed) return this.#endLate(); // all of it was written synchronously
      if (!error && done + count < bytes.length) return this.#send(piece, position, done + count);
      this.#current = null;
      this.#pending -= bytes.length;
      if (error) this.#fail(error);
      else if (!this.#gzip && this.#spare.length < SPARE) this.#spare.push(new Uint8Array(bytes.buffer));
      this.#pump();
    });
  }

  /** Writes a piece synchronously. */
  #attempt({ bytes, position }: Piece): void {
    const from = performance.now();
    try {
      for (let done = 0; done < bytes.length;) {
        const place = this.#seekable ? position + done : null;
        done += this.#fs.writeSync(this.#syncFd, bytes, done, bytes.length - done, place);
      }
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#blocked += (performance.now() - from) / 1000;
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#queue.length = 0;
    this.#pending = 0;
  }

  #settle(): void {
    if (!this.#closed && (this.#current !== null || this.#queue.length > 0)) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve, reject } of waiting) {
      if (this.#failure) reject(this.#failure.error);
      else resolve();
    }
  }

  /** Closes the descriptors, except that of a write in progress. */
  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#settle();
    if (this.#seekable) this.#fs.closeSync(this.#syncFd);
    if (this.#current === null) this.#fs.closeSync(this.#fd);
    else late.set(this.#key, (late.get(this.#key) ?? 0) + 1);
  }

  /** Closes the descriptor of a write that was in progress when the file was closed. */
  #endLate(): void {
    this.#fs.closeSync(this.#fd);
    const others = late.get(this.#key)! - 1;
    if (others > 0) late.set(this.#key, others);
    else late.delete(this.#key);
  }
}

function keyOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}

/** The output of formats that write their file themselves. */
export const noOutput: Output = {
  pending: 0,
  blocked: 0,
  check() {},
  write() {},
  rewrite() {},
  drain: () => Promise.resolve(),
  close: () => Promise.resolve(),
  closeSync() {},
  abandon() {},
};

/** A stream of bytes. */
export class StreamOutput implements Output {
  readonly blocked = 0;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #gzip: boolean;
  #last: Promise<void> = Promise.resolve();
  #pending = 0;
  #closed = false;
  #failure: { error: unknown } | null = null;
  readonly #abandoned: Promise<void>;
  #setAbandoned: () => void = () => {};

  constructor(stream: WritableStream<Uint8Array>, gzip: boolean) {
    this.#writer = stream.getWriter();
    this.#abandoned = new Promise((resolve) => this.#setAbandoned = resolve);
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
    await Promise.race([this.#last, this.#abandoned]);
    this.check();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.drain();
    await Promise.race([this.#writer.close(), this.#abandoned]);
    this.check();
  }

  abandon(reason: unknown): void {
    this.#failure ??= { error: reason };
    this.#writer.abort(reason).catch(() => {}); // it may fail or never end, which nobody waits for
    this.#setAbandoned();
  }

  closeSync(): void {
    if (this.#closed) return;
    throw new TypeError("Cannot close a log to a stream synchronously: use `await using` or `await log.close()`");
  }
}
