/**
 * The sending interface that every socket class which sends shares.
 *
 * @module
 */

import { CanReceiver } from "./can_receiver.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Socket } from "./source.ts";
import { StreamOf, WritableSide } from "./streams.ts";
import { promised } from "./turn.ts";
import type { WaitOptions } from "./wait_queue.ts";
import type { Writer } from "./writer.ts";

/**
 * The base class of every socket that also sends: by blocking calls, promises or a stream.
 *
 * A `timeout` is in seconds. Absent or null waits forever, 0 does not wait, a negative number or NaN is a RangeError.
 *
 * @category Bus
 */
export abstract class CanSocket<In, Out> extends CanReceiver<In> {
  readonly #endpoint: Endpoint<Socket<In, Out>, In, Out>;
  readonly #writer: Writer<Out>;
  readonly #writable: StreamOf<WritableSide<Out>>;

  /** @ignore */
  protected constructor(endpoint: Endpoint<Socket<In, Out>, In, Out>) {
    super(endpoint);
    this.#endpoint = endpoint;
    const writer = this.#writer = endpoint.writer!;
    this.#writable = new StreamOf(() => new WritableSide(this, writer));
  }

  /**
   * Hands a message to the kernel. Messages are transmitted in the order in which they were handed over.
   *
   * @param timeout Seconds to wait for room when the send buffer or the interface's transmit queue is full; absent or
   * null: forever; 0: try once.
   * @throws {CanTimeoutError} There was no room within the timeout. The message was not sent.
   * @throws {CanOperationError} The interface is down or gone, or cannot carry the message; or the socket is closed; or a
   * signal interrupted the wait (`EINTR`, as with `recv`).
   * @throws {TypeError | RangeError} The argument is not a message, or not one that this socket can send.
   */
  send(message: Out, timeout?: number | null): void {
    this.#endpoint.assertOpen("send to");
    this.#writer.send(message, timeout);
  }

  /**
   * Hands messages to the kernel, in order, with as few system calls as possible.
   *
   * @param timeout Seconds, as for `send`, but for all messages together.
   * @returns How many messages were handed over: all of them, or fewer if the timeout expired first.
   * @throws {CanOperationError} As `send`. The error's `sent` is the number of messages that were handed over before it.
   * @throws {TypeError | RangeError} One of the messages cannot be sent on this socket. None was sent.
   */
  sendMany(messages: readonly Out[], timeout?: number | null): number {
    this.#endpoint.assertOpen("send to");
    return this.#writer.sendMany(messages, timeout);
  }

  /**
   * Hands a message to the kernel, like `send`, while the event loop keeps running.
   *
   * Several may be pending; they are sent in order. A blocking `send` in the meantime takes precedence over them.
   *
   * @throws As `send`; or the signal's reason, if the signal is aborted before the message was handed over. The message
   * is not sent in that case.
   */
  sendAsync(message: Out, options: WaitOptions = {}): Promise<void> {
    return promised(() => {
      this.#endpoint.assertOpen("send to");
      return this.#writer.sendAsync(message, options) ?? Promise.resolve();
    });
  }

  /**
   * Hands messages to the kernel, in order, while the event loop keeps running. Calls of `sendAsync` and `sendManyAsync`
   * that are pending are served one after the other.
   *
   * @returns How many messages were handed over: all of them, or fewer if the timeout expired first.
   * @throws {CanOperationError} As `send`. The error's `sent` is the number of messages that were handed over before it.
   * @throws {TypeError | RangeError} One of the messages cannot be sent on this socket. None was sent.
   * @throws The signal's reason, if the signal is aborted. Messages that were handed over before are sent, the others are
   * not; use `timeout` to learn how many there were.
   */
  sendManyAsync(messages: readonly Out[], options: WaitOptions = {}): Promise<number> {
    return promised(() => {
      this.#endpoint.assertOpen("send to");
      return this.#writer.sendManyAsync(messages, options);
    });
  }

  /**
   * A Web Stream that sends the messages written to it, in order. It applies backpressure while the send buffer or the
   * interface's transmit queue is full. Aborting the stream ends the wait for room; the waiting message is not sent.
   *
   * The stream fails with the error that `send` would throw, and with `EBADF` when the socket is closed. Closing the
   * stream, as `pipeTo` does at the end of its source, does not close the socket. The property returns the same stream
   * until that stream has been closed or aborted or has failed, and a new one after that.
   */
  get writable(): WritableStream<Out> {
    return this.#writable.current.stream;
  }

  /**
   * The size of the send buffer in bytes, as the kernel granted it (`SO_SNDBUF`, doubled like the receive buffer).
   *
   * @throws {CanOperationError} The socket is closed.
   */
  get sendBuffer(): number {
    this.#endpoint.assertOpen("read sendBuffer of");
    return this.#endpoint.socket.sendBuffer;
  }

  /** Closes the socket and rejects every pending wait. A second call does nothing. */
  override close(): void {
    if (this.closed) return;
    this.#writable.close(() => this.#endpoint.closedError("send to"));
    super.close();
  }
}
