/**
 * Random access to files, for formats whose beginning refers to later parts of the file.
 *
 * @module
 */

import { fileSystem, pathOf } from "./output.ts";

/** Bytes with random access. */
export interface RandomSource {
  /** The size in bytes. */
  readonly size: number;
  /** The file's path; absent for bytes in memory. */
  readonly path?: string;
  /** Returns a copy or a view of up to `length` bytes; fewer at the end of the file. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

/** Random access to bytes in memory. */
export function memorySource(bytes: Uint8Array): RandomSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close() {},
  };
}

/**
 * Random access to a file.
 *
 * @throws {Error} The file cannot be opened.
 */
export function fileSource(path: string | URL): RandomSource {
  const fs = fileSystem();
  const fd = fs.openSync(path, "r");
  const { size } = fs.fstatSync(fd);
  return {
    size,
    path: pathOf(path),
    read(offset, length) {
      // A length from the file itself may be any number: nothing is allocated for bytes that do not exist.
      const available = Math.max(Math.min(length, size - offset), 0);
      const bytes = new Uint8Array(available);
      let done = 0;
      while (done < available) {
        const count = fs.readSync(fd, bytes, done, available - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return bytes.subarray(0, done);
    },
    close: () => fs.closeSync(fd),
  };
}
