/**
 * An endless asynchronous iteration over what a socket of its own receives.
 *
 * @module
 */

import type { Endpoint } from "./endpoint.ts";
import type { Source } from "./source.ts";

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };
const FOR_EVER = {};

/** Iterates until somebody ends it: by leaving the loop, `using`, a signal, or `end`. */
export class Feed<In> implements AsyncIterableIterator<In, undefined>, Disposable, AsyncDisposable {
  readonly #endpoint: Endpoint<Source<In>, In>;
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: () => void;
  readonly #onAbort = () => this.#abort();
  #ended = false;
  /** Why the signal could not end it cleanly: told by the next `next`. */
  #failure: { error: unknown } | null = null;

  /**
   * A feed that owns the endpoint.
   *
   * @param signal Ends the feed when it is aborted; one that was aborted before does not.
   * @param onEnd Called once, before the endpoint is closed.
   */
  constructor(endpoint: Endpoint<Source<In>, In>, signal: AbortSignal | undefined, onEnd: () => void = () => {}) {
    this.#endpoint = endpoint;
    this.#signal = signal;
    this.#onEnd = onEnd;
    signal?.addEventListener("abort", this.#onAbort);
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a pending `next` keeps the process alive. */
  set keepAlive(value: boolean) {
    this.#endpoint.keepAlive = value;
  }

  /** The next of what is received. */
  async next(): Promise<IteratorResult<In, undefined>> {
    if (this.#ended) return this.#done();
    try {
      const value = await this.#endpoint.reader.next(FOR_EVER);
      return value === null ? DONE : { value, done: false };
    } catch (error) {
      if (this.#ended) return this.#done();
      throw error;
    }
  }

  /** Ends it. A second call does nothing. */
  return(): Promise<IteratorReturnResult<undefined>> {
    return new Promise((resolve) => {
      this.end();
      resolve(DONE);
    });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.end();
  }

  /** Ends it at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Ends it at once. A second call does nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    try {
      this.#onEnd();
    } finally {
      this.#endpoint.close(); // `next`, rejected, sees that it was the end
    }
  }

  #done(): IteratorReturnResult<undefined> {
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure.error;
    return DONE;
  }

  /** An error thrown to the signal would end the process. */
  #abort(): void {
    try {
      this.end();
    } catch (error) {
      this.#failure = { error };
    }
  }
}
