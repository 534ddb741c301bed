/**
 * Waiting for the delivery of a message.
 *
 * @module
 */

import { type WaitOptions, WaitQueue } from "../endpoint/wait_queue.ts";

/** The outcome of one message, and the pending wait for it. */
export class Acknowledgement {
  #outcome: "delivered" | Error | null = null;
  readonly #queue: WaitQueue<void, true> = new WaitQueue(() => this.#result(), () => {});

  /** Whether a timeout keeps the process alive. */
  set keepAlive(value: boolean) {
    this.#queue.keepAlive = value;
  }

  /** Whether the outcome is not known yet. */
  get pending(): boolean {
    return this.#outcome === null;
  }

  /** Records the outcome: the message was delivered, or why it was not. Only the first one counts. */
  settle(outcome: "delivered" | Error): void {
    this.#outcome ??= outcome;
    this.#queue.pump();
  }

  /**
   * Waits for the outcome.
   *
   * @param expired Makes the error of a timeout.
   */
  wait(options: WaitOptions, expired: () => Error): Promise<true> {
    const promise = this.#queue.wait(undefined, options, () => {
      throw expired();
    });
    this.#queue.pump(); // the outcome may be known already
    return promise;
  }

  #result(): true | undefined {
    if (this.#outcome instanceof Error) throw this.#outcome;
    return this.#outcome === "delivered" ? true : undefined;
  }
}
