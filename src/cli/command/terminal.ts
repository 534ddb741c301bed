/**
 * The standard streams, signals and the environment.
 *
 * @module
 */

import { readSync, writeSync } from "node:fs";
import process from "node:process";
import type { Logger } from "../../endpoint/options.ts";

/** The number of characters gathered before they are written. */
const CHUNK = 1 << 16;

/** The reader of the output is gone: the command ends without a word. */
export class ClosedPipe extends Error {
  override readonly name = "ClosedPipe";
}

/** A standard stream that is written to. What is written is gathered until `flush`. */
export class Output {
  readonly #fd: 1 | 2;
  #text = "";

  constructor(stream: 1 | 2) {
    this.#fd = stream;
  }

  /** Whether it is a terminal. Only asked for when it matters: the runtimes make a stream for the answer. */
  get isTerminal(): boolean {
    return (this.#fd === 1 ? process.stdout : process.stderr).isTTY === true;
  }

  /** Appends text, which is written at the next `flush` at the latest. */
  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= CHUNK) this.flush();
  }

  /** Appends a line. */
  line(text = ""): void {
    this.write(`${text}\n`);
  }

  /**
   * Writes all that was appended.
   *
   * @throws {ClosedPipe} The reader is gone.
   */
  flush(): void {
    if (this.#text === "") return;
    const bytes = new TextEncoder().encode(this.#text);
    this.#text = "";
    this.bytes(bytes);
  }

  /** Writes bytes, after all that was appended. */
  bytes(bytes: Uint8Array): void {
    if (this.#text !== "") this.flush();
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSync(this.#fd, bytes, at);
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === "EPIPE") throw new ClosedPipe("the reader of the output is gone", { cause: error });
        if (code !== "EAGAIN" && code !== "EINTR") throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // a pipe that is full and does not block
      }
    }
  }
}

/** The numbers of the signals that end a command. */
const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof signals;

/** What a subcommand has of the outside. */
export class Terminal {
  readonly out: Output;
  readonly err: Output;
  readonly #stop = new AbortController();
  #signal: Signal | null = null;
  #color = "auto";

  constructor(out: Output = new Output(1), err: Output = new Output(2)) {
    this.out = out;
    this.err = err;
  }

  /** Aborted by the first SIGHUP, SIGINT or SIGTERM once `catchSignals` was called. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Whether standard output gets colours. */
  get colors(): boolean {
    if (this.#color !== "auto") return this.#color === "always";
    // Not TERM: Deno would ask for a permission to read it, as it does not for NO_COLOR.
    return this.out.isTerminal && !process.env.NO_COLOR;
  }

  /** Sets when there are colours: auto, always or never. */
  set color(when: string) {
    this.#color = when;
  }

  /** From now on a signal aborts `signal`, so that the command can end in order; a second one ends it at once. */
  catchSignals(): void {
    for (const name of Object.keys(signals) as Signal[]) {
      process.on(name, () => {
        if (this.#signal !== null) process.exit(128 + signals[name]);
        this.stop(name);
      });
    }
  }

  /** Aborts `signal`, as a signal does: for a terminal in raw mode, where Ctrl-C is a key. */
  stop(name: Signal): void {
    this.#signal = name;
    this.#stop.abort(new DOMException(`stopped by ${name}`, "AbortError"));
  }

  /** The exit status that tells of the signal; null if there was none. */
  get signalStatus(): number | null {
    return this.#signal === null ? null : 128 + signals[this.#signal];
  }

  /** Writes the library's warnings to standard error. */
  get logger(): Logger {
    return { warn: (text) => this.warn(`can: ${text}`) };
  }

  /** Writes a line to standard error. */
  warn(text: string): void {
    this.out.flush();
    this.err.line(text);
    this.err.flush();
  }
}

/** Reads all of standard input. */
export function readInput(): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const chunk = new Uint8Array(CHUNK);
    const count = readSync(0, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    length += count;
  }
  const all = new Uint8Array(length);
  for (const chunk of chunks.toReversed()) all.set(chunk, length -= chunk.length);
  return all;
}
