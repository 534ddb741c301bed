/**
 * Values from the data of messages.
 *
 * @module
 */

import { fieldsOf, Message } from "../message/message.ts";
import { bigintAt, endOf, numberAt, Words } from "./bits.ts";
import { isLong, isValueLong } from "./long.ts";
import type { DatabaseMessage, Signal } from "./model.ts";
import { type Condition, Selection } from "./selection.ts";
import type { SignalValues } from "./signal_values.ts";
import type { MessageTypes, SignalType, SignalTypes } from "./types.ts";

/**
 * A signal in a message that was decoded.
 *
 * @category Databases
 */
export interface DecodedSignal<Type extends SignalType = SignalType> {
  /** The bits as a number: a bigint if the signal is a whole number of more than 53 bits. */
  readonly raw: Type["raw"];
  /**
   * `raw * scale + offset`, in the signal's unit, even if it is out of range. A bigint if `raw` is one and the scale and the
   * offset are whole numbers.
   */
  readonly value: Type["value"];
  /** The name of the raw value in the signal's value table; null if it has none. */
  readonly label: Type["label"] | null;
  /** The unit; "" if the database gives none. */
  readonly unit: string;
  /** Whether the value is within the limits that the database gives; true where it gives none, false for NaN. */
  readonly inRange: boolean;
}

/**
 * A message that was decoded.
 *
 * @category Databases
 */
export interface DecodedMessage<Name extends string = string, Types extends SignalTypes = SignalTypes> {
  /** The name of the message. */
  readonly name: Name;
  /** What the database says of it. */
  readonly message: DatabaseMessage;
  /** The signals that are present, by name, in the order of the database. */
  readonly signals: { readonly [Signal in keyof Types]: DecodedSignal<NonNullable<Types[Signal]>> };
  /**
   * Names of signals that are not, or not wholly, in the data, because it is shorter than the database says. What a missing
   * multiplexer selects is not known, and in neither list.
   */
  readonly missing: readonly string[];
  /** Names of multiplexers that are present with a value that selects nothing. */
  readonly unknownMultiplexers: readonly string[];
}

/**
 * A message of a database that was decoded: `name` tells which, and so which signals it has.
 *
 * @category Databases
 */
export type Decoded<Messages extends MessageTypes = MessageTypes> = {
  [Name in keyof Messages & string]: DecodedMessage<Name, Messages[Name]>;
}[keyof Messages & string];

/** Decodes one signal. */
class SignalDecoder {
  readonly name: string;
  readonly place: number;
  /** The bytes that it needs. */
  readonly end: number;
  readonly scale: number;
  readonly offset: number;
  /** When it is present; null: always. */
  readonly condition: Condition | null;
  readonly #unit: string;
  readonly #minimum: number;
  readonly #maximum: number;
  /** Null if there are none. */
  readonly #labels: ReadonlyMap<number | bigint, string> | null;
  readonly #isLong: boolean;
  /** The scale and the offset, if they are for bigints. */
  readonly #whole: { readonly scale: bigint; readonly offset: bigint } | null;

  constructor(signal: Signal, words: Words, selection: Selection) {
    const { scale, offset, labels } = signal;
    this.name = signal.name;
    this.place = words.place(signal);
    this.end = endOf(signal);
    this.scale = scale;
    this.offset = offset;
    this.condition = selection.conditionOf(signal);
    this.#unit = signal.unit;
    this.#minimum = signal.minimum ?? -Infinity;
    this.#maximum = signal.maximum ?? Infinity;
    this.#isLong = isLong(signal);
    const byRaw = [...labels].map(([raw, label]) => [this.#isLong ? raw : Number(raw), label] as const);
    this.#labels = byRaw.length === 0 ? null : new Map(byRaw);
    this.#whole = isValueLong(signal) ? { scale: BigInt(scale), offset: BigInt(offset) } : null;
  }

  /** Whether the message that was loaded last should have the signal. */
  isExpected(): boolean {
    return this.condition === null || this.condition.holds();
  }

  decode(words: Int32Array): DecodedSignal {
    if (this.#isLong) return this.#decodeLong(bigintAt(words, this.place));
    const raw = numberAt(words, this.place);
    return this.#decoded(raw, raw * this.scale + this.offset);
  }

  #decodeLong(raw: bigint): DecodedSignal {
    const whole = this.#whole;
    return this.#decoded(raw, whole ? raw * whole.scale + whole.offset : Number(raw) * this.scale + this.offset);
  }

  #decoded(raw: number | bigint, value: number | bigint): DecodedSignal {
    return {
      raw,
      value,
      label: this.#labels === null ? null : this.#labels.get(raw) ?? null,
      unit: this.#unit,
      inRange: value >= this.#minimum && value <= this.#maximum,
    };
  }
}

/** What most messages miss. */
const nothing: readonly string[] = Object.freeze([]);

/** Decodes one message of a database; it is made once, and then decodes any number of them. */
export class MessageDecoder {
  readonly #message: DatabaseMessage;
  readonly #words: Words;
  readonly #selection: Selection;
  readonly #decoders: readonly SignalDecoder[];
  /** The bytes that all signals together need. */
  readonly #end: number;
  readonly #isMultiplexed: boolean;
  /** All signals. To copy this object and to replace them is several times faster than to add one by one. */
  readonly #template: Readonly<Record<string, DecodedSignal>>;
  // The same numbers as in the decoders.
  readonly #places: Int32Array;
  readonly #scales: Float64Array;
  readonly #offsets: Float64Array;

