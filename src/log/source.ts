/**
 * The bytes of a log, from a file, memory or a stream, inflated if they are compressed with gzip.
 *
 * @module
 */

import type { Gunzip } from "node:zlib";
import { pause } from "../endpoint/turn.ts";
import { isGzip, isZlibError, plainBytes } from "./inflate.ts";
import { fileSystem } from "./output.ts";
import { untilAborted } from "./waiting.ts";

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
  /** Called with the number of bytes of the input that have been read so far, compressed ones as they are. */
  read(bytes: number): void;
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
  { signal, ended, read }: SourceOptions,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let position = 0;
  const abort = () => void reader.cancel(signal.reason).catch(() => {}); // to end the pending read
  signal.addEventListener("abort", abort);
  try {
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done) break;
      read(position += value.length);
      yield* piecesOf(value);
    }
    ended(signal.aborted ? "aborted" : "end");
  } finally {
    signal.removeEventListener("abort", abort);
    reader.releaseLock();
  }
}

async function* fileBytes(path: string | URL, options: SourceOptions): AsyncGenerator<Uint8Array> {
  const { signal, ended } = options;
  const { open } = await import("node:fs/promises");
  // A pipe may keep whoever opens or reads it waiting for ever; a file does not, and is closed before reading it ends.
  const isFile = fileSystem().statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  const impatient = isFile ? undefined : signal;
  const opening = open(path, "r");
  const file = await untilAborted(opening, impatient);
  if (file === null) {
    opening.then((late) => late.close()).catch(() => {}); // nobody reads it any more
    return ended("aborted");
  }
  let reading: Promise<unknown> = Promise.resolve();
  try {
    const chunk = new Uint8Array(CHUNK);
    let position = 0;
    while (!signal.aborted) {
      const read = reading = file.read(chunk, 0, CHUNK, null);
      const { bytesRead } = await untilAborted(read, impatient) ?? { bytesRead: 0 };
      position += bytesRead;
      options.read(position);
      if (bytesRead > 0) {
        yield chunk.subarray(0, bytesRead);
        continue;
      }
      if (signal.aborted) break;
      if (!options.follow) return ended("end");
      const status = await file.stat();
      if (status.isFile() && status.size < position) return ended("shrunk");
      await pause(FOLLOW, signal);
    }
    ended("aborted");
  } finally {
    const closing = reading.catch(() => {}).then(() => file.close()); // an error of reading is thrown where it is waited for
    await untilAborted(closing, impatient);
  }
}

/**
 * Inflates gzip, also with several members. Truncated data yields everything up to the truncation, which is reported unless
 * more may follow.
 */
async function* inflated(
  raw: AsyncGenerator<Uint8Array, void, void>,
  options: SourceOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const { createGunzip } = await import("node:zlib");
  const gunzip = createGunzip({ chunkSize: CHUNK });
  let offset = 0;
  try {
    const outputs = outputsOf(gunzip);
    for await (const chunk of raw) {
      for await (const output of outputs((done) => gunzip.write(chunk, done))) {
        offset += output.length;
        yield output;
      }
    }
    if (options.follow || options.signal.aborted) return;
    for await (const output of outputs((done) => gunzip.on("end", done).end())) {
      offset += output.length;
      yield output;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    const reason = error.code === "Z_BUF_ERROR"
      ? "gzip data is truncated: the rest of the file is missing"
      : `gzip data is damaged: ${error.message}; the rest of the file cannot be read`;
    options.damaged(reason, offset);
  } finally {
    gunzip.destroy();
    await raw.return();
  }
}

/**
 * Returns a function that starts a step of a stream, and yields what comes out of the stream until the step is done. Unlike
 * iteration of the stream, this loses nothing that came out before an error.
 */
function outputsOf(stream: Gunzip): (step: (done: () => void) => void) => AsyncGenerator<Uint8Array, void, void> {
  let failure: { readonly error: Error } | null = null;
  let wake = () => {};
  stream.on("readable", () => wake()).on("error", (error) => {
    failure = { error };
    wake();
  });
  return async function* (step) {
    let isDone = false;
    step(() => {
      isDone = true;
      wake();
    });
    for (;;) {
      const output: Uint8Array | null = stream.read();
      if (output !== null) yield plainBytes(output);
      else if (failure !== null) throw failure.error;
      else if (isDone) return;
      else await new Promise<void>((resolve) => wake = resolve);
    }
  };
}
