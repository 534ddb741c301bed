/**
 * Finding the end of what can be read of a file, to append to it.
 *
 * @module
 */

import type { Bytes } from "./bytes.ts";
import type { RandomSource } from "./random.ts";

/** Ends an incomplete last line, and continues a text at its end. */
export function resumeLines(file: RandomSource, out: Bytes): number {
  if (file.size > 0 && file.read(file.size - 1, 1)[0] !== 10) out.byte(10);
  return file.size;
}

/**
 * Returns the end of the last whole block of a file.
 *
 * @param from The offset of the first block.
 * @param header The number of bytes that contain a block's length.
 * @param lengthOf Returns the length of a block by its header; 0 if it is invalid.
 * @throws {RangeError} A length is invalid.
 */
export function endOfBlocks(
  file: RandomSource,
  from: number,
  header: number,
  lengthOf: (view: DataView, at: number) => number,
): number {
  const most = 1 << 20;
  let begin = from;
  let view: DataView = new DataView(new ArrayBuffer(0));
  for (let at = from;;) {
    if (at + header > file.size) return at;
    if (at - begin + header > view.byteLength) {
      const bytes = file.read(at, most);
      begin = at;
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const length = lengthOf(view, at - begin);
    if (length < header) throw new RangeError(`it is damaged at offset ${at}`);
    if (at + length > file.size) return at;
    at += length;
  }
}
