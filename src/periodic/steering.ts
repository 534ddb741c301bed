/**
 * Keeping a mean period.
 *
 * @module
 */

/** Between two looks at how many frames have been sent: at first and at the most, in milliseconds. */
const LOOK = { first: 250, most: 10_000 };

/** Frames over which a mean is known well enough. */
const WELL_KNOWN = 1000;

/** The most that an interval is shortened by, as a part of the period. */
const MOST_CORRECTED = 0.25;

/**
 * Finds the interval to ask for so that frames come with a period in the mean. The kernel counts each interval from when
 * it has sent the last frame: what it takes to wake up for that is added to every one of them.
 */
export class Steering {
  /** What the kernel has been asked for, in microseconds. */
  #interval: number;
  readonly #period: number;
  #from: { readonly at: number; readonly sent: number };
  /** By how much the last mean was off, in microseconds, if that was more than chance. */
  #error: number | null = null;
  #wait = LOOK.first;

  /**
   * Begins with the period itself.
   *
   * @param period Microseconds.
   * @param at When the first frame was sent, in milliseconds.
   */
  constructor(period: number, at: number, sent: number) {
    this.#interval = this.#period = period;
    this.#from = { at, sent };
  }

  /** Milliseconds until another look is worth it. */
  get wait(): number {
    return this.#wait;
  }

  /** The kernel has been asked for another interval. */
  set(interval: number, at: number, sent: number): void {
    this.#interval = interval;
    this.#from = { at, sent };
    this.#error = null;
    this.#wait = LOOK.first;
  }

  /**
   * Takes a look into account.
   *
   * @param at Milliseconds, by the clock of the first.
   * @param sent How many frames have been sent.
   * @returns The interval that the kernel should be asked for, or null for no other.
   */
  look(at: number, sent: number): number | null {
    const frames = sent - this.#from.sent;
    if (frames < 1) return this.#later();
    const error = 1000 * (at - this.#from.at) / frames - this.#period;
    // Where in an interval the looks fell is not known: that is one frame more or less.
    const slight = Math.abs(error) <= this.#period / frames;
    // Once the mean is known well enough, only what comes from now on can tell of a change.
    if (slight && frames <= WELL_KNOWN) return this.#later();
    this.#from = { at, sent };
    const before = this.#error;
    this.#error = slight ? null : error;
    if (slight) return this.#later();
    if (before === null || before * error < 0) return null;
    // The lesser of two in a row: where the machine stood still for a moment, that was more than waking up takes.
    const least = Math.abs(before) < Math.abs(error) ? before : error;
    if (Math.abs(least) > this.#period * MOST_CORRECTED) return this.#later();
    const next = Math.max(this.#interval - least, this.#period * (1 - MOST_CORRECTED));
    const interval = Math.min(Math.round(next), this.#period);
    return interval === this.#interval ? this.#later() : interval;
  }

  #later(): null {
    this.#wait = Math.min(2 * this.#wait, LOOK.most);
    return null;
  }
}
