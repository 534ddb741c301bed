/**
 * What `sendPeriodic` was asked for.
 *
 * @module
 */

import { type BcmTransmitOptions, planTransmit, type TransmitPlan } from "../bcm/plan.ts";
import { fillOptions, type OptionTable } from "../check.ts";
import type { Message } from "../message/message.ts";

/** How messages are sent periodically. */
export interface PeriodicOptions extends BcmTransmitOptions {
  /** Whether the first frame is sent at once, and not when `start` is called. Default true. */
  readonly autostart?: boolean;
  /**
   * Is called before each frame with the message that is due, or with what it gave when that was due the last time, and
   * gives the one to send. The frames are then sent from the event loop, by timers of this process.
   */
  readonly modify?: (message: Message) => Message;
}

/** The same, checked. */
export interface Plan extends TransmitPlan {
  readonly modify: ((message: Message) => Message) | null;
}

const table: OptionTable<PeriodicOptions> = {
  duration: ["number"],
  count: ["number"],
  subsequentPeriod: ["number"],
  autostart: ["boolean", true],
  modify: ["function"],
};

/**
 * Checks what `sendPeriodic` was given.
 *
 * @param everyChannel Whether each message's channel names the interface that it leaves on.
 * @throws {RangeError | TypeError} See `Bus.sendPeriodic`.
 */
export function makePlan(
  messages: Message | readonly Message[],
  period: number,
  options: PeriodicOptions,
  everyChannel: boolean,
): Plan & { autostart: boolean } {
  const { autostart, modify, ...transmit } = fillOptions("sendPeriodic", options, table) as PeriodicOptions;
  return {
    ...planTransmit(messages, period, transmit, everyChannel),
    autostart: autostart!,
    modify: modify ?? null,
  };
}
