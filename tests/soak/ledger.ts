/**
 * The books of the soak: what was sent, what arrived, and who told of what did not.
 *
 * @module
 */

/** Follows one sequence of numbered frames from a sender to a receiver. */
export class Ledger {
  /** Numbers handed to the sender so far: the next one is this. */
  started = 0;
  /** Frames that arrived. */
  received = 0;
  /** Missing frames that the receiver's `droppedFrames` counts. */
  lostCounted = 0;
  /** Missing frames that were sent before the receiver was told of its link. */
  lostAnnounced = 0;
  /** Missing frames of which nobody told. */
  lostUnseen = 0;
  /** Frames that came twice, out of order, though their sending had failed, or otherwise than they were sent. */
  misplaced = 0;
  /** What was wrong, in words. */
  readonly wrong: string[] = [];
  /** The lowest number that has neither arrived nor been given up. */
  #expected = 0;
  /** Numbers whose sending failed and is not tried again. */
  readonly #refused = new Set<number>();
  /** Frames below this number may be missing: the receiver has been told. */
  #excusedBefore = 0;
  /** Of this receiver, missing frames that only `droppedFrames` can explain, and those that its link may have lost. */
  #notExcused = 0;
  #excusable = 0;

  /** Whether all that was sent has arrived, or its loss is booked. */
  get complete(): boolean {
    while (this.#refused.has(this.#expected)) this.#refused.delete(this.#expected++);
    return this.#expected === this.started;
  }

  /** The number of the next frame if nothing is missing. */
  get next(): number {
    return this.#expected;
  }

  /** How many frames may still come. */
  get outstanding(): number {
    return this.started - this.#expected;
  }

  /** Whether what is missing now may be missing for ever, as the link was. */
  get excused(): boolean {
    return this.#excusedBefore > this.#expected;
  }

  /** The sending of a number failed, and it will not be tried again. */
  refuse(number: number): void {
    this.#refused.add(number);
  }

  /**
   * The receiver was told that its link is down or gone. The kernel tells it after the last frame that the link
   * swallowed was sent, and before the first that comes when it is back: what is lost was sent before now.
   */
  announce(): void {
    this.#excusedBefore = this.started;
  }

  /** @param dropped The receiver's `droppedFrames`, asked for only when something is missing. */
  arrive(number: number, dropped: () => number): void {
    if (number < this.#expected) return this.fail(`${number} came, but ${this.#expected} was to come`);
    if (number >= this.started) return this.fail(`${number} came, but ${this.started} is not yet sent`);
    if (number > this.#expected) this.#miss(number, dropped);
    if (this.#refused.delete(number)) this.fail(`${number} came, but its sending had failed`);
    this.#expected = number + 1;
    this.received++;
  }

  /** The receiver, which has dropped so many, is closed: what has not arrived will not. */
  settle(dropped: number): void {
    this.#miss(this.started, () => dropped);
    this.#expected = this.started;
    const missing = this.#notExcused + this.#excusable;
    if (dropped > missing) this.wrong.push(`${dropped} frames are counted as dropped, and only ${missing} are missing`);
    this.lostCounted += dropped;
    this.lostAnnounced += missing - dropped;
    this.#notExcused = this.#excusable = 0;
  }

  #miss(before: number, dropped: () => number): void {
    let missing = 0;
    let excusable = 0;
    for (let number = this.#expected; number < before; number++) {
      if (this.#refused.delete(number)) continue;
      missing++;
      if (number < this.#excusedBefore) excusable++;
    }
    if (missing === 0) return;
    this.#excusable += excusable;
    this.#notExcused += missing - excusable;
    const unseen = Math.max(0, this.#notExcused - dropped());
    if (unseen === 0) return;
    this.wrong.push(`${unseen} missing unseen between ${this.#expected} and ${before}`);
    this.#notExcused -= unseen;
    this.lostUnseen += unseen;
  }

  /** A frame came that should not have, or not as it did. */
  fail(what: string): void {
    this.misplaced++;
    this.wrong.push(what);
  }
}
