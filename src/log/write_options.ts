/**
 * How logs are written.
 *
 * @module
 */

import { checkBoolean, checkNames, checkWhole } from "../check.ts";
import type { LogFormatName } from "./format.ts";

/**
 * When a new file is begun. Several may be given: the first that comes true counts.
 *
 * @category Logs
 */
export interface RotateOptions {
  /** Bytes of a file (before compression), from 1; one entry more may fit. */
  readonly bytes?: number;
  /** Seconds of real time from the beginning of a file, more than 0. */
  readonly seconds?: number;
  /** Messages of a file, from 1. */
  readonly messages?: number;
}

/**
 * How much is kept of a log that is rotated: the oldest files are deleted.
 *
 * @category Logs
 */
export interface KeepOptions {
  /** Files at most, the one that is being written included; from 1. */
  readonly files?: number;
  /** Bytes of all files at most, from 1. The one that is being written is kept whatever its size. */
  readonly bytes?: number;
}

/**
 * How a log is written.
 *
 * @category Logs
 */
export interface LogWriteOptions {
  /** The format. Default: by the ending of the name. */
  readonly format?: LogFormatName;
  /** Whether to compress with gzip. Default: whether the name ends in `.gz`; then the name gets that ending. */
  readonly gzip?: boolean;
  /**
   * Whether to continue a file that exists, in formats that allow it, instead of replacing it. Default false. A log that is
   * rotated never replaces a file.
   */
  readonly append?: boolean;
  /** When to begin a new file; default never. */
  readonly rotate?: RotateOptions;
  /** Which files of a log that is rotated to keep; default all. */
  readonly keep?: KeepOptions;
  /**
   * Seconds after which what was written is in the file at the latest, so that it is not lost with the process; 0: after
   * each call. Default 1.
   */
  readonly flushInterval?: number;
  /** The time zone of formats whose times are a wall clock's: an IANA name, or `"UTC"`. Default: this machine's. */
  readonly timeZone?: string;
}

const names = ["format", "gzip", "append", "rotate", "keep", "flushInterval", "timeZone"];

/**
 * Refuses wrong options.
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
    if (rotate === undefined) throw new TypeError("Option keep is for logs that are rotated: set rotate too");
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
