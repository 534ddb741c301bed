/**
 * What a log holds: messages, and notes that are not messages.
 *
 * @module
 */

import type { Message } from "../message/message.ts";

/**
 * A comment or marker that somebody put into the log.
 *
 * @category Logs
 */
export interface LogMarker {
  /** Tells entries apart. */
  readonly type: "marker";
  /** Nanoseconds since 1970, or null if the log gives the marker no time of its own. */
  readonly timestampNs: bigint | null;
  /** What it says. */
  readonly text: string;
}

/**
 * Frames that are missing from the log, as the recorder noted it.
 *
 * @category Logs
 */
export interface LogDropped {
  /** Tells entries apart. */
  readonly type: "dropped";
  /** Nanoseconds since 1970 of the note, or null if it has no time. */
  readonly timestampNs: bigint | null;
  /** The interface that they were lost on; null if the log does not say. */
  readonly channel: string | null;
  /** How many; null if the log does not say. */
  readonly count: number | null;
}

/**
 * Something that the format defines and that is neither a CAN frame nor a note: an object of another bus, say.
 *
 * @category Logs
 */
export interface LogObject {
  /** Tells entries apart. */
  readonly type: "object";
  /** What it is, in the format's words: `"LIN_MESSAGE"`. */
  readonly kind: string;
  /** Nanoseconds since 1970, or null. */
  readonly timestampNs: bigint | null;
}

/**
 * What a log holds beside messages.
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
 * The same without a wrapper, as the formats decode and encode it.
 *
 * @category Logs
 */
export type LogItem = Message | LogNote;
