/**
 * How something ends that somebody may wait for.
 *
 * @module
 */

/** An end that is not known yet, and a promise of it, if anybody asks. */
export class Run<T> {
  #settle: ((promise: { resolve(value: T): void; reject(error: unknown): void }) => void) | null = null;
  #asked: PromiseWithResolvers<T> | null = null;

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#settle !== null;
  }

  /** Whether the promise has been asked for. */
  get asked(): boolean {
    return this.#asked !== null;
  }

  /** The promise of the end. */
  get promise(): Promise<T> {
    if (this.#asked === null) {
      this.#asked = Promise.withResolvers<T>();
      this.#settle?.(this.#asked);
    }
    return this.#asked.promise;
  }

  /** It has come to its end. */
  end(value: T): void {
    this.#set((promise) => promise.resolve(value));
  }

  /** It has failed; nobody is told before somebody asks. */
  fail(error: unknown): void {
    this.#set((promise) => promise.reject(error));
  }

  #set(settle: (promise: { resolve(value: T): void; reject(error: unknown): void }) => void): void {
    if (this.#settle !== null) return;
    this.#settle = settle;
    if (this.#asked !== null) settle(this.#asked);
  }
}
