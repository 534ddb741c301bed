/**
 * Events of transfers.
 *
 * @module
 */

import type { CanOperationError } from "../errors.ts";

/**
 * An event of a transfer, which is a message of more than 8 bytes sent in several frames (SAE J1939-21, 5.10), as the
 * kernel reports it in the socket's error queue
 * ({@link https://docs.kernel.org/networking/j1939.html | kernel documentation}).
 *
 * @category J1939
 */
export interface TransferEvent {
  /** Whether this socket sends or receives the message. */
  readonly direction: "send" | "receive";
  /**
   * What happened. `"progress"` is reported for messages of more than 1785 bytes, `"done"` only for messages sent: a
   * message received ends with its `recv`.
   */
  readonly type: "begun" | "progress" | "done" | "aborted";
  /** Identifies the transfer among those of the same direction. */
  readonly number: number;
  /** The message's PGN, 0 to 0x3ffff. */
  readonly pgn: number;
  /** The sender's address; null if this socket is the sender. */
  readonly source: number | null;
  /** The receiver's address, 255 for all nodes; null if the destination was given as a NAME. */
  readonly destination: number | null;
  /** Bytes transferred so far. */
  readonly bytes: number;
  /** Bytes of the whole message. */
  readonly total: number;
  /** Why the transfer was aborted; null in all other events. */
  readonly error: CanOperationError | null;
}
