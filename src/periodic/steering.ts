/**
 * Keeping a mean period.
 *
 * @module
 */

/** Between two looks at how many frames have been sent: at first and at the most, in milliseconds. */
const LOOK = { first: 250, most: 5000 };

/** Frames over which a mean is known well enough. */
const WELL_KNOWN = 1000;

/** The most that an interval is shortened by, as a part of the period. */
const MOST_CORRECTED = 0.25;

/** What an interval is shortened or lengthened by to come back to the schedule, as a part of the period. */
const RETURN = 0.02;

/** Milliseconds off the schedule that are forgiven: the machine has slept, say. */
const FORGIVEN = 2000;

/**
 * Finds the interval to ask for so that frames come with a period in the mean. The kernel counts each interval from when
 * it has sent the last frame: what it takes to wake up for that is added to every one of them.
 */
export class Steering {
  readonly #period: number;
  #interval: number;
  /** What keeps the period, as far as is known; and what is taken off it to come back to the schedule. */
  #steady: number;
  #return = 0;
  /** When the schedule began, and with how many frames; where some were not counted, with as many less. */
  #start: { readonly at: number; readonly sent: number };
  /** How far behind it the last look found the frames, in milliseconds. */
  #behind = 0;
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
    this.#interval = this.#steady = this.#period = period;
    this.#start = this.#from = { at, sent };
  }

  /** What the kernel has been asked for, in microseconds. */
  get interval(): number {
    return this.#interval;
  }

  /** Milliseconds until another look is worth it. */
  get wait(): number {
    return this.#return === 0
      ? this.#wait
      : Math.min(Math.max(Math.abs(this.#behind) / RETURN, LOOK.first), this.#wait);
  }

  /**
   * The kernel has been asked for another interval.
   *
   * @param uncounted About how many frames it has sent that it does not count: those between the question how many were
   * sent and this.
   */
  set(interval: number, at: number, sent: number, uncounted: number): void {
    this.#start = { at: this.#start.at, sent: this.#start.sent - uncounted };
    this.#interval = interval;
    this.#from = { at, sent };
  }

  /**
   * Takes a look into account.
   *
   * @param at Milliseconds, by the clock of the first.
   * @param sent How many frames have been sent.
   * @returns The interval that the kernel should be asked for, or null for no other.
   */
  look(at: number, sent: number): number | null {
    this.#estimate(at, sent);
    this.#compare(at, sent);
    const interval = Math.min(Math.round(this.#steady - this.#return), this.#period);
    return interval === this.#interval ? null : interval;
  }

  /** Finds what keeps the period. */
  #estimate(at: number, sent: number): void {
    const frames = sent - this.#from.sent;
    if (frames < 1) return this.#later();
    const error = 1000 * (at - this.#from.at) / frames - this.#period + this.#steady - this.#interval;
    // Where in an interval the looks fell is not known: that is one frame more or less.
    const slight = Math.abs(error) <= this.#period / frames;
    // Once the mean is known well enough, only what comes from now on can tell of a change.
    if (slight && frames <= WELL_KNOWN) return this.#later();
    this.#from = { at, sent };
    const before = this.#error;
    this.#error = slight ? null : error;
    if (slight) return this.#later();
    if (before === null || before * error < 0) return;
    // The lesser of two in a row: where the machine stood still for a moment, that was more than waking up takes.
    const least = Math.abs(before) < Math.abs(error) ? before : error;
    if (Math.abs(least) > this.#period * MOST_CORRECTED) return this.#later();
    const next = Math.max(this.#steady - least, this.#period * (1 - MOST_CORRECTED));
    const steady = Math.min(Math.round(next), this.#period);
    if (steady === this.#steady) return this.#later();
    this.#steady = steady;
    this.#error = null;
    this.#wait = LOOK.first;
  }

  /** Finds whether the frames are off the schedule, which a machine that stood still for a moment makes them. */
  #compare(at: number, sent: number): void {
    const behind = at - this.#start.at - (sent - this.#start.sent) * this.#period / 1000;
    const off = Math.abs(behind);
    if (off > FORGIVEN) this.#start = { at, sent };
    if (off > FORGIVEN || off < this.#period / 1000 || behind * this.#return < 0) this.#return = 0;
    else if (off > 2 * this.#period / 1000) this.#return = Math.sign(behind) * this.#period * RETURN;
    this.#behind = behind;
  }

  #later(): void {
    this.#wait = Math.min(2 * this.#wait, LOOK.most);
  }
}
