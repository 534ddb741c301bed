/**
 * Inflating with `node:zlib`.
 *
 * @module
 */

import { zlib } from "./output.ts";

/** The limits of the size of a buffer to inflate into, in bytes: what a file states may be anything. */
const LEAST = 1 << 14;
const MOST = 1 << 20;

const TOO_LARGE = "ERR_BUFFER_TOO_LARGE";

/** Whether an error says that compressed data is invalid, or that it inflates to more than the limit. */
export function isZlibError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string" &&
    (error.code.startsWith("Z_") || error.code === TOO_LARGE);
}

/** Whether the first bytes of a file are those of gzip. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** Returns a Buffer as a plain view of the same bytes. The `slice` of a Buffer would not copy. */
export function plainBytes(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);
}

/**
 * Inflates zlib data; returns the reason, as a string, if that is not possible.
 *
 * @param limit The largest number of bytes that it may inflate to.
 * @param expected The number of bytes that it should inflate to, if known. A buffer that is large enough saves joining several.
 * @param truncated Whether the end of the data may be missing.
 */
export function inflate(
  data: Uint8Array,
  limit: number,
  expected = 0,
  truncated = false,
): Uint8Array<ArrayBuffer> | string {
  const { constants, inflateSync } = zlib();
  const finishFlush = truncated ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
  const chunkSize = Math.min(Math.max(expected + 1, LEAST), MOST);
  try {
    return plainBytes(inflateSync(data, { chunkSize, finishFlush, maxOutputLength: limit }));
  } catch (error) {
    if (!isZlibError(error)) throw error;
    return error.code === TOO_LARGE ? `it inflates to more than ${limit} bytes` : error.message;
  }
}
