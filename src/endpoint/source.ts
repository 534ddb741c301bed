/**
 * What those who wait for a socket need of it, whatever it carries.
 *
 * @module
 */

/** Something to receive from. Nothing here waits but `waitReadable`. */
export interface Source<In> {
  /** The descriptor, where there is one. */
  readonly fd: number;
  /** What was lost because the receive buffer was full. */
  readonly droppedFrames: number;
  /** Bytes of the receive buffer, as granted. */
  readonly receiveBuffer: number;
  /**
   * Writes up to `max` received items to a list, from index `from` on, as far as there are any now; returns how many.
   *
   * @throws {CanOperationError} The interface is down or gone, or what was received is an error. An error that comes after
   * items, so that the list has some, is kept for the next call.
   */
  receive(into: In[], from: number, max: number): number;
  /** Blocks until there may be something, or for that many seconds. May return early. */
  waitReadable(seconds: number): void;
  /**
   * Whether a receive now would most likely find nothing. What is there nonetheless is told at once to who arms; so to
   * wait without trying first costs nothing that has come.
   */
  readonly idle: boolean;
  /**
   * Asks for calls of the socket's `onReady` while there may be something to receive (`readable`) or room (`writable`),
   * until two falses take the wish back. One may come early, and never comes before `arm` has returned.
   *
   * @param keepAlive Whether the process may not end before.
   */
  arm(readable: boolean, writable: boolean, keepAlive: boolean): void;
  /** Ends everything; `onReady` is not called any more. */
  close(): void;
}

/** Something to send to. Nothing here waits but `waitWritable`. */
export interface Sink<Out> {
  /** Bytes of the send buffer, as granted. */
  readonly sendBuffer: number;
  /**
   * Sends items from index `from` on, in order; returns how many went, 0 when there is no room now. May send fewer than
   * there is room for.
   *
   * @throws {CanOperationError} The first of them cannot be sent.
   */
  send(items: readonly Out[], from: number): number;
  /** Blocks until there may be room, or for that many seconds. May return early. */
  waitWritable(seconds: number): void;
}

/** Something that receives and sends. */
export interface Socket<In, Out> extends Source<In>, Sink<Out> {}

/** Tells that what was asked for with `Source.arm` may be there; with an error if waiting itself failed. */
export type OnReady = (failure?: Error) => void;
