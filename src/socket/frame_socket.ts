/**
 * What a bus needs of the thing that carries its frames: a kernel socket or the in-process bus.
 *
 * @module
 */

import type { RawFilter } from "../kernel/can.ts";
import type { Message } from "../message.ts";

/** Carries frames. Nothing here waits but `waitReadable` and `waitWritable`. */
export interface FrameSocket {
  /** What it is, for people: `socketcan channel "vcan0"`. */
  readonly channelInfo: string;
  /** The descriptor, where there is one. */
  readonly fd: number;
  /** Frames lost because the receive buffer was full. */
  readonly droppedFrames: number;
  /** Bytes of the receive buffer, as granted. */
  readonly receiveBuffer: number;
  /** Bytes of the send buffer, as granted. */
  readonly sendBuffer: number;
  /**
   * Writes up to `max` received messages to a list, from index `from` on, as far as there are any now; returns how many.
   *
   * @throws {CanOperationError} The interface is down or gone. An error that comes after messages, so that the list has
   * some, is kept for the next call.
   */
  receive(into: Message[], from: number, max: number): number;
  /**
   * Sends messages from index `from` on, in order; returns how many went, 0 when there is no room now. May send fewer
   * than there is room for.
   *
   * @throws {CanOperationError} The first of them cannot be sent.
   */
  send(messages: readonly Message[], from: number): number;
  /** Blocks until there may be a frame, or for that many seconds. May return early. */
  waitReadable(seconds: number): void;
  /** Blocks until there may be room, or for that many seconds. May return early. */
  waitWritable(seconds: number): void;
  /**
   * Whether a receive now would most likely find nothing. What is there nonetheless is told at once to who arms; so to
   * wait without trying first costs no frame.
   */
  readonly idle: boolean;
  /**
   * Asks for calls of the socket's `onReady` while there may be a frame (`readable`) or room (`writable`), until two
   * falses take the wish back. One may come early, and never comes before `arm` has returned.
   *
   * @param keepAlive Whether the process may not end before.
   */
  arm(readable: boolean, writable: boolean, keepAlive: boolean): void;
  /** Replaces the filters, and drops what has been received under the older ones. */
  setFilters(filters: readonly RawFilter[]): void;
  /** Replaces the classes of error frames to receive; what has been received stays. */
  setErrorMask(mask: number): void;
  /** Ends everything; `onReady` is not called any more. */
  close(): void;
}
