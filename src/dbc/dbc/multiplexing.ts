/**
 * Which signal selects which others: simple multiplexing (`M`, `m1`), and extended (`SG_MUL_VAL_`), which overrules it.
 *
 * @module
 */

import type { Diagnostics } from "../diagnostics.ts";
import type { Draft } from "../draft.ts";
import type { Signal } from "../model.ts";
import type { LinkedMessage } from "./linked.ts";
import type { MultiplexStatement, SignalStatement } from "./statements.ts";

/**
 * Gives the signals of all messages their multiplexers.
 *
 * @param find Returns a signal by the identifier of its message and its name; null, with a diagnostic at `at`, if there is none.
 */
export function linkMultiplexing(
  messages: readonly LinkedMessage[],
  statements: readonly MultiplexStatement[],
  find: (id: number, name: string, at: number) => Draft<Signal> | null,
  diagnostics: Diagnostics,
): void {
  for (const { at, id, name, multiplexer, ranges } of statements) {
    const signal = find(id, name, at);
    const selecting = signal && find(id, multiplexer, at);
    if (signal === null || selecting === null) continue;
    // A long list of values may be split into several statements.
    const before = signal.multiplexer?.signal === selecting.name ? signal.multiplexer.ranges : [];
    signal.multiplexer = { signal: selecting.name, ranges: [...before, ...ranges] };
    selecting.isMultiplexer = true;
  }
  for (const message of messages) {
    const signals = [...message.signals.values()];
    addSimple(signals, diagnostics);
    if (signals.some(({ draft }) => draft.multiplexer !== null)) removeCycles(signals, diagnostics);
  }
}

/** Gives the multiplexer to signals that have only its value. */
function addSimple(signals: readonly SignalStatement[], diagnostics: Diagnostics): void {
  // One that is selected itself is for signals that name it.
  const multiplexer = signals.find(({ selector, draft }) =>
    draft.isMultiplexer && selector === null && draft.multiplexer === null
  );
  for (const { at, selector, draft } of signals) {
    if (selector === null || draft.multiplexer !== null) continue;
    if (multiplexer) draft.multiplexer = { signal: multiplexer.draft.name, ranges: [[selector, selector]] };
    else {
      const selected = `signal ${draft.name} is for value ${selector} of a multiplexer`;
      diagnostics.add(`${selected}, but there is none: it is always read`, at);
    }
  }
}

/** Makes sure that no signal selects itself, through others or not. */
function removeCycles(signals: readonly SignalStatement[], diagnostics: Diagnostics): void {
  const byName = new Map(signals.map((signal) => [signal.draft.name, signal]));
  const done = new Set<SignalStatement>();
  for (const first of byName.values()) {
    const path = new Set<SignalStatement>();
    for (let signal = first; !done.has(signal);) {
      done.add(signal);
      path.add(signal);
      const next = signal.draft.multiplexer && byName.get(signal.draft.multiplexer.signal);
      if (!next) break;
      if (path.has(next)) {
        diagnostics.add(`signal ${signal.draft.name} selects itself: it is always read`, signal.at);
        signal.draft.multiplexer = null;
      }
      signal = next;
    }
  }
}
