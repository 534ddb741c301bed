/**
 * What a bus needs of the thing that carries its frames: a kernel socket or the in-process bus.
 *
 * @module
 */

import type { Socket } from "../endpoint/source.ts";
import type { RawFilter } from "../kernel/can.ts";
import type { Message } from "../message/message.ts";

/** Carries frames. */
export interface FramePort extends Socket<Message, Message> {
  /** What it is, for people: `socketcan channel "vcan0"`. */
  readonly channelInfo: string;
  /** The interface's number; 0 where there is not one. */
  readonly ifindex: number;
  /** Replaces the filters, and drops what has been received under the older ones. */
  setFilters(filters: readonly RawFilter[]): void;
  /** Replaces the classes of error frames to receive; what has been received stays. */
  setErrorMask(mask: number): void;
}
