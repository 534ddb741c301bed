/**
 * Which signals of a message are present: those that always are, and those that a multiplexer selects.
 *
 * @module
 */

import { bigintAt, endOf, numberAt, type Words } from "./bits.ts";
import { isLong } from "./long.ts";
import type { Signal } from "./model.ts";

/** First and last values of a multiplexer, inclusive. */
export type Ranges = readonly (readonly [bigint, bigint])[];

/** Returns the multiplexer of a signal; null if it has none or if the message lacks it, so that it is always present. */
export function multiplexerOf(signal: Signal, signals: readonly Signal[]): Signal | null {
  const name = signal.multiplexer?.signal;
  return name === undefined ? null : signals.find((each) => each.name === name) ?? null;
}

/** Returns the signals that a signal selects. */
export function selectedBy(multiplexer: Signal, signals: readonly Signal[]): Signal[] {
  return signals.filter((signal) => signal.multiplexer?.signal === multiplexer.name);
}

/** That a multiplexer has a value in certain ranges. */
export class Condition {
  readonly #multiplexer: Multiplexer;
  /** First, last, first, last … */
  readonly #limits: readonly (number | bigint)[];

  constructor(multiplexer: Multiplexer, ranges: Ranges) {
    this.#multiplexer = multiplexer;
    this.#limits = ranges.flat().map((limit) => multiplexer.isLong ? limit : Number(limit));
  }

  /** Whether it is so in the message that was read last. */
  holds(): boolean {
    const { value } = this.#multiplexer;
    if (value === null) return false;
    const limits = this.#limits;
    for (let i = 0; i < limits.length; i += 2) {
      if (value >= limits[i] && value <= limits[i + 1]) return true;
    }
    return false;
  }
}

/** A multiplexer of a message. */
class Multiplexer {
  readonly name: string;
  /** Whether its value is a bigint. */
  readonly isLong: boolean;
  /** Its value, null where it is absent. Read as unsigned: databases write no other values for multiplexers. */
  value: number | bigint | null = null;
  /** When it is present itself; null: always. */
  condition: Condition | null = null;
  readonly #place: number;
  /** The bytes that it needs. */
  readonly #end: number;
  /** When it selects something. */
  readonly #known: Condition;

  /** @param known The values for which it selects something. */
  constructor(signal: Signal, words: Words, known: Ranges) {
    this.name = signal.name;
    const unsigned = { ...signal, isSigned: false, isFloat: false };
    this.isLong = isLong(unsigned);
    this.#place = words.place(unsigned);
    this.#end = endOf(signal);
    this.#known = new Condition(this, known);
  }

  /** Whether its value selects nothing. */
  get isUnknown(): boolean {
    return this.value !== null && !this.#known.holds();
  }

  /** Reads its value, unless the message is too short for it. */
  read(words: Int32Array, length: number): void {
    if (this.#end > length) return;
    this.value = this.isLong ? bigintAt(words, this.#place) : numberAt(words, this.#place);
  }
}

/** The multiplexers of a message. */
export class Selection {
  /** Each behind the one that selects it. Of those that select each other the first one finds no value, and all are absent. */
  readonly #multiplexers: readonly Multiplexer[];

  constructor(signals: readonly Signal[], words: Words) {
    const sorted = new Set<Signal>();
    const sort = (signal: Signal, selected: readonly Signal[]): void => {
      const multiplexer = multiplexerOf(signal, signals);
      if (multiplexer !== null && !selected.includes(signal)) sort(multiplexer, [...selected, signal]);
      sorted.add(signal);
    };
    for (const signal of signals) sort(signal, []);
    const selecting = [...sorted].filter((signal) => selectedBy(signal, signals).length > 0);
    this.#multiplexers = selecting.map((signal) => {
      const known = selectedBy(signal, signals).flatMap(({ multiplexer }) => multiplexer?.ranges ?? []);
      return new Multiplexer(signal, words, known);
    });
    for (const [i, signal] of selecting.entries()) this.#multiplexers[i].condition = this.conditionOf(signal);
  }

  /** Returns the condition under which a signal is present; null if it always is. */
  conditionOf({ multiplexer }: Signal): Condition | null {
    const selecting = this.#multiplexers.find(({ name }) => name === multiplexer?.signal);
    return multiplexer && selecting ? new Condition(selecting, multiplexer.ranges) : null;
  }

  /** Reads the multiplexers of a message of so many bytes. */
  read(words: Int32Array, length: number): void {
    for (const multiplexer of this.#multiplexers) multiplexer.value = null;
    for (const multiplexer of this.#multiplexers) {
      if (multiplexer.condition === null || multiplexer.condition.holds()) multiplexer.read(words, length);
    }
  }

  /** The names of those whose value selects nothing. */
  unknown(): string[] {
    return this.#multiplexers.filter(({ isUnknown }) => isUnknown).map(({ name }) => name);
  }
}
