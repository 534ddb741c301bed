/**
 * The options that every socket class accepts.
 *
 * @module
 */

import { checkWhole, show } from "../check.ts";

/**
 * A receiver of log lines, such as `console`.
 *
 * @category Bus
 */
export interface Logger {
  /** Optional. Receives a line for each step: opening, each option, each frame sent or received, each wait, closing. */
  debug?(message: string): void;
  /** Receives what needs attention but is not an error. */
  warn(message: string): void;
}

/** How log lines and errors describe the object that owns a socket. */
export interface Owner {
  /** The name of the interface. */
  readonly channel: string;
  /** What errors call the owner: "bus". */
  readonly noun: string;
  /** False for a socket that was opened without receiving. */
  readonly receives?: boolean;
  /** Why frames may be lost, for the warning of the first loss, if not only because the receive buffer was full. */
  readonly whyLost?: string;
  /** Logs received messages and waits. */
  readonly logger?: Logger;
}

/**
 * The option of every wait and every iteration that an `AbortSignal` can end.
 *
 * The same rule holds everywhere: an aborted signal **rejects a wait** (`recvAsync`, `sendAsync`, `claim`, …) with the
 * signal's reason, and **ends an iteration** (`messages`, `errors`, `watchLinks`, …) without an error, as leaving its loop
 * does. A signal that is already aborted does so at once. No message is lost: one that has not been returned yet goes to
 * the next receive, and one that has not been handed over is not sent.
 *
 * @category Waiting
 */
export interface SignalOptions {
  /** Rejects the wait, or ends the iteration, when it is aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Options that every socket class accepts.
 *
 * @category Bus
 */
export interface CommonOptions {
  /**
   * The size of the receive buffer in bytes, 1 to 2^30, including the kernel's overhead: a queued classic frame takes
   * about 800 bytes. Without CAP_NET_ADMIN the kernel caps the value at `net.core.rmem_max`; then it doubles it. Default:
   * the kernel's (`SO_RCVBUF` in [socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html)).
   */
  readonly receiveBuffer?: number;
  /**
   * The size of the send buffer in bytes, 1 to 2^30; capped at `net.core.wmem_max` and doubled like the receive buffer.
   * Default: the kernel's (`SO_SNDBUF`).
   */
  readonly sendBuffer?: number;
  /** Where log lines go. Logging costs nothing when this is absent. */
  readonly logger?: Logger;
  /** The path of the C library, for systems where it is not found under its usual names. Each path is loaded once. */
  readonly libc?: string;
}

/**
 * Checks the options that every socket class accepts.
 *
 * @throws {TypeError} The logger has no function `warn`, or its `debug` is not a function.
 * @throws {RangeError} A buffer's size is out of range.
 */
export function checkCommon({ logger, receiveBuffer, sendBuffer }: CommonOptions): void {
  const { debug, warn } = logger ?? { warn() {} };
  if (typeof warn !== "function" || (debug !== undefined && typeof debug !== "function")) {
    throw new TypeError(`Option logger must have a function warn and may have a function debug: ${show(logger)}`);
  }
  if (receiveBuffer !== undefined) checkWhole("Option receiveBuffer", receiveBuffer, 1, 2 ** 30);
  if (sendBuffer !== undefined) checkWhole("Option sendBuffer", sendBuffer, 1, 2 ** 30);
}

/** Copies a list of filters, so that later changes by the caller do not affect the copy. */
export function copyFilters<Filter extends object>(filters: readonly Filter[] | null): readonly Filter[] | null {
  return filters && filters.map((filter) => ({ ...filter }));
}
