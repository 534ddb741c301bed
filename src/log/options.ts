/**
 * How logs are read.
 *
 * @module
 */

import { checkBoolean, checkNames, checkSignal, checkWhole } from "../check.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import type { LogFormatName } from "./format.ts";

/**
 * How a log is read.
 *
 * @category Logs
 */
export interface LogReadOptions extends SignalOptions {
  /** The format. Default: by the first bytes, and where they do not say by the name's ending. */
  readonly format?: LogFormatName;
  /**
   * Whether what cannot be read is an error, instead of being skipped, counted and listed in `diagnostics`. Default false.
   */
  readonly strict?: boolean;
  /** Whether to wait for more at the end of a file, as `tail -f` does, until the signal ends it. Default false. */
  readonly follow?: boolean;
  /**
   * The time zone of formats whose times are a wall clock's (ASC, BLF, TRC): an IANA name such as `"Europe/Berlin"`, or
   * `"UTC"`. Default: this machine's.
   */
  readonly timeZone?: string;
  /** The most bytes that a compressed container of a file may inflate to. Default 64 MiB. */
  readonly inflateLimit?: number;
}

/** The same with every default. */
export interface FullReadOptions {
  readonly format: LogFormatName | null;
  readonly strict: boolean;
  readonly follow: boolean;
  readonly timeZone: string | undefined;
  readonly inflateLimit: number;
  readonly signal: AbortSignal | undefined;
}

const names = ["format", "strict", "follow", "timeZone", "inflateLimit", "signal"];

/**
 * Checks options and fills in the defaults.
 *
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @throws {RangeError} A value is out of range.
 */
export function fullReadOptions(options: LogReadOptions): FullReadOptions {
  checkNames("LogReader.open", options, names);
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
