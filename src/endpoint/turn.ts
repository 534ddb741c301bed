/**
 * Turns of the event loop, and what keeps it going.
 *
 * @module
 */

const host = globalThis as unknown as { setImmediate(run: () => void): void };

/** Runs something when timers, input and whatever else is due have had their turn. */
export function nextTurn(run: () => void): void {
  host.setImmediate(run);
}

/** What `setTimeout` gives in both runtimes; their types call it a number. */
interface NativeTimer {
  ref(): void;
  unref(): void;
}

/** Whether the process may not end before a timer fires. */
export function setKeepAlive(timer: ReturnType<typeof setTimeout>, keepAlive: boolean): void {
  const native = timer as unknown as NativeTimer;
  if (keepAlive) native.ref();
  else native.unref();
}

/** What a function gives or throws, as a promise. */
export function promised<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return Promise.resolve(run());
  } catch (error) {
    return Promise.reject(error);
  }
}
