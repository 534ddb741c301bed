/**
 * What happens inside this process, received as if it came from a socket.
 *
 * @module
 */

import type { OnReady, Source } from "./socket/socket.ts";

/** Events that nobody has read yet are kept, up to so many: then the oldest is lost. */
const MOST = 1024;

/** Events that somebody may wait for. */
export class Events<T> implements Source<T> {
  readonly fd: number = -1;
  readonly receiveBuffer: number = 0;
  readonly idle: boolean = false;
  /** How many were lost because nobody read them. */
  droppedFrames = 0;
  readonly #onReady: OnReady;
  readonly #onWait: (waiting: boolean) => void;
  #events: T[] = [];
  #waiting = false;

  /** @param onWait Is called when somebody begins to wait, and when nobody waits any more. */
  constructor(onReady: OnReady, onWait: (waiting: boolean) => void) {
    this.#onReady = onReady;
    this.#onWait = onWait;
  }

  /** Something has happened. */
  push(event: T): void {
    if (this.#events.push(event) > MOST) {
      this.#events.shift();
      this.droppedFrames++;
    }
    if (this.#waiting) this.#onReady();
  }

  /** Waiting for it failed. */
  fail(error: Error): void {
    if (this.#waiting) this.#onReady(error);
  }

  receive(into: T[], from: number, max: number): number {
    const events = this.#events.splice(0, max);
    events.forEach((event, i) => into[from + i] = event);
    return events.length;
  }

  /** Nothing happens while the thread waits. */
  waitReadable(): void {}

  arm(readable: boolean): void {
    if (readable === this.#waiting) return;
    this.#waiting = readable;
    this.#onWait(readable);
  }

  close(): void {
    this.arm(false);
    this.#events = [];
  }
}
