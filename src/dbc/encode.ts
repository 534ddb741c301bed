/**
 * The data of messages from values.
 *
 * @module
 */

import { checkWhole, fillOptions, type OptionTable, show } from "../check.ts";
import { Message } from "../message/message.ts";
import { endOf, writeRaw } from "./bits.ts";
import { isIn, rangesText, rawThatSelects, selectorOf } from "./branches.ts";
import { isAddressed } from "./identifier.ts";
import type { DatabaseMessage, Signal } from "./model.ts";
import { checkedRaw, rawOfInput, type SignalInput } from "./raw_value.ts";
import { multiplexerOf, selectedBy } from "./selection.ts";
import type { SignalTypes } from "./types.ts";

/**
 * Values of signals, by name.
 *
 * @category Databases
 */
export type SignalInputs<Types extends SignalTypes = SignalTypes> = {
  readonly [Signal in keyof Types]?: SignalInput<NonNullable<Types[Signal]>>;
};

/**
 * How the data of a message is encoded.
 *
 * @category Databases
 */
export interface EncodeDataOptions {
  /** The value of bits that belong to no signal that is present: 0, or 1 as J1939 has it. Default 0. */
  readonly padding?: 0 | 1;
  /**
   * The raw value of signals that are not given and for which the database has no start value (`GenSigStartValue`). By default
   * their absence is an error.
   */
  readonly startValue?: number | bigint;
}

/**
 * How a message is encoded.
 *
 * @category Databases
 */
export interface EncodeOptions extends EncodeDataOptions {
  /** J1939: the sender's address, 0 to 255. Default: the one in the database's identifier. */
  readonly source?: number;
  /**
   * J1939: the receiver's address, 0 to 255, in messages that have one. Default: the one in the database's identifier.
   */
  readonly destination?: number;
  /** J1939: the priority, 0 (highest) to 7. Default: the one in the database's identifier. */
  readonly priority?: number;
}

const dataOptions: OptionTable<EncodeDataOptions> = { padding: ["number", 0], startValue: ["number or bigint"] };
const options: OptionTable<EncodeOptions> = {
  ...dataOptions,
  source: ["number"],
  destination: ["number"],
  priority: ["number"],
};

/** The lengths of CAN FD frames of more than 8 bytes. */
const fdLengths = [12, 16, 20, 24, 32, 48, 64];

/** See `Database.encode`. */
export function encodeMessage(message: DatabaseMessage, values: SignalInputs, given: EncodeOptions = {}): Message {
  const { padding, startValue, ...parts } = fillOptions("encode", given, options) as EncodeOptions;
  const { name, length, isExtendedId, isJ1939, bitrateSwitch } = message;
  const isFd = message.isFd || (length > 8 && !isJ1939);
  if (length > (isFd ? 64 : 8)) {
    throw new RangeError(
      `${name} has ${length} bytes, more than a frame: use encodeData, and send the data by ISO-TP or J1939`,
    );
  }
  const size = isFd && length > 8 ? fdLengths.find((size) => size >= length) ?? length : length;
  const data = dataOf(message, values, size, { padding, startValue });
  const arbitrationId = identifier(message, parts);
  return new Message({ arbitrationId, isExtendedId, data, ...isFd && { isFd, bitrateSwitch } });
}

/** The identifier of a message, in J1939 with what the options say. */
function identifier(message: DatabaseMessage, given: Omit<EncodeOptions, keyof EncodeDataOptions>): number {
  const { name, frameId, isJ1939 } = message;
  const { source = frameId & 0xff, destination, priority = frameId >>> 26 } = given;
  const [option] = Object.keys(given);
  if (option !== undefined && !isJ1939) throw new TypeError(`${name} has no ${option}: it is not a J1939 message`);
  if (destination !== undefined && !isAddressed(frameId)) {
    throw new TypeError(`${name} has no destination: its PGN is for all nodes`);
  }
  const second = checkWhole("destination", destination ?? (frameId >>> 8) & 0xff, 0, 255);
  checkWhole("priority", priority, 0, 7);
  return (priority << 26) + (frameId & 0x03ff0000) + (second << 8) + checkWhole("source", source, 0, 255);
}

/** See `Database.encodeData`. */
export function encodeData(message: DatabaseMessage, values: SignalInputs, given: EncodeDataOptions = {}): Uint8Array {
  return dataOf(message, values, message.length, fillOptions("encodeData", given, dataOptions) as EncodeDataOptions);
}

