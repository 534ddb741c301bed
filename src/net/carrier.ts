/**
 * What carries the frames of a bus over a network: a protocol over a connection or datagrams.
 *
 * @module
 */

import type { Message } from "../message/message.ts";

/** Sends frames in one protocol, and passes on those that arrive. */
export interface Carrier {
  /** A description for log lines and errors: `socketcand at bench:29536, channel "can0"`. */
  readonly channelInfo: string;
  /** Begins to pass on what arrives. */
  start(arrivals: Arrivals): void;
  /**
   * Sends messages from index `from` on, in order, and returns how many: 0 when there is no room now.
   *
   * @throws {CanOperationError} The message at `from` cannot be sent.
   */
  send(messages: readonly Message[], from: number): number;
  /** Whether there is room to send. When there is again, `Arrivals.room` is called. */
  readonly hasRoom: boolean;
  /** Passes on what arrives again, after `Arrivals.deliver` returned false. */
  resume(): void;
  /** Sets whether the process is kept alive although nothing is being sent. */
  setKeepAlive(keepAlive: boolean): void;
  /** Ends it, after what was handed over has been sent. */
  close(): void;
}

/** What happens to a carrier. */
export interface Arrivals {
  /** A frame arrived. Returns false if no other is to be passed on before `Carrier.resume`; a datagram may be anyway. */
  deliver(message: Message): boolean;
  /** Frames were lost before the next one. */
  lose(count: number): void;
  /** Something arrived that is not a frame: it counts as one lost frame, and the first reason is logged. */
  reject(reason: string): void;
  /** Receiving fails once; with `final` it fails from now on, after the frames that arrived before, as does sending. */
  fail(error: Error, final?: boolean): void;
  /** There is room to send again. */
  room(): void;
}
