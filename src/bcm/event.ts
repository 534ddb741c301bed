/**
 * What a broadcast manager's socket tells.
 *
 * @module
 */

import type { Message } from "../message/message.ts";
import type { BcmSubscription, BcmTransmission } from "./handles.ts";

/** A frame came that is news. */
export interface BcmChanged {
  /** What happened. */
  readonly type: "changed";
  /** The frame, with the kernel's time; `isRx` says nothing here. */
  readonly message: Message;
  /** What it was subscribed to with. */
  readonly subscription: BcmSubscription;
  /** The interface. */
  readonly channel: string | null;
}

/** No frame came for as long as the subscription's `timeout`. */
export interface BcmTimeout {
  /** What happened. */
  readonly type: "timeout";
  /** None. */
  readonly message: null;
  /** What misses it. */
  readonly subscription: BcmSubscription;
  /** The interface; null on a socket that is open for all of them, before the first frame. */
  readonly channel: string | null;
}

/** All frames of a transmission's `count` or `duration` have been sent. */
export interface BcmExpired {
  /** What happened. */
  readonly type: "expired";
  /** None. */
  readonly message: null;
  /** What has sent them. */
  readonly transmission: BcmTransmission;
  /** The interface. */
  readonly channel: string;
}

/** What a `BcmSocket` receives. */
export type BcmEvent = BcmChanged | BcmTimeout | BcmExpired;

/** An event, which says what it is where it is logged. */
export function makeEvent<T extends BcmEvent>(event: T, of: number): T {
  return Object.defineProperty(event, "toString", {
    value: () => `${event.type} ${event.message ?? of.toString(16)}`,
  });
}
