/**
 * The bytes of a log, from a file, memory or a stream, inflated if they are compressed with gzip.
 *
 * @module
 */

import type { FileHandle } from "node:fs/promises";
import type { Gunzip } from "node:zlib";
import { isGzip, isZlibError, plainBytes } from "./inflate.ts";

/**
 * Where to read a log from: a path, a file URL, the bytes of a file, or a stream of bytes.
 *
 * @category Logs
 */
export type LogInput = string | URL | Uint8Array | ReadableStream<Uint8Array>;

/** The size of one read in bytes. */
const CHUNK = 1 << 18;
/** Milliseconds between two checks of a followed file. */
const FOLLOW = 100;

/** Why there are no more bytes: the input ends; the signal was aborted; a followed file became shorter than what was read. */
export type Ending = "end" | "aborted" | "shrunk";

/** Options of `bytesOf`. */
export interface SourceOptions {
  /** Whether to wait for more data at the end of a file, until `signal` is aborted. May change meanwhile. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Called when there are no more bytes to read. */
  ended(how: Ending): void;
  /** Called if gzip data is damaged, after which nothing more is yielded. `offset` counts inflated bytes. */
  damaged(reason: string, offset: number): void;
}

/**
 * Yields the bytes of an input in chunks, each valid until the next one is requested.
 *
 * @throws {Error} The file cannot be opened or read, or the stream fails; or what `damaged` throws.
 */
export async function* bytesOf(input: LogInput, options: SourceOptions): AsyncGenerator<Uint8Array, void, void> {
  const raw = rawBytesOf(input, options);
  let { done, value: first } = await raw.next();
  while (!done && first!.length === 1) { // too few to tell what they are
    const [byte] = first!;
    const next = await raw.next();
    if (next.done) done = true;
    else first = Uint8Array.from([byte, ...next.value]);
  }
  if (first === undefined) return;
  if (isGzip(first)) yield* inflated(prepended(first, raw), options);
  else yield* prepended(first, raw);
}

async function* prepended(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return();
  }
}

async function* rawBytesOf(input: LogInput, options: SourceOptions): AsyncGenerator<Uint8Array, void, void> {
  if (input instanceof Uint8Array) {
    yield* piecesOf(input);
    options.ended("end");
  } else if (input instanceof ReadableStream) yield* streamBytes(input, options);
  else yield* fileBytes(input, options);
}

/** Yields bytes in pieces of the size of a read, so that what is decoded of one piece stays small. */
function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

async function* streamBytes(
  stream: ReadableStream<Uint8Array>,
  { signal, ended }: SourceOptions,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  const abort = () => void reader.cancel(signal.reason).catch(() => {}); // to end the pending read
  signal.addEventListener("abort", abort);
  try {
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done) break;
      yield* piecesOf(value);
    }
    ended(signal.aborted ? "aborted" : "end");
  } finally {
    signal.removeEventListener("abort", abort);
    reader.releaseLock();
  }
}

async function* fileBytes(path: string | URL, options: SourceOptions): AsyncGenerator<Uint8Array> {
  const { signal } = options;
  const { open } = await import("node:fs/promises");
  const file: FileHandle = await open(path, "r");
  try {
    const chunk = new Uint8Array(CHUNK);
    let position = 0;
    while (!signal.aborted) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK, null);
      position += bytesRead;
      if (bytesRead > 0) {
        yield chunk.subarray(0, bytesRead);
        continue;
      }
      if (!options.follow) return options.ended("end");
      const status = await file.stat();
      if (status.isFile() && status.size < position) return options.ended("shrunk");
      await pause(signal);
    }
    options.ended("aborted");
  } finally {
    await file.close();
  }
}

/** Waits until the next check of a followed file is due, or until the signal is aborted. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, FOLLOW);
    signal.addEventListener("abort", done);
  });
}

/** Waits until a stream takes more, or is closed. */
function drained(stream: Gunzip): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.on("drain", done).on("close", done);
  });
}

/** Inflates gzip, also with several members. A truncated file yields everything up to the truncation. */
async function* inflated(
  raw: AsyncGenerator<Uint8Array, void, void>,
  { damaged }: SourceOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const { constants, createGunzip } = await import("node:zlib");
  const gunzip: Gunzip = createGunzip({ chunkSize: CHUNK, finishFlush: constants.Z_SYNC_FLUSH });
  const feed = async () => {
    try {
      for await (const chunk of raw) {
        // A chunk is valid until the next one only, and zlib keeps it longer: hence the copy.
        if (!gunzip.write(chunk.slice())) await drained(gunzip);
        if (gunzip.destroyed) return;
      }
      gunzip.end();
    } catch (error) {
      gunzip.destroy(error as Error);
    }
  };
  const feeding = feed();
  let offset = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      offset += chunk.length;
      yield plainBytes(chunk);
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    damaged(`gzip data is damaged: ${error.message}; the rest of the file cannot be read`, offset);
  } finally {
    gunzip.destroy();
    await raw.return();
    await feeding;
  }
}
