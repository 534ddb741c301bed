/**
 * Waiting in tests, and in scripts that they start, which have no packages.
 *
 * @module
 */

/** Lets timers and whatever waits in the event loop have a turn. */
export function pause(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A promise that is waited for later; that it is rejected before is nothing unheard of. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Waits until a condition holds, for far longer than that takes. */
export async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !condition(); await pause(1)) {
    if (performance.now() > end) throw new Error(`in vain: ${condition}`);
  }
}
