/**
 * Whether the signals of a message have bits of their own: strict reading asks for it.
 *
 * @module
 */

import { bitsOf, endOf } from "./bits.ts";
import type { DatabaseMessage, Signal } from "./model.ts";

/** A signal, and what is wrong with its bits. */
export interface LayoutFault {
  readonly signal: Signal;
  readonly reason: string;
}

/** A signal, with the signals that it selects, and those that they select. */
interface Branch {
  readonly signal: Signal;
  readonly children: Branch[];
  /** The signal of each bit that one of them has. */
  bits: ReadonlyMap<number, Signal>;
}

/** Returns the first signal that is outside of its message, or that shares a bit with one that may be present with it; else null. */
export function layoutFault({ name, length, signals }: DatabaseMessage): LayoutFault | null {
  for (const signal of signals) {
    if (endOf(signal) <= length) continue;
    return { signal, reason: `signal ${signal.name} needs ${endOf(signal)} bytes, and message ${name} has ${length}` };
  }
  const branches = new Map(signals.map((signal): [string, Branch] => [
    signal.name,
    { signal, children: [], bits: new Map(bitsOf(signal).map((bit) => [bit, signal])) },
  ]));
  const roots: Branch[] = [];
  for (const branch of branches.values()) {
    const parent = branches.get(branch.signal.multiplexer?.signal ?? "");
    (parent?.children ?? roots).push(branch);
  }
  // From the leaves to the roots, without recursion: how deep the branches go is the file's choice.
  const order = [...roots];
  for (const branch of order) order.push(...branch.children);
  for (const branch of order.reverse()) {
    const children = branch.children.flatMap(intervalsOf);
    const below = new Map(branch.children.flatMap(({ bits }) => [...bits]));
    const fault = overlap(children) ?? overlap([always(branch.bits), always(below)]);
    if (fault !== null) return fault;
    branch.bits = new Map([...branch.bits, ...below]);
  }
  return overlap(roots.map(({ bits }) => always(bits)));
}

/** Bits that belong to signals while a multiplexer has certain values. */
interface Interval {
  readonly first: bigint;
  readonly last: bigint;
  readonly bits: ReadonlyMap<number, Signal>;
}

function intervalsOf({ signal: { multiplexer }, bits }: Branch): Interval[] {
  return (multiplexer?.ranges ?? []).map(([first, last]) => ({ first, last, bits }));
}

function always(bits: ReadonlyMap<number, Signal>): Interval {
  return { first: 0n, last: 0n, bits };
}

/** Returns the fault of the first bit that two signals have at the same value. */
function overlap(intervals: readonly Interval[]): LayoutFault | null {
  /** Of each bit, who had it last: all that are still there at a value have bits of their own. */
  const holders = new Map<number, Interval>();
  const byValue = intervals.toSorted((one, other) => one.first < other.first ? -1 : Number(one.first > other.first));
  for (const interval of byValue) {
    for (const [bit, signal] of interval.bits) {
      const holder = holders.get(bit);
      const isHeld = holder !== undefined && holder.last >= interval.first;
      if (isHeld && holder.bits !== interval.bits) {
        return { signal, reason: `signal ${signal.name} shares bit ${bit} with signal ${holder.bits.get(bit)!.name}` };
      }
      if (!isHeld || holder.last < interval.last) holders.set(bit, interval);
    }
  }
  return null;
}
