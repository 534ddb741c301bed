/**
 * The entries of a log: messages, and notes that are not messages.
 *
 * @module
 */

import type { Message } from "../message/message.ts";

/**
 * A comment or marker that was written into the log.
 *
 * @category Logs
 */
export interface LogMarker {
  /** The kind of entry. */
  readonly type: "marker";
  /** The time in nanoseconds since 1970; null if the log stores no time for the marker. */
  readonly timestampNs: bigint | null;
  /** The text of the marker. */
  readonly text: string;
}

/**
 * A note by the recorder that frames are missing from the log.
 *
 * @category Logs
 */
export interface LogDropped {
  /** The kind of entry. */
  readonly type: "dropped";
  /** The time of the note in nanoseconds since 1970; null if it has none. */
  readonly timestampNs: bigint | null;
  /** The interface on which the frames were lost; null if the log does not state it. */
  readonly channel: string | null;
  /** The number of lost frames; null if the log does not state it. */
  readonly count: number | null;
}

/**
 * An object that the format defines and that is neither a CAN frame nor a note, such as an object of another bus.
 *
 * @category Logs
 */
export interface LogObject {
  /** The kind of entry. */
  readonly type: "object";
  /** The kind of object, as the format names it: `"LIN_MESSAGE"`. */
  readonly kind: string;
  /** The time in nanoseconds since 1970; null if it has none. */
  readonly timestampNs: bigint | null;
}

/**
 * An entry of a log that is not a message.
 *
 * @category Logs
 */
export type LogNote = LogMarker | LogDropped | LogObject;

/**
 * One entry of a log.
 *
 * @category Logs
 */
export type LogEntry = { readonly type: "message"; readonly message: Message } | LogNote;

/**
 * One entry of a log without a wrapper around messages, as `LogReader.batches` yields it.
 *
 * @category Logs
 */
export type LogItem = Message | LogNote;
