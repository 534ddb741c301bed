/**
 * An endless asynchronous iteration that a signal can end.
 *
 * @module
 */

import { watchObject } from "./abandoned.ts";
import type { Endpoint } from "./endpoint.ts";
import { registerSocket } from "./open_sockets.ts";
import type { SignalOptions } from "./options.ts";
import type { Source } from "./source.ts";
import { promised } from "./turn.ts";

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };
const FOREVER = {};

/**
 * An endless asynchronous iteration over error frames, link events or address changes.
 *
 * A feed is open from the call that returned it, so nothing that happens after that call is missed. It ends when the loop
 * is left, at the end of a `using` block, when its signal is aborted, when `close` is called, and when the socket that it
 * belongs to is closed. A feed that has ended stays ended.
 *
 * An error that `next` throws does not end the feed: iterating over it again continues where it stopped.
 *
 * @category Waiting
 */
export class Feed<T> implements AsyncIterableIterator<T, undefined>, Disposable, AsyncDisposable {
  readonly #endpoint: Endpoint<Source<T>, T>;
  readonly #signal: AbortSignal | undefined;
  readonly #onClose: () => void;
  readonly #onAbort = () => this.#abort();
  readonly #unregister: () => void;
  /** The error of closing the feed on an abort, which the following `next` throws. */
  #failure: { error: unknown } | null = null;
  #closed = false;

  /**
   * Creates a feed that owns the endpoint. A signal that is already aborted does not close it; the caller does that.
   *
   * @param onClose Called once, before the endpoint is closed. If the feed belongs to a socket, this must refer to it, so
   * that the socket is not garbage-collected while the feed is in use.
   * @ignore
   */
  constructor(endpoint: Endpoint<Source<T>, T>, { signal }: SignalOptions, onClose: () => void = () => {}) {
    this.#endpoint = endpoint;
    this.#signal = signal;
    this.#onClose = onClose;
    signal?.addEventListener("abort", this.#onAbort);
    watchObject(this, endpoint);
    this.#unregister = registerSocket(this);
  }

  /**
   * The number of values that were dropped because they arrived faster than they were read.
   *
   * @throws {CanOperationError} The feed is closed.
   */
  get droppedFrames(): number {
    this.#endpoint.assertOpen("read droppedFrames of");
    return this.#endpoint.socket.droppedFrames;
  }

  /** Whether the feed has ended. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves to the next value. */
  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#closed) return this.#done();
    try {
      const value = await this.#endpoint.reader.next(FOREVER);
      return value === null ? DONE : { value, done: false };
    } catch (error) {
      if (this.#closed) return this.#done();
      throw error;
    }
  }

  /** Ends the feed, as leaving a loop over it does. A second call does nothing. */
  return(): Promise<IteratorReturnResult<undefined>> {
    return promised(() => {
      this.close();
      return DONE;
    });
  }

  /** Returns the feed itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Makes a pending `next` keep the process alive, which is the default. */
  ref(): this {
    this.#endpoint.keepAlive = true;
    return this;
  }

  /** Lets the process exit while a `next` is pending. */
  unref(): this {
    this.#endpoint.keepAlive = false;
    return this;
  }

  /** Ends the feed; a pending `next` reports its end. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unregister();
    this.#signal?.removeEventListener("abort", this.#onAbort);
    try {
      this.#onClose();
    } finally {
      this.#endpoint.close(); // rejects a pending `next`, which sees that the feed is closed and reports its end
    }
  }

  /** Ends the feed at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Ends the feed at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #done(): IteratorReturnResult<undefined> {
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure.error;
    return DONE;
  }

  /** Keeps an error for the next `next`: thrown from an event listener, it would end the process. */
  #abort(): void {
    try {
      this.close();
    } catch (error) {
      this.#failure = { error };
    }
  }
}
