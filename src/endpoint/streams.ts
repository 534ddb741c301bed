/**
 * A socket as a pair of Web Streams.
 *
 * @module
 */

import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** A socket's stream in one direction: created on first use, and replaced by a new one once it has ended. */
export class StreamOf<S extends { readonly ended: boolean; end(error: Error): void }> {
  readonly #make: () => S;
  #current: S | null = null;
  /** Creates the error of using a closed socket; null while the socket is open. */
  #closed: (() => Error) | null = null;

  /** @param make Creates a stream. */
  constructor(make: () => S) {
    this.#make = make;
  }

  /** The stream to use now. */
  get current(): S {
    if (this.#current === null || this.#current.ended) {
      this.#current = this.#make();
      if (this.#closed !== null) this.#current.end(this.#closed());
    }
    return this.#current;
  }

  /**
   * Ends the stream because the socket was closed, and every later one at once.
   *
   * @param makeError Creates the error of using a closed socket.
   */
  close(makeError: () => Error): void {
    this.#closed = makeError;
    this.#current?.end(makeError());
  }
}

/** A readable stream over a socket that reads nothing ahead: unread messages stay in the socket. */
export class ReadableSide<In> {
  readonly stream: ReadableStream<In>;
  /** Whether the stream has ended, failed or been cancelled. */
  ended = false;
  readonly #reader: Reader<In>;
  #controller!: ReadableStreamDefaultController<In>;
  /** Cancels the wait for a message. */
  #leave: (() => void) | null = null;
  /** The owner of the socket, which must not be garbage-collected while the stream is in use. */
  readonly owner: object;

  constructor(owner: object, reader: Reader<In>) {
    this.owner = owner;
    this.#reader = reader;
    this.stream = new ReadableStream<In>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => this.#finish(),
    }, { highWaterMark: 0 });
  }

  /** Ends the stream without an error, as an iteration ends. */
  end(): void {
    if (this.ended) return;
    this.#finish();
    this.#controller.close();
  }

  #pull(): void | Promise<void> {
    let message: In | undefined;
    try {
      message = this.#reader.nextNow();
    } catch (error) {
      return this.#fail(error);
    }
    if (message !== undefined) return this.#controller.enqueue(message);
    return new Promise((done) => {
      // A callback, not a promise: a cancellation between a promise's fulfilment and its continuation would lose the
      // message.
      this.#leave = this.#reader.nextLater((message) => {
        this.#leave = null;
        this.#controller.enqueue(message!);
        done();
      }, (error) => {
        this.#leave = null;
        this.#fail(error);
        done();
      });
    });
  }

  #fail(error: unknown): void {
    this.#finish();
    this.#controller.error(error);
  }

  #finish(): void {
    this.ended = true;
    this.#leave?.();
    this.#leave = null;
  }
}

/** A writable stream over a socket, which sends one message at a time. */
export class WritableSide<Out> {
  readonly stream: WritableStream<Out>;
  /** Whether the stream has been closed or aborted, or has failed. */
  ended = false;
  readonly #writer: Writer<Out>;
  #controller!: WritableStreamDefaultController;
  /** The owner of the socket, which must not be garbage-collected while the stream is in use. */
  readonly owner: object;

  constructor(owner: object, writer: Writer<Out>) {
    this.owner = owner;
    this.#writer = writer;
    const finish = () => {
      this.ended = true;
    };
    this.stream = new WritableStream<Out>({
      start: (controller) => {
        this.#controller = controller;
      },
      write: (message) => this.#write(message),
      close: finish,
      abort: finish,
    }, { highWaterMark: 1 });
  }

  /** Ends the stream with an error. */
  end(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.#controller.error(error);
  }

  #write(message: Out): void | Promise<void> {
    // Aborting the stream ends the wait; the message is not sent.
    const { signal } = this.#controller;
    try {
      return this.#writer.sendAsync(message, { signal })?.catch((error) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Rethrows a write's error, which makes the stream fail. */
  #failed(error: unknown): never {
    this.ended = true;
    throw error;
  }
}
