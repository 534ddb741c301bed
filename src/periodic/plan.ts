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
  /**
   * Whether the mean period is kept. Default false: the kernel adds the latency of its timer to every interval, usually 0.05
   * to 0.2 ms, which matters at periods of a few milliseconds.
   *
   * If true, the task samples how many frames the kernel has sent and corrects the interval, as long as the event loop runs
   * (see `CyclicSendTask`). **This blocks the event loop**: at periods of up to 4 ms, a correction takes about one period, at
   * most 8 ms; at longer ones a few system calls. There are a few corrections in the first seconds, later few or none. A `duration` may
   * then have a few frames more or less. Excludes `count`, unless a `subsequentPeriod` follows: then that one is kept.
   *
   * Timers of this process (see `modify`) keep the mean period in any case.
   */
  readonly precise?: boolean;
}

/** The messages of a task, their period and end, and what changes them. */
export interface Plan extends TransmitPlan {
  readonly modify: ((message: Message) => Message) | null;
  /** Whether the mean period of the frames with `period` is kept, and that of those with `subsequentPeriod`. */
  readonly precise: boolean;
  readonly subsequentPrecise: boolean;
}

const table: OptionTable<PeriodicOptions> = {
  duration: ["number"],
  count: ["number"],
  subsequentPeriod: ["number"],
  autostart: ["boolean", true],
  modify: ["function"],
  precise: ["boolean", false],
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
  const { autostart, modify, precise, ...transmit } = fillOptions("sendPeriodic", options, table) as PeriodicOptions;
  const { count, subsequentPeriod } = transmit;
  if (precise && count !== undefined && subsequentPeriod === undefined) {
    throw new TypeError(
      "precise and count exclude each other: correcting the interval may send frames that are not counted; use duration",
    );
  }
  return {
    ...planTransmit(messages, period, transmit, everyChannel),
    autostart: autostart!,
    modify: modify ?? null,
    precise: precise! && count === undefined,
    subsequentPrecise: precise!,
  };
}
