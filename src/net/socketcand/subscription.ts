/**
 * What a client in BCM mode receives of one identifier, as the kernel's broadcast manager decides it.
 *
 * @module
 */

import type { Message } from "../../message/message.ts";

/** Which frames are passed on: every one, or those in which some bits have changed. */
export interface Interest {
  /** The bits that tell cases apart, and the cases; null if there is one case. */
  readonly multiplex: { readonly mask: readonly number[]; readonly values: readonly (readonly number[])[] } | null;
  /** For each case the bits to compare; null for every frame. */
  readonly masks: readonly (readonly number[] | null)[];
  /** At least so many milliseconds between two frames that are passed on. */
  readonly throttle: number;
}

/** Decides for each frame of an identifier whether and when it is passed on. */
export class Subscription {
  readonly #interest: Interest;
  readonly #pass: (message: Message) => void;
  /** The last frame of each case that was passed on, or waits. */
  readonly #last = new Map<number, Message>();
  /** The cases of which a frame waits. */
  readonly #waiting = new Set<number>();
  /** When the last one was passed on, on the monotonic clock. */
  #passedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(interest: Interest, pass: (message: Message) => void) {
    this.#interest = interest;
    this.#pass = pass;
  }

  /** Takes a frame. */
  take(message: Message): void {
    const index = this.#caseOf(message.data);
    if (index < 0) return;
    const mask = this.#interest.masks[index];
    const last = this.#last.get(index);
    if (mask !== null && last !== undefined && !differs(last.data, message.data, mask)) return;
    this.#last.set(index, message);
    this.#waiting.add(index);
    if (this.#timer !== null) return;
    const wait = this.#passedAt + this.#interest.throttle - performance.now();
    if (wait <= 0) this.#passWaiting();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#passWaiting();
      }, Math.min(wait, 2 ** 31 - 1));
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #passWaiting(): void {
    this.#passedAt = performance.now();
    for (const index of this.#waiting) this.#pass(this.#last.get(index)!);
    this.#waiting.clear();
  }

  #caseOf(data: Uint8Array): number {
    const { multiplex } = this.#interest;
    if (multiplex === null) return 0;
    return multiplex.values.findIndex((value) => !differs(value, data, multiplex.mask));
  }
}

/** Whether bytes differ in some bits; those that are missing are 0. */
function differs(one: ArrayLike<number>, other: ArrayLike<number>, mask: readonly number[]): boolean {
  return mask.some((bits, i) => (((one[i] ?? 0) ^ (other[i] ?? 0)) & bits) !== 0);
}
