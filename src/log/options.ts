/**
 * Options for reading logs.
 *
 * @module
 */

import { checkBoolean, checkNames, checkSignal, checkWhole } from "../check.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import type { LogFormatName } from "./format.ts";

/**
 * Options of `LogReader.open`. Aborting `signal` ends the reading of a file or stream, as if it ended there.
 *
 * @category Logs
 */
export interface LogReadOptions extends SignalOptions {
  /** The format. Default: detected by the first bytes, or by the file name extension if they are inconclusive. */
  readonly format?: LogFormatName;
  /**
   * Whether content that cannot be read throws a `SyntaxError`, instead of being skipped, counted and listed in
   * `diagnostics`. A last line without a line end is no error if it is whole. Default false.
   */
  readonly strict?: boolean;
  /**
   * Whether to wait for more data at the end of a file, as `tail -f` does, until `signal` is aborted or the reader is
   * closed. The file is checked every 100 ms. It is followed by whatever name it gets; a file that is truncated is read from
   * its beginning again, gzip too. A last line is read once it is whole. MF4 and SQLite files are read once. Default false.
   */
  readonly follow?: boolean;
  /**
   * The time zone of formats that store local time (ASC, BLF, TRC): an IANA name such as `"Europe/Berlin"`, or `"UTC"`.
   * Default: the time zone of this machine.
   */
  readonly timeZone?: string;
  /**
   * The largest number of bytes that a compressed container in a file may inflate to, from 1 to 2^40. A stream or a
   * compressed file in a format that needs random access (MF4, SQLite) may have 16 times as many in all. Default 64 MiB.
   */
  readonly inflateLimit?: number;
}

/** `LogReadOptions` with all defaults filled in. */
export interface FullReadOptions {
  readonly format: LogFormatName | null;
  readonly strict: boolean;
  readonly follow: boolean;
  readonly timeZone: string | undefined;
  readonly inflateLimit: number;
  readonly signal: AbortSignal | undefined;
}

/** The names of the options for reading a log to its end. */
export const readNames = ["format", "strict", "timeZone", "inflateLimit"];

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @throws {RangeError} A value is out of range.
 */
export function fullReadOptions(options: LogReadOptions): FullReadOptions {
  checkNames("LogReader.open", options, [...readNames, "follow", "signal"]);
  const { format = null, strict = false, follow = false, timeZone, inflateLimit = 64 * 2 ** 20, signal } = options;
  checkSignal(signal);
  return {
    format,
    strict: checkBoolean("Option strict", strict),
    follow: checkBoolean("Option follow", follow),
    timeZone,
    inflateLimit: checkWhole("Option inflateLimit", inflateLimit, 1, 2 ** 40),
    signal,
  };
}
