/**
 * Parts of a database while they are read: the same as in the model, to be written to.
 *
 * @module
 */

import type { DatabaseMessage, Signal } from "./model.ts";

/** A part of the model whose fields, lists and maps are still being filled. */
export type Draft<T> = {
  -readonly [K in keyof T]: T[K] extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value>
    : T[K] extends readonly (infer Item)[] ? Item[]
    : T[K];
};

/** Returns a signal, by default an unsigned whole number that is always present. Limits that are both 0 are none. */
export function draftSignal(given: Partial<Signal> & Pick<Signal, "name" | "start" | "length">): Draft<Signal> {
  const isLimited = given.minimum !== 0 || given.maximum !== 0;
  return {
    byteOrder: "little-endian",
    isSigned: false,
    isFloat: false,
    scale: 1,
    offset: 0,
    unit: "",
    comment: null,
    startValue: null,
    isMultiplexer: false,
    multiplexer: null,
    ...given,
    minimum: isLimited ? given.minimum ?? null : null,
    maximum: isLimited ? given.maximum ?? null : null,
    labels: new Map(given.labels),
    receivers: [...given.receivers ?? []],
    attributes: new Map(given.attributes),
  };
}

/** Returns a message, by default a classic frame without signals. */
export function draftMessage(
  given: Pick<DatabaseMessage, "name" | "frameId" | "isExtendedId" | "length">,
): Draft<DatabaseMessage> {
  return {
    ...given,
    senders: [],
    signals: [],
    signalGroups: [],
    comment: null,
    attributes: new Map(),
    isFd: false,
    bitrateSwitch: false,
    isJ1939: false,
    cycleTime: null,
  };
}

/** The signals of a message while it is read. */
export class SignalList {
  readonly list: Draft<Signal>[] = [];
  readonly #byName = new Map<string, Draft<Signal>>();

  /**
   * Adds a signal. If there is one of the same name that is the same for another value of the multiplexer, that one is for both.
   *
   * @returns Whether it was added; not if the name is that of another signal.
   */
  add(signal: Draft<Signal>): boolean {
    const twin = this.#byName.get(signal.name);
    if (twin === undefined) {
      this.#byName.set(signal.name, signal);
      this.list.push(signal);
      return true;
    }
    if (!isSameElsewhere(twin, signal)) return false;
    const { signal: multiplexer, ranges } = twin.multiplexer!;
    twin.multiplexer = { signal: multiplexer, ranges: [...ranges, ...signal.multiplexer!.ranges] };
    return true;
  }
}

function isSameElsewhere(one: Draft<Signal>, other: Draft<Signal>): boolean {
  const fields = [
    "start",
    "length",
    "byteOrder",
    "isSigned",
    "isFloat",
    "scale",
    "offset",
    "unit",
    "isMultiplexer",
  ] as const;
  return fields.every((field) => one[field] === other[field]) && one.multiplexer !== null &&
    one.multiplexer.signal === other.multiplexer?.signal;
}
