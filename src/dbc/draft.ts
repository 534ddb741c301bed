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

/** Returns a signal, by default an unsigned whole number that is always present. */
export function draftSignal(given: Partial<Signal> & Pick<Signal, "name" | "start" | "length">): Draft<Signal> {
  return {
    byteOrder: "little-endian",
    isSigned: false,
    isFloat: false,
    scale: 1,
    offset: 0,
    minimum: null,
    maximum: null,
    unit: "",
    comment: null,
    startValue: null,
    isMultiplexer: false,
    multiplexer: null,
    ...given,
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
