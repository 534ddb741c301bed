/**
 * Which messages of a log are wanted, and what is changed in them.
 *
 * @module
 */

import { checkNames } from "../check.ts";
import { CAN_ERR_FLAG, filterMatches, type RawFilter } from "../kernel/can.ts";
import { type CanFilter, toRawFilters } from "../message/filter.ts";
import { frameIdWord, Message } from "../message/message.ts";
import type { LogItem } from "./entry.ts";

/**
 * Which messages of a log are wanted.
 *
 * @category Logs
 */
export interface LogSelection {
  /** Identifiers, as `BusOptions.filters`; null or an empty list: all. */
  readonly filters?: readonly CanFilter[] | null;
  /** From when on: seconds after the first message, or a time. Default: from the beginning. */
  readonly from?: number | Date;
  /** Until when: seconds after the first message, or a time; messages at that time are left out. Default: to the end. */
  readonly to?: number | Date;
  /**
   * Which channels, and what they are called from there on: `{ can0: "engine", can1: true }`. Channels that are not named
   * are left out. Default: all, as they are.
   */
  readonly channels?: Readonly<Record<string, string | boolean>>;
}

/** The names of these options. */
export const selectionNames = ["filters", "from", "to", "channels"] as const;

/** Selects and changes the items of one log, in order. */
export class Selector {
  readonly #filters: readonly RawFilter[] | null;
  readonly #channels: ReadonlyMap<string, string | boolean> | null;
  readonly #from: number | Date;
  readonly #to: number | Date;
  readonly #shiftNs: bigint;
  #fromNs: bigint | null = null;
  #toNs: bigint | null = null;
  /** The time of the first message, selected or not. */
  firstNs: bigint | null = null;

  /**
   * @param shift Seconds that are added to every time.
   * @throws {TypeError | RangeError} An option is wrong.
   */
  constructor({ filters = null, from = 0, to = Infinity, channels }: LogSelection, shift = 0) {
    this.#filters = filters === null || filters.length === 0 ? null : toRawFilters(filters);
    this.#from = checkTime("from", from);
    this.#to = checkTime("to", to);
    if (typeof shift !== "number" || !Number.isFinite(shift)) {
      throw new TypeError(`shift must be a finite number of seconds: ${shift}`);
    }
    this.#shiftNs = nanoseconds(shift);
    if (channels !== undefined) checkChannels(channels);
    this.#channels = channels === undefined ? null : new Map(Object.entries(channels));
  }

  /** Whether all further messages come too late, if the log is in order. */
  get past(): boolean {
    return this.#past;
  }
  #past = false;

  /** The item as it is wanted; null if it is not. */
  apply(item: LogItem): LogItem | null {
    const timestampNs = item.timestampNs;
    if (this.firstNs === null && timestampNs !== null && item instanceof Message) this.#begin(timestampNs);
    if (timestampNs !== null && this.firstNs !== null) {
      if (timestampNs < this.#fromNs!) return null;
      if (this.#toNs !== null && timestampNs >= this.#toNs) {
        this.#past = true;
        return null;
      }
    }
    return item instanceof Message ? this.#message(item) : this.#shifted(item);
  }

  #message(message: Message): Message | null {
    if (this.#filters !== null && !passes(message, this.#filters)) return null;
    let channel = message.channel;
    if (this.#channels !== null) {
      const wanted = this.#channels.get(channel ?? "");
      if (wanted === undefined || wanted === false) return null;
      if (typeof wanted === "string") channel = wanted;
    }
    if (channel === message.channel && this.#shiftNs === 0n) return message;
    return message.with({ channel, timestampNs: this.#add(message.timestampNs) });
  }

  #shifted<Note extends Exclude<LogItem, Message>>(note: Note): Note {
    if (this.#shiftNs === 0n || note.timestampNs === null) return note;
    return { ...note, timestampNs: this.#add(note.timestampNs) };
  }

  #add(timestampNs: bigint): bigint {
    const moved = timestampNs + this.#shiftNs;
    if (moved >= 0n) return moved;
    throw new RangeError(`A time of ${timestampNs} ns shifted by ${this.#shiftNs} ns is before 1970`);
  }

  #begin(firstNs: bigint): void {
    this.firstNs = firstNs;
    const absolute = (time: number | Date) =>
      time instanceof Date ? BigInt(time.getTime()) * 1_000_000n : firstNs + nanoseconds(time);
    this.#fromNs = absolute(this.#from);
    this.#toNs = this.#to === Infinity ? null : absolute(this.#to);
  }
}

/** Whether one of the filters lets a message through; error frames, which they do not concern, always come. */
function passes(message: Message, filters: readonly RawFilter[]): boolean {
  const word = frameIdWord(message);
  return (word & CAN_ERR_FLAG) !== 0 || filters.some((filter) => filterMatches(filter, word));
}

/** Seconds as nanoseconds. */
export function nanoseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e9));
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
    throw new TypeError(`channels takes an object of names, not ${channels}`);
  }
  for (const [name, value] of Object.entries(channels)) {
    if (typeof value !== "string" && typeof value !== "boolean") {
      throw new TypeError(`channels["${name}"] must be a name, true or false: ${value}`);
    }
  }
}

/** Refuses unknown options of something that takes a selection and more. */
export function checkSelectionNames(what: string, options: object, more: readonly string[]): void {
  checkNames(what, options, [...selectionNames, ...more]);
}
