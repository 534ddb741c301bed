/**
 * A row of a live table: what is known of one identifier on one bus.
 *
 * @module
 */

import { bitsOf } from "../dbc/bits.ts";
import type { DecodedMessage, DecodedSignal } from "../dbc/decode.ts";
import type { DatabaseMessage } from "../dbc/model.ts";
import type { Message } from "../message/message.ts";
import { History } from "./history.ts";
import { Intervals } from "./intervals.ts";
import type { Known } from "./known.ts";

/** A signal that a row has had. */
export interface LiveSignal {
  readonly name: string;
  /** What it was last. */
  decoded: DecodedSignal;
  /** When bits of it changed last that are not known to change; -Infinity for never. */
  changedAt: number;
  readonly history: History;
  /** Its bits in the data. */
  readonly mask: Uint8Array;
}

/** A row. Times that end in `At` are seconds of the clock that `LiveTable.add` was called with. */
export class Row {
  /** The interface and the identifier: `can0 123`. */
  readonly key: string;
  /** The identifier as text: 3 or 8 digits; after a letter for error frames (E), remote ones (R) and CAN XL (X). */
  readonly id: string;
  readonly channel: string;
  /** The last message. */
  message: Message;
  /** Its data. */
  data: Uint8Array;
  count = 0;
  intervals = new Intervals();
  /** When it came last. */
  seenAt: number;
  /** When each byte changed last, by bits that are not known to change; -Infinity for never. */
  changedAt: number[] = [];
  /** When any of them did. */
  newAt = -Infinity;
  /** The bits that have changed so far. */
  changed: Uint8Array;
  readonly known: Known;
  /** What the database says; null if it knows nothing. */
  name: string | null = null;
  readonly signals: Map<string, LiveSignal> = new Map();
  /** What the last message lacks: signals beyond its end, multiplexers that select nothing. */
  faults: readonly string[] = [];

  constructor(channel: string, id: string, message: Message, known: Known, now: number) {
    this.channel = channel;
    this.id = id;
    this.key = `${channel} ${id}`;
    this.message = message;
    this.data = message.data;
    this.changed = new Uint8Array(this.data.length);
    this.changedAt = Array.from(this.data, () => -Infinity);
    this.known = known;
    this.seenAt = now;
  }

  /** Whether bits have changed that are not known to change. */
  get hasNews(): boolean {
    const { bits } = this.known;
    return this.changed.some((byte, i) => (byte & ~(bits[i] ?? 0)) !== 0);
  }

  /**
   * Takes a message.
   *
   * @param decode What it says; it is only asked if the data is not the last one.
   */
  add(message: Message, decode: (message: Message) => DecodedMessage | null, now: number): void {
    const { data } = message;
    const news = this.#compare(data, now);
    if (news !== null || this.count === 0) this.#decoded(decode(message), news, now);
    this.message = message;
    this.data = data;
    this.count++;
    this.seenAt = now;
    this.intervals.add(message.timestamp);
  }

  /** Counts from 0 again. */
  reset(): void {
    this.count = 0;
    this.intervals = new Intervals();
    this.changed.fill(0);
    this.changedAt.fill(-Infinity);
    this.newAt = -Infinity;
    for (const signal of this.signals.values()) signal.changedAt = -Infinity;
  }

  /** Returns a copy that later messages do not change. */
  copy(): Row {
    const copy = new Row(this.channel, this.id, this.message, this.known, this.seenAt);
    const { count, changedAt, newAt, changed, name, faults } = this;
    Object.assign(copy, { count, newAt, name, faults, changed: changed.slice(), changedAt: [...changedAt] });
    copy.intervals = this.intervals.copy();
    for (const [each, signal] of this.signals) {
      copy.signals.set(each, { ...signal, history: new History(signal.history) });
    }
    return copy;
  }

  /** Returns which bits of the data changed that are not known to change; null if none changed at all. */
  #compare(data: Uint8Array, now: number): Uint8Array | null {
    const before = this.data;
    let news: Uint8Array | null = null;
    if (this.count === 0) return news;
    const length = Math.max(data.length, before.length);
    for (let i = 0; i < length; i++) {
      // A byte that was not there before is new as a whole, and so is one that is gone.
      const bits = i < data.length && i < before.length ? data[i] ^ before[i] : 0xff;
      if (bits === 0) continue;
      if (this.changed.length < length) this.#grow(length);
      news ??= new Uint8Array(length);
      this.changed[i] |= bits;
      news[i] = bits & ~(this.known.bits[i] ?? 0);
      if (news[i] !== 0) this.changedAt[i] = this.newAt = now;
    }
    return news;
  }

  #grow(length: number): void {
    const changed = new Uint8Array(length);
    changed.set(this.changed);
    this.changed = changed;
    while (this.changedAt.length < length) this.changedAt.push(-Infinity);
  }

  #decoded(decoded: DecodedMessage | null, news: Uint8Array | null, now: number): void {
    if (decoded === null) return;
    this.name = decoded.name;
    this.faults = [
      ...decoded.missing.length > 0 ? [`too short for ${decoded.missing.join(", ")}`] : [],
      ...decoded.unknownMultiplexers.map((name) => `nothing is selected by ${name}`),
    ];
    for (const [name, value] of Object.entries(decoded.signals)) {
      let signal = this.signals.get(name);
      if (signal === undefined) {
        const mask = maskOf(decoded.message, name);
        signal = { name, decoded: value, changedAt: -Infinity, history: new History(), mask };
        this.signals.set(name, signal);
      }
      signal.decoded = value;
      signal.history.add(Number(value.value), now);
      if (news !== null && signal.mask.some((bits, i) => (bits & (news[i] ?? 0)) !== 0)) signal.changedAt = now;
    }
  }
}

/** The bits of a signal in the data of its message. */
function maskOf({ signals }: DatabaseMessage, name: string): Uint8Array {
  const bits = bitsOf(signals.find((signal) => signal.name === name)!);
  const mask = new Uint8Array((Math.max(...bits) >> 3) + 1);
  for (const bit of bits) mask[bit >> 3] |= 1 << (bit & 7);
  return mask;
}
