/**
 * Waits that a signal ends.
 *
 * @module
 */

/** Returns what a wait for something comes to; `otherwise` if the signal ended it, which is no error of the wait. */
export async function unlessStopped<T>(wait: Promise<T>, signal: AbortSignal, otherwise: T): Promise<T> {
  try {
    return await wait;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return otherwise;
    throw error;
  }
}
