/**
 * Files that are read at any place: where the beginning says what is at the end.
 *
 * @module
 */

import { fileSystem } from "./output.ts";

/** Bytes at any place. */
export interface RandomSource {
  readonly size: number;
  /** The file's path; absent for bytes in memory. */
  readonly path?: string;
  /** A copy, or a view, of bytes; fewer at the end of the file. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

/** Bytes in memory. */
export function memorySource(bytes: Uint8Array): RandomSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close() {},
  };
}

/** A file. */
export function fileSource(path: string | URL): RandomSource {
  const fs = fileSystem();
  const fd = fs.openSync(path, "r");
  return {
    size: fs.fstatSync(fd).size,
    path: path instanceof URL ? decodeURIComponent(path.pathname) : path,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const count = fs.readSync(fd, bytes, done, length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return bytes.subarray(0, done);
    },
    close: () => fs.closeSync(fd),
  };
}
