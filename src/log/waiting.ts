/**
 * Waiting that ends although what is waited for may never come.
 *
 * @module
 */

/** Milliseconds within which something must be taken of what is to be written. */
const STALLED = 1000;

/** Waits for a promise, or until the signal is aborted: then returns null. Rejects as the promise. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | null> {
  if (signal === undefined) return await promise;
  let abort = () => {};
  const aborted = new Promise<null>((resolve) => {
    abort = () => resolve(null);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Waits for something to be written, as long as some of it is taken now and then. Returns whether it was written, and
 * rejects as the promise.
 *
 * @param pending Returns the number of bytes that are not taken yet.
 */
export async function whileTaken(written: Promise<unknown>, pending: () => number): Promise<boolean> {
  let rest = pending();
  let timer: ReturnType<typeof setInterval> | undefined;
  const stalled = new Promise<false>((resolve) => {
    timer = setInterval(() => {
      const before = rest;
      rest = pending();
      if (rest >= before) resolve(false);
    }, STALLED);
  });
  try {
    return await Promise.race([written.then(() => true), stalled]);
  } finally {
    clearInterval(timer);
  }
}
