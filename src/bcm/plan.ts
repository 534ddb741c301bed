/**
 * Messages that are sent periodically in turn: their period, their number and what follows.
 *
 * @module
 */

import { checkWhole, show } from "../check.ts";
import { Message } from "../message/message.ts";
import { BCM_TIMER_SEC_MAX, MAX_NFRAMES } from "./limits.ts";

/**
 * How many frames are sent, and what follows them.
 *
 * @category Broadcast manager
 */
export interface BcmTransmitOptions {
  /**
   * Seconds, more than 0: the frames that are due within them are sent. The first is due at 0, the next one period later,
   * and so on; a frame that is due exactly at the end is not sent: a duration of 0.5 has 5 frames at a period of 0.1, one of
   * 0.51 has 6. Their number follows from the period, so sending them takes somewhat longer where the intervals do
   * (`precise` of `Bus.sendPeriodic` keeps the time instead). Default: no end.
   */
  readonly duration?: number;
  /** How many frames are sent in all, 1 to 4294967294; instead of `duration`. Default: no end. */
  readonly count?: number;
  /** Seconds between the frames that follow those of `count` or `duration`, without end. Default: none follow. */
  readonly subsequentPeriod?: number;
}

/** Checked arguments of a periodic transmission. Times are whole microseconds, the kernel's unit. */
export interface TransmitPlan {
  readonly messages: readonly Message[];
  /** Whether the messages' channel names the interface to send on; then all have the same. */
  readonly everyChannel: boolean;
  readonly period: number;
  /** How many frames are sent with `period`; 0 for no end. */
  readonly count: number;
  /** The period of the frames after these; 0 for none. */
  readonly subsequentPeriod: number;
}

/** The kernel counts in 32 bits; the greatest number stands for no end. */
const MAX_FRAMES = 0xfffffffe;

/**
 * Checks messages, their period and their end.
 *
 * @param everyChannel Whether the messages' channel names the interface to send on.
 * @throws {RangeError | TypeError} As `Bus.sendPeriodic`.
 */
export function planTransmit(
  messages: Message | readonly Message[],
  period: number,
  { duration, count, subsequentPeriod }: BcmTransmitOptions,
  everyChannel: boolean,
): TransmitPlan {
  if (count !== undefined && duration !== undefined) {
    throw new TypeError("duration and count exclude each other: each sets how many frames are sent");
  }
  if (subsequentPeriod !== undefined && count === undefined && duration === undefined) {
    throw new TypeError("subsequentPeriod is for the frames after count or duration: set one of them");
  }
  const microseconds = checkSeconds("period", period);
  const frames = count === undefined ? framesIn(duration, microseconds) : checkWhole("count", count, 1, MAX_FRAMES);
  return {
    messages: checkMessages(messages, everyChannel),
    everyChannel,
    period: microseconds,
    count: frames,
    subsequentPeriod: subsequentPeriod === undefined ? 0 : checkSeconds("subsequentPeriod", subsequentPeriod),
  };
}

/**
 * Checks an interval of the broadcast manager.
 *
 * @returns Whole microseconds.
 * @throws {RangeError | TypeError} It is out of range, or not a number.
 */
export function checkSeconds(name: string, seconds: unknown): number {
  if (typeof seconds !== "number") throw new TypeError(`${name} must be a number of seconds: ${show(seconds)}`);
  if (!(seconds >= 1e-6 && seconds <= BCM_TIMER_SEC_MAX)) {
    throw new RangeError(`${name} is ${seconds}: it must be 0.000001 to ${BCM_TIMER_SEC_MAX} seconds (400 days)`);
  }
  return Math.round(seconds * 1e6);
}

/**
 * Checks messages that are sent in turn.
 *
 * @param everyChannel Whether their channel names the interface to send on.
 * @param before The messages that they replace.
 * @returns A copy of the list.
 * @throws {RangeError | TypeError} They are not Messages, too many or too few, or of different kinds or channels.
 */
export function checkMessages(
  given: Message | readonly Message[],
  everyChannel: boolean,
  before?: readonly Message[],
): readonly Message[] {
  const messages: readonly Message[] = given instanceof Message ? [given] : given;
  if (!Array.isArray(messages) || messages.some((message) => !(message instanceof Message))) {
    throw new TypeError(`Cannot send periodically: not a Message or an array of Messages: ${show(given)}`);
  }
  if (before !== undefined && messages.length !== before.length) {
    throw new RangeError(
      `${messages.length} messages cannot replace ${before.length}: their number must stay the same`,
    );
  }
  if (messages.length < 1 || messages.length > MAX_NFRAMES) {
    throw new RangeError(`${messages.length} messages: there must be 1 to ${MAX_NFRAMES} to send periodically`);
  }
  const [first] = before ?? messages;
  for (const message of messages) {
    if (message.isFd !== first.isFd || message.isXl !== first.isXl) {
      throw new TypeError(
        `Messages that are sent in turn must be of one kind (classic, CAN FD or CAN XL): ${first} and ${message}`,
      );
    }
    if (everyChannel && message.channel !== first.channel) {
      throw new TypeError(`Messages that are sent in turn must have the same channel: ${first} and ${message}`);
    }
  }
  return [...messages];
}

/** How many frames are due within a duration, the first at its beginning; 0 for no end. */
function framesIn(duration: number | undefined, period: number): number {
  if (duration === undefined) return 0;
  const most = MAX_FRAMES * period / 1e6;
  if (!(duration > 0 && duration <= most)) {
    throw new RangeError(`duration is ${duration}: it must be more than 0, and at most ${most} seconds at this period`);
  }
  return Math.max(1, Math.ceil(Math.round(duration * 1e6) / period));
}
