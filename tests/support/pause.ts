/**
 * Waiting in tests, and in scripts that they start, which cannot import packages.
 *
 * @module
 */

/** Resolves after a time, at least one turn of the event loop later. */
export function pause(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Marks a promise as handled, so that it may reject before the test awaits it. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Waits until a condition holds, for at most 20 s. */
export async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !condition(); await pause(1)) {
    if (performance.now() > end) throw new Error(`still false: ${condition}`);
  }
}
