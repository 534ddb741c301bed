/**
 * A bus as a pair of Web Streams.
 *
 * @module
 */

import type { Message } from "./message.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** The streams of a bus: made when first asked for, and made anew when they are over. */
export class Streams {
  readonly #reader: Reader;
  readonly #writer: Writer;
  #source: Source | null = null;
  #sink: Sink | null = null;
  /** Makes the error of a write to a closed bus; null while the bus is open. */
  #closed: (() => Error) | null = null;

  /** The streams of a bus with these halves. */
  constructor(reader: Reader, writer: Writer) {
    this.#reader = reader;
    this.#writer = writer;
  }

  /** See `Bus.readable`. */
  get readable(): ReadableStream<Message> {
    if (this.#source === null || this.#source.over) {
      this.#source = new Source(this.#reader);
      if (this.#closed !== null) this.#source.end();
    }
    return this.#source.stream;
  }

  /** See `Bus.writable`. */
  get writable(): WritableStream<Message> {
    if (this.#sink === null || this.#sink.over) {
      this.#sink = new Sink(this.#writer);
      if (this.#closed !== null) this.#sink.fail(this.#closed());
    }
    return this.#sink.stream;
  }

  /**
   * The bus is closed: the readable stream ends, the writable one fails.
   *
   * @param makeError Gives the error of a write to a closed bus.
   */
  close(makeError: () => Error): void {
    this.#closed = makeError;
    this.#source?.end();
    this.#sink?.fail(makeError());
  }
}

/** Reads from a bus what a stream is asked for, and nothing ahead: what nobody has read stays in the bus. */
class Source {
  readonly stream: ReadableStream<Message>;
  /** Whether the stream has ended, failed or been cancelled. */
  over = false;
  readonly #reader: Reader;
  #controller!: ReadableStreamDefaultController<Message>;
  /** Gives up the wait for a message. */
  #leave: (() => void) | null = null;

  constructor(reader: Reader) {
    this.#reader = reader;
    this.stream = new ReadableStream<Message>({
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
    let message: Message | undefined;
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
class Sink {
  readonly stream: WritableStream<Message>;
  /** Whether the stream has been closed or aborted, or has failed. */
  over = false;
  readonly #writer: Writer;
  #controller!: WritableStreamDefaultController;

  constructor(writer: Writer) {
    this.#writer = writer;
    const finish = () => {
      this.over = true;
    };
    this.stream = new WritableStream<Message>({
      start: (controller) => {
        this.#controller = controller;
      },
      write: (message) => this.#write(message),
      close: finish,
      abort: finish,
    }, { highWaterMark: 1 });
  }

  /** Ends the stream with an error. */
  fail(error: unknown): void {
    this.over = true;
    this.#controller.error(error);
  }

  #write(message: Message): void | Promise<void> {
    try {
      if (this.#writer.sendNow(message)) return;
    } catch (error) {
      this.#failed(error);
    }
    // An abort of the stream ends the wait; the message is not sent then.
    const { signal } = this.#controller;
    return this.#writer.sendLater(message, { signal }).catch((error) => this.#failed(error));
  }

  /** What is thrown by a write fails the stream. */
  #failed(error: unknown): never {
    this.over = true;
    throw error;
  }
}
