/**
 * An endless asynchronous iteration that a signal can end.
 *
 * @module
 */

import type { Endpoint } from "./endpoint.ts";
import type { SignalOptions } from "./options.ts";
import type { Source } from "./source.ts";
import { promised } from "./turn.ts";

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };
const FOR_EVER = {};

/**
 * An endless iteration: error frames, events of links, changes of an address. It ends when the loop is left, at the end of
 * a `using` block, when its signal is aborted, when `close` is called, or with the socket that it belongs to. It is open
 * from the call that returned it: nothing after that call is missed.
 *
 * An error that `next` throws does not end it: another loop over it goes on.
 */
export class Feed<T> implements AsyncIterableIterator<T, undefined>, Disposable, AsyncDisposable {
  readonly #endpoint: Endpoint<Source<T>, T>;
  readonly #signal: AbortSignal | undefined;
  readonly #onClose: () => void;
  readonly #onAbort = () => this.#abort();
  /** The error of closing on an abort, thrown by the following `next`. */
  #failure: { error: unknown } | null = null;
  #closed = false;

  /**
   * A feed that owns the endpoint. A signal that was aborted before does not close it.
   *
   * @param onClose Called once, before the endpoint is closed.
   * @ignore
   */
  constructor(endpoint: Endpoint<Source<T>, T>, { signal }: SignalOptions, onClose: () => void = () => {}) {
    this.#endpoint = endpoint;
    this.#signal = signal;
    this.#onClose = onClose;
    signal?.addEventListener("abort", this.#onAbort);
  }

  /** How many were lost because they came faster than they were read; throws when the feed is closed. */
  get droppedFrames(): number {
    this.#endpoint.assertOpen("read droppedFrames of");
    return this.#endpoint.socket.droppedFrames;
  }

  /** Whether it has ended. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The next one. */
  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#closed) return this.#done();
    try {
      const value = await this.#endpoint.reader.next(FOR_EVER);
      return value === null ? DONE : { value, done: false };
    } catch (error) {
      if (this.#closed) return this.#done();
      throw error;
    }
  }

  /** Ends it. A second call does nothing. */
  return(): Promise<IteratorReturnResult<undefined>> {
    return promised(() => {
      this.close();
      return DONE;
    });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A pending `next` keeps the process alive: the default. */
  ref(): this {
    this.#endpoint.keepAlive = true;
    return this;
  }

  /** A pending `next` does not keep the process alive. */
  unref(): this {
    this.#endpoint.keepAlive = false;
    return this;
  }

  /** Ends it at once. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    try {
      this.#onClose();
    } finally {
      this.#endpoint.close(); // a pending `next` is rejected, sees that this is closed, and ends
    }
  }

  /** Ends it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Ends it at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
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
      this.close();
    } catch (error) {
      this.#failure = { error };
    }
  }
}
