/**
 * The symbols of a SYM file: messages, or branches of one with a multiplexer.
 *
 * @module
 */

import { startOfOffset } from "../bits.ts";
import { Fault } from "../diagnostics.ts";
import { type Draft, draftMessage, draftSignal, SignalList } from "../draft.ts";
import { MOST_BYTES } from "../limits.ts";
import type { DatabaseMessage, Signal } from "../model.ts";
import type { Line } from "./lines.ts";
import { nameOf } from "./signal.ts";
import { bigintOf, wholeOf } from "./values.ts";

/** `[Name]`, and what the lines below say. */
export interface SymMessage {
  readonly name: string;
  readonly senders: readonly string[];
  /** `ID=`: the first and the last identifier; null in a further branch of a multiplexed message. */
  id:
    | { readonly first: number; readonly last: number; readonly isLong: boolean; readonly comment: string | null }
    | null;
  /** `Type=` */
  type: string;
  /** `Len=`, in bytes. */
  length: number;
  /** `CycleTime=`, in milliseconds. */
  cycleTime: number;
  /** `Mux=` */
  mux: Mux | null;
  /** `Sig=` and `Var=`: a signal, and its first bit, counted from that of the message. */
  readonly signals: { readonly signal: Signal; readonly offset: number; readonly at: number }[];
}

/** The value of a multiplexer for which the signals of a symbol are present. */
interface Mux {
  readonly at: number;
  readonly multiplexer: Draft<Signal>;
  readonly value: bigint;
}

/** The most messages that one symbol may stand for: all standard identifiers. */
const MOST_IDS = 2048;

/** Reads `ID=100h` or `ID=100h-10Fh`. */
export function readId(fields: readonly string[], comment: string | null): SymMessage["id"] {
  const text = fields.join("");
  const [, low, high = low] = /^([\da-f]{1,8})h(?:-([\da-f]{1,8})h)?$/i.exec(text) ?? [];
  if (low === undefined) {
    throw new Fault(`the identifier is ${JSON.stringify(text.slice(0, 40))}: it must be as 100h`);
  }
  const [first, last] = [low, high].map((digits) => wholeOf(`${digits}h`, "the identifier", 0x1fff_ffff));
  if (last < first || last - first >= MOST_IDS) {
    throw new Fault(`${text} are no identifiers, or more than ${MOST_IDS}`);
  }
  return { first, last, isLong: low.length === 8, comment };
}

/** Reads `Mux=Name 0,8 1Fh -m`: the first bit and the length of the multiplexer, and its value. */
export function readMux(
  [name = "", place = "", value = "", ...flags]: readonly string[],
  { at, comment }: Line,
): Mux | null {
  const [first, length] = place.split(",");
  const bits = wholeOf(length ?? "", "the length", 64);
  const byteOrder = flags.includes("-m") ? "big-endian" : "little-endian";
  const start = startOfOffset(wholeOf(first, "the first bit", 8 * MOST_BYTES - 1), byteOrder);
  if (bits === 0) return null;
  const multiplexer = draftSignal({ name: nameOf(name), start, length: bits, byteOrder, isMultiplexer: true, comment });
  return { at, multiplexer, value: bigintOf(value, "the value") };
}

/**
 * Returns the messages of a symbol with an identifier.
 *
 * @param branches The symbols of the same name without.
 * @param places Takes where each signal is.
 * @param report Takes why a signal is left out, and where it is.
 */
export function messagesOf(
  symbol: SymMessage,
  branches: readonly SymMessage[],
  places: Map<Signal, number>,
  report: (reason: string, at: number) => void,
): DatabaseMessage[] {
  const { id, name, senders, type, length, cycleTime, mux } = symbol;
  if (id === null) return [];
  const signals = new SignalList();
  const add = (signal: Draft<Signal>, at: number): void => {
    const added = signals.add(signal);
    if (added) places.set(added, at);
    else report(`message ${name} has a signal ${signal.name} already: this one is skipped`, at);
  };
  if (mux) add(mux.multiplexer, mux.at);
  for (const branch of [symbol, ...branches]) {
    const ranges = branch.mux ? [[branch.mux.value, branch.mux.value] as const] : [];
    const multiplexer = mux && branch.mux ? { signal: mux.multiplexer.name, ranges } : null;
    for (const { signal, offset, at } of branch.signals) {
      add(draftSignal({ ...signal, start: startOfOffset(offset, signal.byteOrder), multiplexer }), at);
    }
  }
  const isExtendedId = id.isLong || id.last > 0x7ff || /extended$/i.test(type);
  return Array.from({ length: id.last - id.first + 1 }, (_, index) => ({
    ...draftMessage({ name, frameId: id.first + index, isExtendedId, length, senders, signals: signals.list }),
    comment: id.comment,
    isFd: /^fd/i.test(type),
    cycleTime: cycleTime > 0 ? cycleTime / 1000 : null,
  }));
}
