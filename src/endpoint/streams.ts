/**
 * A socket as a pair of Web Streams.
 *
 * @module
 */

import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** A socket's stream of one direction: made when first asked for, and made anew when it is over. */
export class StreamOf<S extends { readonly over: boolean; end(error: Error): void }> {
  readonly #make: () => S;
  #current: S | null = null;
  /** Makes the error of using a closed socket; null while the socket is open. */
  #closed: (() => Error) | null = null;

  /** @param make Makes a stream. */
  constructor(make: () => S) {
    this.#make = make;
  }

  /** The stream that is in use. */
  get current(): S {
    if (this.#current === null || this.#current.over) {
      this.#current = this.#make();
      if (this.#closed !== null) this.#current.end(this.#closed());
    }
    return this.#current;
  }

  /**
   * The socket is closed.
   *
   * @param makeError Gives the error of using a closed socket.
   */
  close(makeError: () => Error): void {
    this.#closed = makeError;
    this.#current?.end(makeError());
  }
}

/** Reads from a socket what a stream is asked for, and nothing ahead: what nobody has read stays there. */
export class ReadableSide<In> {
  readonly stream: ReadableStream<In>;
  /** Whether the stream has ended, failed or been cancelled. */
  over = false;
  readonly #reader: Reader<In>;
  #controller!: ReadableStreamDefaultController<In>;
  /** Gives up the wait for a message. */
  #leave: (() => void) | null = null;

  constructor(reader: Reader<In>) {
    this.#reader = reader;
    this.stream = new ReadableStream<In>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => this.#finish(),
    }, { highWaterMark: 0 });
  }

  /** Ends the stream, as an iteration ends. */
  end(): void {
    if (this.over) return;
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
      // Called back, not awaited: between a promise's fulfilment and what follows it a cancellation could come, and the
      // message would be lost.
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
    this.over = true;
    this.#leave?.();
    this.#leave = null;
  }
}

/** Sends what is written to a stream, one message after the other. */
export class WritableSide<Out> {
  readonly stream: WritableStream<Out>;
  /** Whether the stream has been closed or aborted, or has failed. */
  over = false;
  readonly #writer: Writer<Out>;
  #controller!: WritableStreamDefaultController;

  constructor(writer: Writer<Out>) {
    this.#writer = writer;
    const finish = () => {
      this.over = true;
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
    if (this.over) return;
    this.over = true;
    this.#controller.error(error);
  }

  #write(message: Out): void | Promise<void> {
    // An abort of the stream ends the wait; the message is not sent then.
    const { signal } = this.#controller;
    try {
      return this.#writer.sendAsync(message, { signal })?.catch((error) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What is thrown by a write fails the stream. */
  #failed(error: unknown): never {
    this.over = true;
    throw error;
  }
}
