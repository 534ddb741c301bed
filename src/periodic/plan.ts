/**
 * The arguments of `sendPeriodic`, checked.
 *
 * @module
 */

import { type BcmTransmitOptions, planTransmit, type TransmitPlan } from "../bcm/plan.ts";
import { fillOptions, type OptionTable } from "../check.ts";
import type { Message } from "../message/message.ts";

/**
 * Options of `Bus.sendPeriodic`.
 *
 * @category Periodic sending
 */
export interface PeriodicOptions extends BcmTransmitOptions {
  /** Whether sending starts at once; otherwise it starts with `start`. Default true. */
  readonly autostart?: boolean;
  /**
   * Called before each frame with the message that is due, or with what it returned when that one was last due; returns the
   * message to send. The frames are then sent from the event loop, by timers of this process.
   */
  readonly modify?: (message: Message) => Message;
}

/** The messages of a task, their period and end, and what changes them. */
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
 * Checks the arguments of `sendPeriodic`.
 *
 * @param everyChannel Whether each message's channel names the interface to send on.
 * @throws {RangeError | TypeError} As `Bus.sendPeriodic`.
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
