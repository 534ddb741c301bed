/**
 * What an endpoint needs from a socket, whatever the socket carries.
 *
 * @module
 */

/** A socket to receive from. Only `waitReadable` blocks. */
export interface Source<In> {
  /** The descriptor; negative, or an error on reading, where there is none. */
  readonly fd: number;
  /** The number of items that were dropped because the receive buffer was full. */
  readonly droppedFrames: number;
  /** The size of the receive buffer in bytes, as granted. */
  readonly receiveBuffer: number;
  /**
   * Writes up to `max` queued items to an array, starting at index `from`, and returns how many it wrote.
   *
   * @throws {CanOperationError} The interface is down or gone, or an error was received in place of an item. An error that
   * follows items is kept for the next call.
   */
  receive(into: In[], from: number, max: number): number;
  /** Blocks until there may be something to receive, for at most that many seconds. May return early. */
  waitReadable(seconds: number): void;
  /**
   * Whether a receive would most likely find nothing, so that it is cheaper to wait without trying first. That loses
   * nothing: if something has arrived after all, `onReady` is called soon after `arm`.
   */
  readonly idle: boolean;
  /**
   * Asks for calls of `onReady` whenever there may be something to receive (`readable`) or room to send (`writable`).
   * Calling this with both false cancels the request. A call of `onReady` may be spurious, but never happens before `arm`
   * has returned.
   *
   * @param keepAlive Whether the request keeps the process alive.
   */
  arm(readable: boolean, writable: boolean, keepAlive: boolean): void;
  /** Closes the socket. `onReady` is not called again. */
  close(): void;
}

/** A socket to send to. Only `waitWritable` blocks. */
export interface Sink<Out> {
  /** The size of the send buffer in bytes, as granted. */
  readonly sendBuffer: number;
  /**
   * Sends the items from index `from` on, in order, and returns how many it sent: 0 when there is no room now. It may send
   * fewer than there is room for.
   *
   * @throws {CanOperationError} The item at `from` cannot be sent.
   */
  send(items: readonly Out[], from: number): number;
  /** Blocks until there may be room, for at most that many seconds. May return early. */
  waitWritable(seconds: number): void;
}

/** A socket that receives and sends. */
export interface Socket<In, Out> extends Source<In>, Sink<Out> {}

/** Called when the condition requested with `Source.arm` may hold; with an error if waiting for it failed. */
export type OnReady = (failure?: Error) => void;
