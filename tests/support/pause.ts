/**
 * Waiting in tests.
 *
 * @module
 */

/** Lets timers and whatever waits in the event loop have a turn. */
export function pause(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
