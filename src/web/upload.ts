/**
 * The files of recordings.
 *
 * @module
 */

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { chunksOf } from "./requests.ts";

/** A log file. */
export interface RecordingFile {
  readonly title: string;
  /** Its path. */
  readonly input: string;
  /** Its size in bytes; null of what is no file. */
  readonly size: number | null;
  /** Removes it, if it was uploaded. */
  readonly release: () => void;
}

/** A file of this machine. */
export function fileNamed(path: string): RecordingFile {
  const status = statSync(path);
  return { title: basename(path), input: path, size: status.isFile() ? status.size : null, release: () => {} };
}

/**
 * Writes the body of a request into a temporary file. Its name there is not that which it was given, but for the ending.
 *
 * @throws {Refusal} It is too large.
 */
export async function uploaded(
  request: Request,
  title: string,
  most: number,
  temporary: string = tmpdir(),
): Promise<RecordingFile> {
  const folder = mkdtempSync(join(temporary, "can-web-"));
  const release = () => rmSync(folder, { recursive: true, force: true });
  const ending = /(?:\.[a-z0-9]{1,8}){1,2}$/i.exec(title)?.[0] ?? "";
  const input = join(folder, `upload${ending}`);
  try {
    const file = await open(input, "wx", 0o600);
    let size = 0;
    try {
      for await (const chunk of chunksOf(request, most)) {
        for (let done = 0; done < chunk.length;) {
          done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
        }
        size += chunk.length;
      }
    } finally {
      await file.close();
    }
    return { title, input, size, release };
  } catch (error) {
    release();
    throw error;
  }
}