/** Returns the data of a message, with padding up to a size. */
function dataOf(
  message: DatabaseMessage,
  values: SignalInputs,
  size: number,
  { padding, startValue }: EncodeDataOptions,
): Uint8Array {
  checkWhole("padding", padding, 0, 1);
  const data = new Uint8Array(size).fill(padding === 1 ? 0xff : 0);
  for (const [signal, raw] of new Encoding(message, values, startValue).raws()) writeRaw(data, signal, raw);
  return data;
}

/** A message that is being encoded. */
class Encoding {
  readonly #message: DatabaseMessage;
  readonly #values: SignalInputs;
  readonly #startValue: number | bigint | undefined;
  /** The raw values so far; null where a signal is absent. */
  readonly #raws = new Map<Signal, number | bigint | null>();
  /** Names of signals for which there is no value. */
  readonly #missing: string[] = [];

  constructor(message: DatabaseMessage, values: SignalInputs, startValue: number | bigint | undefined) {
    const { name, signals } = message;
    if (typeof values !== "object" || values === null) {
      throw new TypeError(`The values of ${name} must be an object: ${show(values)}`);
    }
    const names = signals.map((signal) => signal.name);
    const unknown = Object.keys(values).find((key) => !names.includes(key));
    if (unknown !== undefined) {
      throw new TypeError(`${name} has no signal ${show(unknown)}; it has ${names.join(", ")}`);
    }
    this.#message = message;
    this.#values = values;
    this.#startValue = startValue;
  }

  /** Returns the raw values of the signals that are present. */
  raws(): [Signal, number | bigint][] {
    const { name, signals } = this.#message;
    for (const signal of signals) this.#rawOf(signal);
    if (this.#missing.length > 0) {
      const they = this.#missing.length === 1 ? "it" : "them";
      throw new TypeError(
        `${name} needs ${
          this.#missing.join(", ")
        }: the database has no start value of ${they}; give ${they}, or the option startValue`,
      );
    }
    return [...this.#raws].filter((each): each is [Signal, number | bigint] => each[1] !== null);
  }

  /** Returns the raw value of a signal, null if it is absent. */
  #rawOf(signal: Signal): number | bigint | null {
    const known = this.#raws.get(signal);
    if (known !== undefined) return known;
    this.#raws.set(signal, null); // so that a signal which selects itself is absent
    const raw = this.#isPresent(signal) ? this.#chooseRaw(signal) : null;
    this.#raws.set(signal, raw);
    return raw;
  }

  #isPresent(signal: Signal): boolean {
    const multiplexer = multiplexerOf(signal, this.#message.signals);
    if (multiplexer === null || signal.multiplexer === null) return this.#isInside(signal);
    const raw = this.#rawOf(multiplexer);
    const { ranges } = signal.multiplexer;
    if (raw !== null && isIn(ranges, selectorOf(multiplexer, raw))) return this.#isInside(signal);
    if (!this.#isGiven(signal)) return false;
    const why = raw === null ? "it is absent itself" : `it is ${raw}`;
    throw new RangeError(
      `${signal.name} is only there if ${multiplexer.name} is ${
        rangesText(ranges)
      }: ${why} in these values of ${this.#message.name}`,
    );
  }

  /** Whether the bits of a signal are inside of the message, as they should be. */
  #isInside(signal: Signal): boolean {
    const { name, length } = this.#message;
    if (endOf(signal) <= length) return true;
    if (!this.#isGiven(signal)) return false;
    throw new RangeError(
      `${signal.name} cannot be encoded: it needs ${
        endOf(signal)
      } bytes, and the database says that ${name} has ${length}`,
    );
  }

  #chooseRaw(signal: Signal): number | bigint | null {
    if (this.#isGiven(signal)) return rawOfInput(signal, this.#values[signal.name]);
    const needed = this.#neededBranches(signal);
    if (needed.length > 0) return rawThatSelects(signal, needed);
    const start = signal.startValue ?? this.#startValue;
    if (start !== undefined) return checkedRaw(signal, start, `${signal.name} has the start value ${start}`);
    this.#missing.push(signal.name);
    return null;
  }

  /** The signals that a multiplexer has to select, because they are given, or select others that are. */
  #neededBranches(multiplexer: Signal): Signal[] {
    return selectedBy(multiplexer, this.#message.signals).filter((signal) =>
      this.#isGiven(signal) || (signal !== multiplexer && this.#neededBranches(signal).length > 0)
    );
  }

  #isGiven(signal: Signal): boolean {
    return Object.hasOwn(this.#values, signal.name) && this.#values[signal.name] !== undefined;
  }
}
