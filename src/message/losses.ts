/**
 * Where a socket dropped frames.
 *
 * @module
 */

import type { Message } from "./message.ts";

/** Kept beside the messages: hardly any has a loss before it, and the others need no memory for it. */
const losses = new WeakMap<Message, number>();

/** Notes that the socket dropped frames immediately before a message, because its receive buffer was full. */
export function noteDropped(message: Message, count: number): void {
  losses.set(message, count);
}

/** Returns the number of frames that the socket dropped immediately before a received message. */
export function droppedBefore(message: Message): number {
  return losses.get(message) ?? 0;
}
