/**
 * The manners of everything that receives and sends.
 *
 * @module
 */

import { CanReceiver } from "./can_receiver.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Socket } from "./source.ts";
import { promised } from "./turn.ts";
import type { WaitOptions } from "./wait_queue.ts";
import type { Writer } from "./writer.ts";

/**
 * Something that receives from a CAN interface and sends to it: blocking, asynchronously, as a stream.
 *
 * Every `timeout` is in seconds: absent or null waits for ever, 0 does not wait. A negative one is a RangeError.
 */
export abstract class CanSocket<In, Out> extends CanReceiver<In> {
  readonly #endpoint: Endpoint<Socket<In, Out>, In, Out>;
  readonly #writer: Writer<Out>;

  /** @ignore */
  protected constructor(endpoint: Endpoint<Socket<In, Out>, In, Out>) {
    super(endpoint);
    this.#endpoint = endpoint;
    this.#writer = endpoint.writer!;
  }

  /**
   * Hands a message to the kernel. Messages leave in the order in which they were handed over.
   *
   * @param timeout Seconds to wait for room when the send buffer or the interface's queue is full; absent or null: for
   * ever; 0: one try.
   * @throws {CanTimeoutError} There was no room in time; the message was not sent.
   * @throws {CanOperationError} The interface is down or gone, or cannot carry the message; or this was closed.
   * @throws {TypeError | RangeError} It is no such message, or not one that can be sent here.
   */
  send(message: Out, timeout?: number | null): void {
    this.#endpoint.assertOpen("send to");
    this.#writer.send(message, timeout);
  }

  /**
   * Hands messages to the kernel, in order, with as few system calls as possible.
   *
   * @param timeout As for `send`, for all of them together.
   * @returns How many were handed over: all, or fewer when the time was over.
   * @throws {CanOperationError} As `send`; the error's `sent` tells how many had been handed over.
   * @throws {TypeError | RangeError} One of them cannot be sent here; none was.
   */
  sendMany(messages: readonly Out[], timeout?: number | null): number {
    this.#endpoint.assertOpen("send to");
    return this.#writer.sendMany(messages, timeout);
  }

  /**
   * Hands a message to the kernel, while the event loop goes on. Several may be pending: they are sent in order, though a
   * blocking `send` meanwhile goes first.
   *
   * @throws As `send`, or the signal's reason when it is aborted; the message was not sent then.
   */
  sendAsync(message: Out, options: WaitOptions = {}): Promise<void> {
    return promised(() => {
      this.#endpoint.assertOpen("send to");
      return this.#writer.sendAsync(message, options) ?? Promise.resolve();
    });
  }

  /**
   * A Web Stream that sends what is written to it, in order. While the send buffer or the interface's queue is full, the
   * producer is held back. Aborting it ends the wait for room; the message that waited is not sent.
   *
   * It fails with the error that `send` would throw, and with `EBADF` when this is closed. Closing it, as `pipeTo` does at
   * the end of its source, does not close the socket. The same object each time, until it has been closed or aborted or
   * has failed: then a new one.
   */
  get writable(): WritableStream<Out> {
    return this.#endpoint.writable.current.stream;
  }

  /** Bytes of the send buffer, as granted. */
  get sendBuffer(): number {
    this.#endpoint.assertOpen("read sendBuffer of");
    return this.#endpoint.socket.sendBuffer;
  }
}
