/**
 * The event loop: its turns, and what keeps it alive.
 *
 * @module
 */

const host = globalThis as unknown as { setImmediate(run: () => void): void };

/** Calls a function in the next turn of the event loop, after timers and input that are due. */
export function nextTurn(run: () => void): void {
  host.setImmediate(run);
}

/** The time in milliseconds after which the event loop gets a turn, though there is more to do at once. */
const TURN = 10;

/** The turns of the event loop in work that may never wait. */
export class Turns {
  #last = performance.now();

  /** Lets timers, signals and input be served, if there was only work for a while. */
  async give(): Promise<void> {
    if (performance.now() - this.#last < TURN) return;
    await new Promise<void>((resolve) => nextTurn(resolve));
    this.#last = performance.now();
  }
}

/** The longest time in milliseconds that `setTimeout` takes. */
const LONGEST = 2 ** 31 - 1;

/** Waits so many milliseconds, at most some 24 days, or until a signal is aborted. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(milliseconds, LONGEST));
    signal.addEventListener("abort", done);
  });
}

/** What `setTimeout` returns in both runtimes, though their types say a number. */
interface NativeTimer {
  ref(): void;
  unref(): void;
}

/** Sets whether a timer keeps the process alive. */
export function setKeepAlive(timer: ReturnType<typeof setTimeout>, keepAlive: boolean): void {
  const native = timer as unknown as NativeTimer;
  if (keepAlive) native.ref();
  else native.unref();
}

/** Returns a promise of what a function returns or throws. */
export function promised<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return Promise.resolve(run());
  } catch (error) {
    return Promise.reject(error);
  }
}
