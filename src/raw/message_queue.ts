/**
 * Messages that were received by this process itself, and wait for their reader.
 *
 * @module
 */

import { noteDropped } from "../message/losses.ts";
import type { Message } from "../message/message.ts";

/** The bytes of a receive buffer that a queued frame takes, as in the kernel, where most of it is overhead. */
export const FRAME_COST = 768;

/** A queue of received messages that is as large as a receive buffer. Counts what is lost before each of them. */
export class MessageQueue {
  /** The number of frames that were lost. */
  dropped = 0;
  readonly #bytes: number;
  /** The messages. Those before #head have been taken. */
  #messages: Message[] = [];
  #head = 0;
  /** The number of frames lost since the latest one was queued. */
  #gap = 0;

  /** @param bytes The size of the receive buffer. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** How many messages wait. */
  get size(): number {
    return this.#messages.length - this.#head;
  }

  /** Whether there is no room for another message. */
  get full(): boolean {
    return this.size * FRAME_COST >= this.#bytes;
  }

  /** Adds a message, or counts it as lost if the queue is full. */
  push(message: Message): void {
    if (this.full) return this.lose(1);
    if (this.#gap > 0) noteDropped(message, this.#gap);
    this.#gap = 0;
    this.#messages.push(message);
  }

  /** Counts frames that were lost before the next message. */
  lose(count: number): void {
    this.dropped += count;
    this.#gap += count;
  }

  /** Moves up to `max` messages to an array, starting at index `from`, and returns how many. */
  take(into: Message[], from: number, max: number): number {
    const count = Math.min(max, this.size);
    for (let i = 0; i < count; i++) into[from + i] = this.#messages[this.#head + i];
    this.#head += count;
    // Free the taken messages occasionally: each time would move all the others.
    if (2 * this.#head >= this.#messages.length) {
      this.#messages.splice(0, this.#head);
      this.#head = 0;
    }
    return count;
  }

  /** Discards all messages. */
  clear(): void {
    this.#messages = [];
    this.#head = 0;
  }
}
