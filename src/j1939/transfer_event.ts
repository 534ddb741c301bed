/**
 * What is told of transfers.
 *
 * @module
 */

import type { CanOperationError } from "../errors.ts";

/** Something that happened to a message of more than 8 bytes. */
export interface TransferEvent {
  /** Whether this socket sends the message, or receives it. */
  readonly direction: "send" | "receive";
  /**
   * The kernel tells of the beginning, of progress (of messages of more than 1785 bytes), of the end, and of why there is
   * none. That a message has been received is told by receiving it.
   */
  readonly type: "begun" | "progress" | "done" | "aborted";
  /** Tells the transfers of one direction apart. */
  readonly number: number;
  /** Which message it is. */
  readonly pgn: number;
  /** Address of the sender; null if it is this socket. */
  readonly source: number | null;
  /** Address of the receiver, 255 for everybody; null if it was given by NAME. */
  readonly destination: number | null;
  /** Bytes that have come through. */
  readonly bytes: number;
  /** Bytes of the message. */
  readonly total: number;
  /** Why it was aborted. */
  readonly error: CanOperationError | null;
}