  constructor(message: DatabaseMessage) {
    const { signals } = message;
    this.#message = message;
    this.#words = new Words(signals);
    this.#selection = new Selection(signals, this.#words);
    this.#decoders = signals.map((signal) => new SignalDecoder(signal, this.#words, this.#selection));
    this.#end = Math.max(0, ...signals.map(endOf));
    this.#isMultiplexed = this.#decoders.some(({ condition }) => condition !== null);
    this.#places = Int32Array.from(this.#decoders, ({ place }) => place);
    this.#scales = Float64Array.from(signals, ({ scale }) => scale);
    this.#offsets = Float64Array.from(signals, ({ offset }) => offset);
    const { words } = this.#words;
    this.#template = Object.fromEntries(this.#decoders.map((each) => [each.name, each.decode(words)]));
  }

  /** Decodes a message, not of CAN XL, whose data may be longer or shorter than the database says. */
  decode(source: Message | Uint8Array): DecodedMessage {
    const length = this.#load(source);
    if (this.#isMultiplexed || length < this.#end) return this.#decodePart(length);
    const message = this.#message;
    const decoders = this.#decoders;
    const { words } = this.#words;
    const signals = { ...this.#template };
    for (let i = 0; i < decoders.length; i++) signals[decoders[i].name] = decoders[i].decode(words);
    return { name: message.name, message, signals, missing: nothing, unknownMultiplexers: nothing };
  }

  /** Decodes what is present of a message in which not every signal is. */
  #decodePart(length: number): DecodedMessage {
    const message = this.#message;
    const { words } = this.#words;
    this.#selection.read(words, length);
    const expected = this.#decoders.filter((decoder) => decoder.isExpected());
    const whole = expected.filter(({ end }) => end <= length);
    return {
      name: message.name,
      message,
      signals: Object.fromEntries(whole.map((decoder) => [decoder.name, decoder.decode(words)])),
      missing: expected.filter(({ end }) => end > length).map(({ name }) => name),
      unknownMultiplexers: this.#selection.unknown(),
    };
  }

  /**
   * Decodes the values of a message without making an object.
   *
   * @throws {RangeError} The message has more signals than `into` has room for.
   */
  decodeInto(source: Message | Uint8Array, into: SignalValues): void {
    const decoders = this.#decoders;
    const { values, present } = into;
    if (decoders.length > values.length) {
      const { name } = this.#message;
      throw new RangeError(`${name} has ${decoders.length} signals: SignalValues for ${values.length} are too small`);
    }
    const length = this.#load(source);
    const { words } = this.#words;
    const places = this.#places;
    const scales = this.#scales;
    const offsets = this.#offsets;
    if (!this.#isMultiplexed && length >= this.#end) {
      for (let i = 0; i < places.length; i++) {
        values[i] = numberAt(words, places[i]) * scales[i] + offsets[i];
        present[i] = 1;
      }
      return;
    }
    this.#selection.read(words, length);
    for (let i = 0; i < decoders.length; i++) {
      const isPresent = decoders[i].end <= length && decoders[i].isExpected();
      values[i] = isPresent ? numberAt(words, places[i]) * scales[i] + offsets[i] : NaN;
      present[i] = isPresent ? 1 : 0;
    }
  }

  /** Takes the data of a message, and returns its length. */
  #load(source: Message | Uint8Array): number {
    if (!(source instanceof Message)) {
      this.#words.load(source);
      return source.length;
    }
    const { word0, word1, more } = fieldsOf(source);
    this.#words.loadWords(word0, word1, more);
    return source.dlc;
  }
}
