/**
 * Events of a `BcmSocket`.
 *
 * @module
 */

import type { Message } from "../message/message.ts";
import type { BcmSubscription, BcmTransmission } from "./handles.ts";

/**
 * A frame with new content arrived (RX_CHANGED in `linux/can/bcm.h`).
 *
 * @category Broadcast manager
 */
export interface BcmChanged {
  /** The kind of event. */
  readonly type: "changed";
  /** The frame, with the kernel's timestamp. The kernel does not report whether this host sent it: `isRx` is always true. */
  readonly message: Message;
  /** The subscription to it. */
  readonly subscription: BcmSubscription;
  /** The interface's name. */
  readonly channel: string | null;
}

/**
 * No frame arrived for the subscription's `timeout` (RX_TIMEOUT in `linux/can/bcm.h`).
 *
 * @category Broadcast manager
 */
export interface BcmTimeout {
  /** The kind of event. */
  readonly type: "timeout";
  /** Always null. */
  readonly message: null;
  /** The subscription to the missing frame. */
  readonly subscription: BcmSubscription;
  /** The interface's name; null on a socket for every interface, before the first frame. */
  readonly channel: string | null;
}

/**
 * All frames of a transmission's `count` or `duration` have been sent (TX_EXPIRED in `linux/can/bcm.h`).
 *
 * @category Broadcast manager
 */
export interface BcmExpired {
  /** The kind of event. */
  readonly type: "expired";
  /** Always null. */
  readonly message: null;
  /** The transmission. */
  readonly transmission: BcmTransmission;
  /** The interface's name. */
  readonly channel: string;
}

/**
 * What a `BcmSocket` receives.
 *
 * @category Broadcast manager
 */
export type BcmEvent = BcmChanged | BcmTimeout | BcmExpired;

/** Adds a `toString` for logging. @param id The kernel's key: of a subscription, its identifier. */
export function makeEvent<T extends BcmEvent>(event: T, id: number): T {
  return Object.defineProperty(event, "toString", {
    value: () => `${event.type} ${event.message ?? id.toString(16)}`,
  });
}
