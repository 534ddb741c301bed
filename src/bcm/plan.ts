/**
 * Messages that are sent in turn, with a period and an end.
 *
 * @module
 */

import { checkWhole } from "../check.ts";
import { Message } from "../message/message.ts";
import { BCM_TIMER_SEC_MAX, MAX_NFRAMES } from "./port.ts";

/** How many messages are sent, and what follows them. */
export interface BcmTransmitOptions {
  /**
   * Seconds, more than 0: as many frames are sent as fall into them. The first is due at 0, the next one period later, and
   * so on; the last is the last before `duration` is over: a duration of 0.5 has 5 frames at a period of 0.1, one of 0.51
   * has 6. The time is kept; where the machine is too busy for the period, a few more or less may be sent. Default: no end.
   */
  readonly duration?: number;
  /**
   * How many frames are sent in all, 1 to 4294967294, instead of `duration`. That number is met exactly, in a time that is
   * somewhat longer than as many periods (see `CyclicSendTask`). Default: no end.
   */
  readonly count?: number;
  /** Seconds between the frames after those of `count` or `duration`, which then are not the last. Default: none follow. */
  readonly subsequentPeriod?: number;
}

/** What is sent and when, checked. Times are whole microseconds, as the kernel has them. */
export interface TransmitPlan {
  readonly messages: readonly Message[];
  /** Whether each message's channel names the interface that it leaves on; then all have the same one. */
  readonly everyChannel: boolean;
  readonly period: number;
  /** How many frames `period` is for; 0 for no end. */
  readonly count: number;
  /** Whether that number was given as `count`, and does not follow from a duration. */
  readonly exact: boolean;
  /** The period of the frames after these; 0 for none. */
  readonly subsequentPeriod: number;
}

/** Frames in the kernel's 32 bits, without the greatest number, which counts what has no end. */
const MOST_FRAMES = 0xfffffffe;

/**
 * Checks messages, their period and their end.
 *
 * @param everyChannel Whether each message's channel names the interface that it leaves on.
 * @throws {RangeError | TypeError} See `Bus.sendPeriodic`.
 */
export function planTransmit(
  messages: Message | readonly Message[],
  period: number,
  { duration, count, subsequentPeriod }: BcmTransmitOptions,
  everyChannel: boolean,
): TransmitPlan {
  if (duration !== undefined && count !== undefined) {
    throw new TypeError("duration and count exclude each other: each says how many frames are sent");
  }
  if (subsequentPeriod !== undefined && duration === undefined && count === undefined) {
    throw new TypeError("subsequentPeriod is for the frames after count or duration: set one of them");
  }
  const microseconds = checkSeconds("period", period);
  return {
    messages: checkMessages(messages, everyChannel),
    everyChannel,
    period: microseconds,
    count: count !== undefined
      ? checkWhole("count", count, 1, MOST_FRAMES)
      : duration !== undefined
      ? framesIn(duration, microseconds)
      : 0,
    exact: count !== undefined,
    subsequentPeriod: subsequentPeriod === undefined ? 0 : checkSeconds("subsequentPeriod", subsequentPeriod),
  };
}

/**
 * Whole microseconds of a time that the kernel takes.
 *
 * @throws {RangeError | TypeError} It is none.
 */
export function checkSeconds(name: string, seconds: unknown): number {
  if (typeof seconds !== "number") throw new TypeError(`${name} must be a number of seconds: ${seconds}`);
  if (!(seconds >= 1e-6 && seconds <= BCM_TIMER_SEC_MAX)) {
    throw new RangeError(`${name} is ${seconds}: it must be 0.000001 to ${BCM_TIMER_SEC_MAX} seconds (400 days)`);
  }
  return Math.round(seconds * 1e6);
}

/**
 * Messages that can take turns.
 *
 * @param everyChannel Whether their channel tells where they are to go.
 * @param before Those that they replace.
 * @throws {RangeError | TypeError} They are none, too many or too few, or of different kinds.
 */
export function checkMessages(
  given: Message | readonly Message[],
  everyChannel: boolean,
  before?: readonly Message[],
): readonly Message[] {
  const messages: readonly Message[] = given instanceof Message ? [given] : given;
  if (!Array.isArray(messages) || messages.some((message) => !(message instanceof Message))) {
    throw new TypeError(`Cannot send periodically: neither a Message nor an array of such: ${given}`);
  }
  if (before !== undefined && messages.length !== before.length) {
    throw new RangeError(`${messages.length} messages cannot replace ${before.length}: there must be as many`);
  }
  if (messages.length < 1 || messages.length > MAX_NFRAMES) {
    throw new RangeError(`${messages.length} messages: there must be 1 to ${MAX_NFRAMES} to send periodically`);
  }
  const [first] = before ?? messages;
  for (const message of messages) {
    if (message.isFd !== first.isFd || message.isXl !== first.isXl) {
      throw new TypeError(`Messages that are sent periodically in turn are of one kind: ${first} and ${message}`);
    }
    if (everyChannel && message.channel !== first.channel) {
      throw new TypeError(`Messages that are sent periodically in turn have one channel: ${first} and ${message}`);
    }
  }
  return [...messages];
}

/** How many frames are due before a duration is over: the first at once. */
function framesIn(duration: number, period: number): number {
  const most = MOST_FRAMES * period / 1e6;
  if (!(duration > 0 && duration <= most)) {
    throw new RangeError(`duration is ${duration}: it must be more than 0, and at most ${most} seconds at this period`);
  }
  return Math.max(1, Math.ceil(Math.round(duration * 1e6) / period));
}
