/**
 * Preparing an existing file to be appended to: what a killed writer left unfinished is completed or cut off.
 *
 * @module
 */

import { Bytes } from "./bytes.ts";
import type { LogEncoder, LogFormat } from "./format.ts";
import { detectFormat } from "./formats.ts";
import { isGzip, isZlibError, plainBytes } from "./inflate.ts";
import { zlib } from "./output.ts";
import { fileSource, memorySource, type RandomSource } from "./random.ts";
import { resumeLines } from "./resume.ts";

/** The bytes that every member begins with that this library writes. */
const MEMBER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);
/** The checksum and the size behind the data of a member. */
const TRAILER = 8;
/** The bytes at the end of a file in which the last member is looked for. The writer's members are smaller. */
const TAIL = 1 << 18;
const HEAD = 1 << 16;

/**
 * Prepares a file for the encoder to continue it.
 *
 * @param out Receives what must be written first.
 * @returns The size to which the file must be cut before; 0 to write the file from its beginning.
 * @throws {RangeError} The file is in another format, or damaged: appending would make it worse.
 */
export function prepareAppending(
  path: string,
  { format, encoder, gzip }: { readonly format: LogFormat; readonly encoder: LogEncoder; readonly gzip: boolean },
  out: Bytes,
): number {
  const file = fileSource(path);
  try {
    const raw = file.read(0, HEAD);
    if (isBeginningOf(raw, gzip ? MEMBER : begun(encoder))) return 0;
    const compressed = isGzip(raw);
    if (compressed !== gzip) {
      throw new RangeError(`it is ${compressed ? "" : "not "}compressed: set the option gzip to ${compressed}`);
    }
    const head = compressed ? inflatedHead(raw) : raw;
    const found = detectFormat(head, null);
    if (found !== null && found.decoder !== format.decoder) throw new RangeError(`it is a ${found.title}`);
    if (!compressed) return encoder.resume ? encoder.resume(file, out) : resumeLines(file, out);
    const { end, last } = lastMember(file);
    if (end === 0) return 0;
    if (encoder.resumeCompressed) encoder.resumeCompressed(head, out);
    else resumeLines(memorySource(last), out);
    return end;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`Cannot append to "${path}" as a ${format.title}: ${error.message}`);
  } finally {
    file.close();
  }
}

/** Whether the writer of a file did not get further than its beginning. */
function isBeginningOf(bytes: Uint8Array, beginning: Uint8Array): boolean {
  return bytes.length <= beginning.length && bytes.every((byte, i) => byte === beginning[i]);
}

function begun(encoder: LogEncoder): Uint8Array {
  const beginning = new Bytes(256);
  encoder.begin(beginning);
  return beginning.view();
}

function inflatedHead(raw: Uint8Array): Uint8Array {
  const { constants, gunzipSync } = zlib();
  return plainBytes(gunzipSync(raw, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 27 }));
}

/** Returns where the last whole member of a gzip file ends, and what it contains. */
function lastMember(file: RandomSource): { end: number; last: Uint8Array } {
  const from = Math.max(file.size - TAIL, 0);
  const tail = file.read(from, TAIL);
  for (let at = tail.length; (at = lastIndexOf(tail, at - 1)) >= 0;) {
    const found = inflatedMember(tail, at);
    if (found !== null) return { end: from + found.end, last: found.bytes };
  }
  if (from === 0 && lastIndexOf(tail, tail.length) === 0) return { end: 0, last: tail.subarray(0, 0) };
  throw new RangeError("its gzip data was not written by this library: inflate it before");
}

/** Returns the offset of the last member that begins at `before` or earlier; -1 if there is none. */
function lastIndexOf(bytes: Uint8Array, before: number): number {
  for (let at = Math.min(before, bytes.length - MEMBER.length); at >= 0; at--) {
    if (MEMBER.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** Returns the contents and the end of a member; null if it is cut off. */
function inflatedMember(bytes: Uint8Array, at: number): { bytes: Uint8Array; end: number } | null {
  const from = at + MEMBER.length;
  try {
    // With `info`, which the types lack, the result also contains how much was read.
    const { buffer, engine } = zlib().inflateRawSync(bytes.subarray(from), { info: true }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    const end = from + engine.bytesWritten + TRAILER;
    return end <= bytes.length ? { bytes: plainBytes(buffer), end } : null;
  } catch (error) {
    if (isZlibError(error)) return null;
    throw error;
  }
}
