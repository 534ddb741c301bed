/**
 * Where full blocks of frames are kept.
 *
 * @module
 */

import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block } from "./block.ts";

/** Keeps blocks by their numbers, which count from 0. */
export interface Shelf {
  put(block: Block): void;
  /** Returns a block that was not dropped. */
  get(number: number): Block;
  /** Drops the oldest block. */
  drop(): void;
  close(): void;
}

/** Keeps blocks in memory. */
export class MemoryShelf implements Shelf {
  #blocks: Block[] = [];
  /** The number of the first one. */
  #first = 0;

  put(block: Block): void {
    this.#blocks.push(block);
  }

  get(number: number): Block {
    return this.#blocks[number - this.#first];
  }

  drop(): void {
    this.#blocks.shift();
    this.#first++;
  }

  close(): void {
    this.#blocks = [];
  }
}

/** The number of blocks that were read last and stay in memory. */
const RECENT = 16;

/** Keeps blocks in a temporary file, which is gone when it is closed, or when the process ends in whichever way. */
export class FileShelf implements Shelf {
  readonly #file: number;
  /** Where each block begins, in bytes, and where the next one will. */
  readonly #offsets = [0];
  readonly #recent = new Map<number, Block>();

  /** @throws {Error} The folder cannot be written. */
  constructor(folder: string = tmpdir()) {
    const own = mkdtempSync(join(folder, "can-web-"));
    try {
      this.#file = openSync(join(own, "frames"), "wx+", 0o600);
    } finally {
      rmSync(own, { recursive: true }); // an open file stays
    }
  }

  /** @throws {Error} The disk is full. */
  put(block: Block): void {
    const { words } = block;
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    const start = this.#offsets.at(-1)!;
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.#file, bytes, done, bytes.length - done, start + done);
    }
    this.#offsets.push(start + bytes.length);
  }

  get(number: number): Block {
    let block = this.#recent.get(number);
    this.#recent.delete(number);
    block ??= this.#read(number);
    this.#recent.set(number, block); // the last in order of use
    if (this.#recent.size > RECENT) this.#recent.delete(this.#recent.keys().next().value!);
    return block;
  }

  drop(): void {
    throw new Error("A file keeps all blocks");
  }

  close(): void {
    this.#recent.clear();
    ftruncateSync(this.#file);
    closeSync(this.#file);
  }

  #read(number: number): Block {
    const [from, to] = [this.#offsets[number], this.#offsets[number + 1]];
    const words = new Int32Array((to - from) / 4);
    const bytes = new Uint8Array(words.buffer);
    for (let done = 0; done < bytes.length;) {
      const read = readSync(this.#file, bytes, done, bytes.length - done, from + done);
      if (read === 0) throw new Error("The file of frames was cut short");
      done += read;
    }
    return new Block(words);
  }
}
