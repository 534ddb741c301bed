/**
 * Waiting until a message has come through.
 *
 * @module
 */

import { type WaitOptions, WaitQueue } from "../endpoint/wait_queue.ts";

/** The end of one message, and who waits for it. */
export class Acknowledgement {
  #end: "done" | Error | null = null;
  readonly #queue: WaitQueue<void, true> = new WaitQueue(() => this.#outcome(), () => {});

  /** Whether a timeout keeps the process alive. */
  set keepAlive(value: boolean) {
    this.#queue.keepAlive = value;
  }

  /** Whether the end is not known yet. */
  get open(): boolean {
    return this.#end === null;
  }

  /** The message has come through, or has not. */
  settle(end: "done" | Error): void {
    this.#end ??= end;
    this.#queue.pump();
  }

  /**
   * Waits for the end.
   *
   * @param expired Makes the error of having waited too long.
   */
  wait(options: WaitOptions, expired: () => Error): Promise<true> {
    const promise = this.#queue.wait(undefined, options, () => {
      throw expired();
    });
    this.#queue.pump(); // it may have ended before
    return promise;
  }

  #outcome(): true | undefined {
    if (this.#end instanceof Error) throw this.#end;
    return this.#end === "done" ? true : undefined;
  }
}
