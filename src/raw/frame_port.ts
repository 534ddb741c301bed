/**
 * The port that a bus sends and receives through: a kernel socket or the bus inside the process.
 *
 * @module
 */

import type { Socket } from "../endpoint/source.ts";
import type { RawFilter } from "../kernel/can.ts";
import type { Message } from "../message/message.ts";

/** Sends and receives frames. */
export interface FramePort extends Socket<Message, Message> {
  /** A description for log lines and errors: `socketcan channel "vcan0"`. */
  readonly channelInfo: string;
  /** The index of the interface; 0 for a virtual bus, and for every CAN interface. */
  readonly ifindex: number;
  /** Replaces the filters, and drops the frames that were queued under the previous ones. */
  setFilters(filters: readonly RawFilter[]): void;
  /** Replaces the classes of error frames to receive. Queued frames stay. */
  setErrorMask(mask: number): void;
}
