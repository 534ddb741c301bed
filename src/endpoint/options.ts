/**
 * The options that every socket has.
 *
 * @module
 */

import { checkWhole } from "../check.ts";

/** Where debugging output goes; `console` fits. */
export interface Logger {
  /** Each step: opening, options, each frame sent and received, waits, closing. */
  debug(message: string): void;
  /** What deserves attention and is no error. */
  warn(message: string): void;
}

/** Options of an iteration or a wait that can be ended from outside. */
export interface SignalOptions {
  /** Ends an iteration, as leaving its loop does; ends a wait by rejecting it with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options that every socket has. */
export interface CommonOptions {
  /**
   * Bytes for what waits to be received, with the kernel's overhead (a classic frame takes about 800). The kernel doubles
   * it and, without CAP_NET_ADMIN, caps it before at `net.core.rmem_max`.
   */
  readonly receiveBuffer?: number;
  /** Bytes for what waits to be sent; doubled and capped likewise, at `net.core.wmem_max`. */
  readonly sendBuffer?: number;
  /** Receives debugging output. Costs nothing when absent. */
  readonly logger?: Logger;
  /** Path of the C library, where its usual names do not find it. Loaded once for each path. */
  readonly libc?: string;
}

/**
 * Refuses wrong values of the options that every socket has.
 *
 * @throws {TypeError} The logger lacks a function.
 * @throws {RangeError} The size of a buffer is out of range.
 */
export function checkCommon({ logger, receiveBuffer, sendBuffer }: CommonOptions): void {
  if (logger && (typeof logger.debug !== "function" || typeof logger.warn !== "function")) {
    throw new TypeError("Option logger must have the functions debug and warn");
  }
  if (receiveBuffer !== undefined) checkWhole("Option receiveBuffer", receiveBuffer, 1, 2 ** 30);
  if (sendBuffer !== undefined) checkWhole("Option sendBuffer", sendBuffer, 1, 2 ** 30);
}

/** A copy that its owner may keep: what the caller changes later does not change it. */
export function copyFilters<Filter extends object>(filters: readonly Filter[] | null): readonly Filter[] | null {
  return filters && filters.map((filter) => ({ ...filter }));
}
