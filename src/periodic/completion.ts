/**
 * The end of something that a caller may wait for.
 *
 * @module
 */

type Settle<T> = (promise: Pick<PromiseWithResolvers<T>, "resolve" | "reject">) => void;

/** An end that is not known yet, and a promise of it once one was requested: an error without a reader is no unhandled rejection. */
export class Completion<T> {
  #settle: Settle<T> | null = null;
  #requested: PromiseWithResolvers<T> | null = null;

  /** Whether the end has come. */
  get settled(): boolean {
    return this.#settle !== null;
  }

  /** Whether the promise has been requested. */
  get requested(): boolean {
    return this.#requested !== null;
  }

  /** The promise of the end. */
  get promise(): Promise<T> {
    if (this.#requested === null) {
      this.#requested = Promise.withResolvers<T>();
      this.#settle?.(this.#requested);
    }
    return this.#requested.promise;
  }

  /** Resolves the promise. */
  resolve(value: T): void {
    this.#set((promise) => promise.resolve(value));
  }

  /** Rejects the promise; without one, the error is kept until the promise is requested. */
  reject(error: unknown): void {
    this.#set((promise) => promise.reject(error));
  }

  #set(settle: Settle<T>): void {
    if (this.#settle !== null) return;
    this.#settle = settle;
    if (this.#requested !== null) settle(this.#requested);
  }
}
