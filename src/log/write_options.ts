/**
 * Options for writing logs.
 *
 * @module
 */

import { checkBoolean, checkNames, checkWhole } from "../check.ts";
import type { LogFormatName } from "./format.ts";

/**
 * When to start a new file. If several limits are set, the first one reached applies.
 *
 * @category Logs
 */
export interface RotateOptions {
  /** The size of a file in bytes, before compression, at least 1. The entry that reaches it is still written. */
  readonly bytes?: number;
  /** The age of a file in seconds of elapsed time, more than 0, up to 2^31. Checked at each write. */
  readonly seconds?: number;
  /** The number of messages in a file, at least 1. */
  readonly messages?: number;
}

/**
 * How much of a rotated log to keep. The oldest files, those with the lowest numbers, are deleted: when the log is opened,
 * when it goes on to a new file, and when it is closed. All files whose names match the log's count, also those of earlier
 * runs.
 *
 * @category Logs
 */
export interface KeepOptions {
  /** The largest number of files, including the one being written, at least 1. */
  readonly files?: number;
  /**
   * The largest total size of all files in bytes, at least 1. The newest file is kept whatever its size, and while it grows
   * the total may be larger by its size.
   */
  readonly bytes?: number;
}

/**
 * Options of `LogWriter.open`.
 *
 * @category Logs
 */
export interface LogWriteOptions {
  /** The format. Default: given by the file name extension. */
  readonly format?: LogFormatName;
  /** Whether to compress with gzip; `.gz` is added to a name that lacks it. Default: whether the name ends in `.gz`. */
  readonly gzip?: boolean;
  /**
   * Whether to append to an existing file, in formats that allow it, instead of replacing it. Default false. Not with
   * `rotate`: a rotated log always begins a new file, and never replaces one.
   */
  readonly append?: boolean;
  /** When to start a new file. Default: never. */
  readonly rotate?: RotateOptions;
  /** How much of a rotated log to keep. Default: everything. */
  readonly keep?: KeepOptions;
  /**
   * The longest time in seconds, from 0 to 2^31, until written data is handed to the file, so that it survives the process.
   * 0 flushes after each call. Default 1.
   */
  readonly flushInterval?: number;
  /** The time zone of formats that store local time: an IANA name or `"UTC"`. Default: the time zone of this machine. */
  readonly timeZone?: string;
}

const names = ["format", "gzip", "append", "rotate", "keep", "flushInterval", "timeZone"];

/**
 * Checks the options.
 *
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @throws {RangeError} A value is out of range.
 */
export function checkWriteOptions(options: LogWriteOptions): void {
  checkNames("LogWriter.open", options, names);
  const { gzip, append, rotate, keep, flushInterval } = options;
  if (gzip !== undefined) checkBoolean("Option gzip", gzip);
  if (append !== undefined) checkBoolean("Option append", append);
  if (flushInterval !== undefined) checkSeconds("Option flushInterval", flushInterval, 0);
  if (rotate !== undefined) {
    checkNames("Option rotate", rotate, ["bytes", "seconds", "messages"]);
    if (rotate.bytes !== undefined) checkWhole("rotate.bytes", rotate.bytes, 1, Number.MAX_SAFE_INTEGER);
    if (rotate.seconds !== undefined) checkSeconds("rotate.seconds", rotate.seconds, Number.MIN_VALUE);
    if (rotate.messages !== undefined) checkWhole("rotate.messages", rotate.messages, 1, Number.MAX_SAFE_INTEGER);
  }
  if (keep !== undefined) {
    checkNames("Option keep", keep, ["files", "bytes"]);
    if (rotate === undefined) throw new TypeError("Option keep applies to rotated logs only: set rotate too");
    if (keep.files !== undefined) checkWhole("keep.files", keep.files, 1, Number.MAX_SAFE_INTEGER);
    if (keep.bytes !== undefined) checkWhole("keep.bytes", keep.bytes, 1, Number.MAX_SAFE_INTEGER);
  }
}

function checkSeconds(name: string, value: unknown, least: number): void {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number of seconds: ${value}`);
  if (!(value >= least && value <= 2 ** 31)) {
    throw new RangeError(`${name} is ${value}: it must be ${least > 0 ? "more than 0" : "0 or more"} seconds`);
  }
}
