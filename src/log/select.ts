/**
 * Selecting messages of a log, renaming channels and shifting times.
 *
 * @module
 */

import { checkNames } from "../check.ts";
import { CAN_ERR_FLAG, filterMatches, type RawFilter } from "../kernel/can.ts";
import { type CanFilter, toRawFilters } from "../message/filter.ts";
import { frameIdWord, Message } from "../message/message.ts";
import type { LogItem, LogNote } from "./entry.ts";
import { SECOND, splitTime, type Time, timeOf } from "./time.ts";

/**
 * Which messages of a log to select.
 *
 * @category Logs
 */
export interface LogSelection {
  /** Filters on the identifier, as `BusOptions.filters`. Error frames always pass. Default: all; so are null and `[]`. */
  readonly filters?: readonly CanFilter[] | null;
  /** The start: seconds after the first message, 0 or more, or a time. Default: the beginning. */
  readonly from?: number | Date;
  /** The end: seconds after the first message, 0 or more, or a time; a message at exactly that time is left out. Default:
   * the end of the log. */
  readonly to?: number | Date;
  /**
   * The channels to select, with a new name or true to keep the name: `{ can0: "engine", can1: true }`. Other channels are
   * left out. Default: all channels, with their own names.
   */
  readonly channels?: Readonly<Record<string, string | boolean>>;
}

/** The names of the options in `LogSelection`. */
const selectionNames = ["filters", "from", "to", "channels"] as const;

/** Applies a selection to the items of one log, in order. */
export class Selector {
  readonly #filters: readonly RawFilter[] | null;
  readonly #channels: ReadonlyMap<string, string | boolean> | null;
  readonly #from: number | Date;
  readonly #to: number | Date;
  readonly #shiftNs: bigint;
  /** The window, once the time of the first message is known; null for no limit. */
  #fromTime: Time | null = null;
  #toTime: Time | null = null;
  /** The time of the first message, selected or not, in nanoseconds since 1970; null before it. */
  firstNs: bigint | null = null;

  /**
   * @param shift Seconds added to every timestamp. Default 0.
   * @throws {TypeError | RangeError} An option is invalid.
   */
  constructor({ filters = null, from = 0, to = Infinity, channels }: LogSelection, shift = 0) {
    this.#filters = filters === null || filters.length === 0 ? null : toRawFilters(filters);
    this.#from = checkTime("from", from);
    this.#to = checkTime("to", to);
    if (this.#from instanceof Date) this.#fromTime = timeOf(nanosecondsOf(this.#from));
    if (this.#to instanceof Date) this.#toTime = timeOf(nanosecondsOf(this.#to));
    if (typeof shift !== "number" || !Number.isFinite(shift)) {
      throw new TypeError(`shift must be a finite number of seconds: ${shift}`);
    }
    this.#shiftNs = nanoseconds(shift);
    if (channels !== undefined) checkChannels(channels);
    this.#channels = channels === undefined ? null : new Map(Object.entries(channels));
  }

  /** Whether a message at or after the end was seen: in a log in order of time, none of the rest is selected. */
  get past(): boolean {
    return this.#past;
  }
  #past = false;

  /** Returns the item with its changes; null if it is not selected. */
  apply(item: LogItem): LogItem | null {
    if (item instanceof Message) {
      if (this.firstNs === null) this.#begin(item.timestampNs);
      return this.#isInside(splitTime(item)) ? this.#message(item) : null;
    }
    return item.timestampNs === null || this.#isInside(timeOf(item.timestampNs)) ? this.#note(item) : null;
  }

  #isInside(time: Time): boolean {
    // A note in front of the first message is earlier than anything after it.
    if (this.#fromTime === null ? this.#from !== 0 : isBefore(time, this.#fromTime)) return false;
    if (this.#toTime === null || isBefore(time, this.#toTime)) return true;
    this.#past = true;
    return false;
  }

  #message(message: Message): Message | null {
    if (this.#filters !== null && !passes(message, this.#filters)) return null;
    const channel = this.#channel(message.channel);
    if (channel === undefined) return null;
    if (channel === message.channel && this.#shiftNs === 0n) return message;
    return message.with({ channel, timestampNs: this.#add(message.timestampNs) });
  }

  #note(note: LogNote): LogNote | null {
    const timestampNs = note.timestampNs === null ? null : this.#add(note.timestampNs);
    if (note.type !== "dropped" || note.channel === null) return { ...note, timestampNs };
    const channel = this.#channel(note.channel);
    return channel === undefined ? null : { ...note, timestampNs, channel };
  }

  /** Returns the new name of a channel; undefined if the channel is not selected. */
  #channel(name: string | null): string | null | undefined {
    if (this.#channels === null) return name;
    const wanted = this.#channels.get(name ?? "") ?? false;
    return typeof wanted === "string" ? wanted : wanted ? name : undefined;
  }

  #add(timestampNs: bigint): bigint {
    const moved = timestampNs + this.#shiftNs;
    if (moved >= 0n) return moved;
    throw new RangeError(`Cannot shift the time ${timestampNs} ns by ${this.#shiftNs} ns: the result is before 1970`);
  }

  #begin(firstNs: bigint): void {
    this.firstNs = firstNs;
    if (typeof this.#from === "number") this.#fromTime = timeOf(firstNs + nanoseconds(this.#from));
    if (typeof this.#to === "number" && this.#to !== Infinity) this.#toTime = timeOf(firstNs + nanoseconds(this.#to));
  }
}

function isBefore(one: Time, other: Time): boolean {
  return one.seconds < other.seconds || (one.seconds === other.seconds && one.nanoseconds < other.nanoseconds);
}

/** Whether a message passes one of the filters. Error frames are not filtered and always pass. */
function passes(message: Message, filters: readonly RawFilter[]): boolean {
  const word = frameIdWord(message);
  return (word & CAN_ERR_FLAG) !== 0 || filters.some((filter) => filterMatches(filter, word));
}

function nanosecondsOf(time: Date): bigint {
  return BigInt(time.getTime()) * 1_000_000n;
}

/** Converts seconds to nanoseconds. */
export function nanoseconds(seconds: number): bigint {
  const whole = Math.trunc(seconds);
  return BigInt(whole) * SECOND + BigInt(Math.round((seconds - whole) * 1e9));
}

function checkTime(name: string, value: number | Date): number | Date {
  const number = value instanceof Date ? value.getTime() : value;
  if (typeof number !== "number" || Number.isNaN(number)) {
    throw new TypeError(`${name} must be seconds after the first message, or a Date: ${value}`);
  }
  if (!(value instanceof Date) && (value < 0 || (name === "from" && value === Infinity))) {
    throw new RangeError(`${name} is ${value}: it must be 0 or more seconds after the first message`);
  }
  return value;
}

function checkChannels(channels: Readonly<Record<string, unknown>>): void {
  if (typeof channels !== "object" || channels === null) {
    throw new TypeError(`channels must be an object with channel names as keys: ${channels}`);
  }
  for (const [name, value] of Object.entries(channels)) {
    if (typeof value !== "string" && typeof value !== "boolean") {
      throw new TypeError(`channels["${name}"] must be a new name, true or false: ${value}`);
    }
  }
}

/**
 * Checks the option names of a function that takes a selection and further options.
 *
 * @throws {TypeError} An option is unknown.
 */
export function checkSelectionNames(what: string, options: object, more: readonly string[]): void {
  checkNames(what, options, [...selectionNames, ...more]);
}
