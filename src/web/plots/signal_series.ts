/**
 * The series of signals that are plotted.
 *
 * @module
 */

import type { Message } from "../../message/message.ts";
import type { Databases } from "../databases.ts";
import { rowKeyOf } from "../row_key.ts";
import { Series } from "./series.ts";

/** A signal of a row, with its series. */
export interface SignalSeries {
  /** The key of the series: `signal/can0/123/Speed`. */
  readonly key: string;
  /** The row's key, as `Row` has it: `can0 123`. */
  readonly row: string;
  readonly signal: string;
  readonly series: Series;
}

/** Decodes signals into their series, as their frames come. */
export class SignalSeriesList {
  readonly #databases: Databases;
  readonly #all = new Map<string, SignalSeries>();
  readonly #rows = new Map<string, SignalSeries[]>();

  constructor(databases: Databases) {
    this.#databases = databases;
  }

  /** The keys of all series. */
  get keys(): string[] {
    return [...this.#all.keys()];
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** Returns a series by its key; undefined if it is not recorded. */
  get(key: string): SignalSeries | undefined {
    return this.#all.get(key);
  }

  /** Begins a series; null if the key is none of a signal. */
  begin(key: string): SignalSeries | null {
    const [kind, bus, id, signal, more] = key.split("/");
    if (kind !== "signal" || signal === undefined || more !== undefined) return null;
    const row = rowKeyOf(`${bus}/${id}`);
    const name = rowKeyOf(`${signal}/`)?.slice(0, -1);
    if (row === null || name === undefined) return null;
    const begun = { key, row, signal: name, series: new Series() };
    this.#all.set(key, begun);
    this.#rows.set(row, [...this.#rows.get(row) ?? [], begun]);
    return begun;
  }

  end(key: string): void {
    const ended = this.#all.get(key);
    if (ended === undefined) return;
    this.#all.delete(key);
    const rest = this.#rows.get(ended.row)!.filter((each) => each !== ended);
    if (rest.length > 0) this.#rows.set(ended.row, rest);
    else this.#rows.delete(ended.row);
  }

  /** Takes a message of a row. */
  add(row: string, message: Message): void {
    const wanted = this.#rows.get(row);
    if (wanted !== undefined) { for (const each of wanted) this.append(each, message); }
  }

  /** Appends a signal of a message to its series. */
  append({ signal, series }: SignalSeries, message: Message): void {
    const signals = this.#databases.decode(message)?.signals;
    if (signals === undefined || !Object.hasOwn(signals, signal)) return;
    const { value, unit } = signals[signal];
    series.unit = unit;
    series.append(message.timestamp, Number(value));
  }

  /** Frames of a bus are missing here. */
  gap(bus: string): void {
    for (const { row, series } of this.#all.values()) if (row.startsWith(`${bus} `)) series.gap();
  }
}
