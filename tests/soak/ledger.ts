/**
 * The bookkeeping of the soak: which frames were sent, which arrived, and how the loss of the others was reported.
 *
 * @module
 */

/** Tracks one sequence of numbered frames from a sender to a receiver. */
export class Ledger {
  /** The number of frames handed to the sender so far, which is the next frame's number. */
  started = 0;
  /** The number of frames that arrived. */
  received = 0;
  /** Missing frames that the receiver's `droppedFrames` counts. */
  lostCounted = 0;
  /** Missing frames that were sent before the receiver got an error of its link. */
  lostAnnounced = 0;
  /** Missing frames whose loss was not reported. */
  lostUnseen = 0;
  /** Frames that arrived twice, out of order, although their sending had failed, or not as they were sent. */
  misplaced = 0;
  /** The failures, as text. */
  readonly wrong: string[] = [];
  /** The lowest number that has neither arrived nor been recorded as lost. */
  #expected = 0;
  /** The numbers of frames whose sending failed and is not retried. */
  readonly #refused = new Set<number>();
  /** Frames below this number may be missing: the receiver got an error after they were sent. */
  #excusedBefore = 0;
  /** Frames missing at the present receiver that only `droppedFrames` can explain. */
  #notExcused = 0;
  /** Frames missing at the present receiver that its link may have lost. */
  #excusable = 0;

  /** Whether every frame that was sent has arrived or is recorded as lost. */
  get complete(): boolean {
    while (this.#refused.has(this.#expected)) this.#refused.delete(this.#expected++);
    return this.#expected === this.started;
  }

  /** The number of the next frame, if none is missing. */
  get next(): number {
    return this.#expected;
  }

  /** How many frames may still arrive. */
  get outstanding(): number {
    return this.started - this.#expected;
  }

  /** Whether the frames that are missing now may have been lost by the link. */
  get excused(): boolean {
    return this.#excusedBefore > this.#expected;
  }

  /** Records that the sending of a frame failed and will not be retried. */
  refuse(number: number): void {
    this.#refused.add(number);
  }

  /**
   * Records that the receiver got an error because its link is down or gone. The kernel reports it after the last frame
   * that the link lost was sent, and before the first frame that arrives once the link is back. So every lost frame was
   * sent before now.
   */
  announce(): void {
    this.#excusedBefore = this.started;
  }

  /**
   * Records the arrival of a frame.
   *
   * @param dropped Returns the receiver's `droppedFrames`; called only when a frame is missing.
   */
  arrive(number: number, dropped: () => number): void {
    if (number < this.#expected) return this.fail(`${number} arrived, but ${this.#expected} was expected`);
    if (number >= this.started) return this.fail(`${number} arrived, but ${this.started} has not been sent yet`);
    if (number > this.#expected) this.#miss(number, dropped);
    if (this.#refused.delete(number)) this.fail(`${number} arrived, but its sending had failed`);
    this.#expected = number + 1;
    this.received++;
  }

  /** Records that the receiver was closed after dropping `dropped` frames: nothing more will arrive. */
  settle(dropped: number): void {
    this.#miss(this.started, () => dropped);
    this.#expected = this.started;
    const missing = this.#notExcused + this.#excusable;
    if (dropped > missing) this.wrong.push(`${dropped} frames are counted as dropped, but only ${missing} are missing`);
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
    this.wrong.push(`${unseen} frames lost without a report between ${this.#expected} and ${before}`);
    this.#notExcused -= unseen;
    this.lostUnseen += unseen;
  }

  /** Records a frame that should not have arrived, or not like this. */
  fail(what: string): void {
    this.misplaced++;
    this.wrong.push(what);
  }
}
