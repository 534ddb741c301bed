/**
 * Turns of the event loop.
 *
 * @module
 */

const host = globalThis as unknown as { setImmediate(run: () => void): void };

/** Runs something when timers, input and whatever else is due have had their turn. */
export function nextTurn(run: () => void): void {
  host.setImmediate(run);
}
