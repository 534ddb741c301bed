/**
 * Waiting in tests.
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
