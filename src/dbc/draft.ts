/**
 * Parts of a database while they are read: the same as in the model, to be written to.
 *
 * @module
 */

import type { Attributes, DatabaseMessage, Labels, Signal } from "./model.ts";

/**
 * A part of the model whose fields are still being filled. Lists and maps are replaced, not filled: parts share those that are
 * the same, which saves much of the time and memory that a large database takes.
 */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** What most signals and messages have. */
const noNames: readonly string[] = [];
const noLabels: Labels = new Map();
export const noAttributes: Attributes = new Map();

/** Returns a signal, by default an unsigned whole number that is always present. Limits that are both 0 are none. */
export function draftSignal({
  name,
  start,
  length,
  byteOrder = "little-endian",
  isSigned = false,
  isFloat = false,
  scale = 1,
  offset = 0,
  minimum = null,
  maximum = null,
  unit = "",
  labels = noLabels,
  receivers = noNames,
  comment = null,
  attributes = noAttributes,
  startValue = null,
  isMultiplexer = false,
  multiplexer = null,
}: Partial<Signal> & Pick<Signal, "name" | "start" | "length">): Draft<Signal> {
  const isLimited = minimum !== 0 || maximum !== 0;
  return {
    name,
    start,
    length,
    byteOrder,
    isSigned,
    isFloat,
    scale,
    offset,
    minimum: isLimited ? minimum : null,
    maximum: isLimited ? maximum : null,
    unit,
    labels,
    receivers,
    comment,
    attributes,
    startValue,
    isMultiplexer,
    multiplexer,
  };
}

/** Returns a message, by default a classic frame without signals. */
export function draftMessage(
  given: Partial<DatabaseMessage> & Pick<DatabaseMessage, "name" | "frameId" | "isExtendedId" | "length">,
): Draft<DatabaseMessage> {
  return {
    senders: noNames,
    signals: [],
    signalGroups: [],
    comment: null,
    attributes: noAttributes,
    isFd: false,
    bitrateSwitch: false,
    isJ1939: false,
    cycleTime: null,
    ...given,
  };
}

/** The signals of a message while it is read. */
export class SignalList {
  readonly list: Draft<Signal>[] = [];
  readonly #byName = new Map<string, Draft<Signal>>();

  /**
   * Adds a signal. If there is one with the same name and bits, that may be the same one: for another value of its multiplexer, or
   * as a multiplexer that is itself selected by another.
   *
   * @returns The signal in the list; null if there is another one of its name.
   */
  add(signal: Draft<Signal>): Draft<Signal> | null {
    const twin = this.#byName.get(signal.name);
    if (twin === undefined) {
      this.#byName.set(signal.name, signal);
      this.list.push(signal);
      return signal;
    }
    const multiplexer = jointMultiplexer(twin, signal);
    if (multiplexer === undefined) return null;
    twin.multiplexer = multiplexer;
    twin.isMultiplexer ||= signal.isMultiplexer;
    return twin;
  }
}

/** Returns what selects a signal that stands in two places of a message; undefined if they are two signals. */
function jointMultiplexer(one: Signal, other: Signal): Signal["multiplexer"] | undefined {
  const fields = ["start", "length", "byteOrder", "isSigned", "isFloat", "scale", "offset", "unit"] as const;
  if (fields.some((field) => one[field] !== other[field])) return undefined;
  const [first, second] = [one.multiplexer, other.multiplexer];
  if (first !== null && second !== null) {
    const { signal, ranges } = first;
    return signal === second.signal ? { signal, ranges: [...ranges, ...second.ranges] } : undefined;
  }
  const [unselected, selected] = first === null ? [one, second] : [other, first];
  return unselected.isMultiplexer && selected !== null && selected.signal !== one.name ? selected : undefined;
}
