/**
 * Keeping the mean period of a task that the kernel sends.
 *
 * @module
 */

/** Milliseconds between two samples of how many frames have been sent: at first, and at most. */
const DELAY = { first: 250, max: 5000 };

/** Frames after which a mean is known well enough. */
const WELL_KNOWN = 1000;

/** The largest correction of an interval, as a fraction of the period. */
const MAX_CORRECTION = 0.25;

/** How much an interval is shortened or lengthened to return to the schedule, as a fraction of the period. */
const CATCH_UP = 0.02;

/** Deviation from the schedule, in milliseconds, after which the schedule begins again: the machine was suspended, say. */
const FORGIVEN = 2000;

/**
 * Computes the interval to request so that frames keep a mean period. The kernel starts each interval when it has sent the
 * last frame, so the latency of its timer is added to every interval.
 */
export class Steering {
  readonly #period: number;
  #interval: number;
  /** The interval that keeps the period, as far as is known. */
  #steady: number;
  /** What is subtracted from it to return to the schedule. */
  #catchUp = 0;
  /** When the schedule began, and how many frames had been sent; fewer by those that were not counted since. */
  #start: { readonly at: number; readonly sent: number };
  /** How far behind the schedule the last sample was, in milliseconds. */
  #behind = 0;
  /** Where the present mean begins. */
  #from: { readonly at: number; readonly sent: number };
  /** By how much the last mean was off, in microseconds, if that was more than chance. */
  #error: number | null = null;
  #delay = DELAY.first;

  /**
   * Begins with the period itself as the interval.
   *
   * @param period Microseconds.
   * @param at When the first frame was sent, in milliseconds.
   * @param sent Frames sent so far.
   */
  constructor(period: number, at: number, sent: number) {
    this.#interval = this.#steady = this.#period = period;
    this.#start = this.#from = { at, sent };
  }

  /** The interval that the kernel has, in microseconds. */
  get interval(): number {
    return this.#interval;
  }

  /** Milliseconds until the next sample is worth taking. */
  get delay(): number {
    return this.#catchUp === 0
      ? this.#delay
      : Math.min(Math.max(Math.abs(this.#behind) / CATCH_UP, DELAY.first), this.#delay);
  }

  /**
   * Records that the kernel was given another interval.
   *
   * @param interval Microseconds.
   * @param at When, in milliseconds.
   * @param sent Frames sent so far, as the kernel counts.
   * @param uncounted Estimated number of frames that the kernel sent without counting them: those between reading the
   * count and setting the interval.
   */
  set(interval: number, at: number, sent: number, uncounted: number): void {
    this.#start = { at: this.#start.at, sent: this.#start.sent - uncounted };
    this.#interval = interval;
    this.#from = { at, sent };
  }

  /**
   * Takes a sample into account.
   *
   * @param at Milliseconds, by the clock of the constructor.
   * @param sent Frames sent so far, as the kernel counts.
   * @returns The interval to request, in microseconds, or null to keep the present one.
   */
  sample(at: number, sent: number): number | null {
    this.#estimate(at, sent);
    this.#compare(at, sent);
    const interval = Math.min(Math.round(this.#steady - this.#catchUp), this.#period);
    return interval === this.#interval ? null : interval;
  }

  /** Estimates the interval that keeps the period. */
  #estimate(at: number, sent: number): void {
    const frames = sent - this.#from.sent;
    if (frames < 1) return this.#backOff();
    const error = 1000 * (at - this.#from.at) / frames - this.#period + this.#steady - this.#interval;
    // The phase of both samples is unknown: that is one frame more or less.
    const slight = Math.abs(error) <= this.#period / frames;
    // Once the mean is known well enough, only later frames can show a change.
    if (slight && frames <= WELL_KNOWN) return this.#backOff();
    this.#from = { at, sent };
    const before = this.#error;
    this.#error = slight ? null : error;
    if (slight) return this.#backOff();
    if (before === null || before * error < 0) return;
    // The lesser of two in a row: where the machine stalled for a moment, the greater is more than the timer's latency.
    const least = Math.abs(before) < Math.abs(error) ? before : error;
    if (Math.abs(least) > this.#period * MAX_CORRECTION) return this.#backOff();
    const next = Math.max(this.#steady - least, this.#period * (1 - MAX_CORRECTION));
    const steady = Math.min(Math.round(next), this.#period);
    if (steady === this.#steady) return this.#backOff();
    this.#steady = steady;
    this.#error = null;
    this.#delay = DELAY.first;
  }

  /** Compares the frames with the schedule: a machine that stalls for a moment puts them behind it. */
  #compare(at: number, sent: number): void {
    const behind = at - this.#start.at - (sent - this.#start.sent) * this.#period / 1000;
    const off = Math.abs(behind);
    if (off > FORGIVEN) this.#start = { at, sent };
    if (off > FORGIVEN || off < this.#period / 1000 || behind * this.#catchUp < 0) this.#catchUp = 0;
    else if (off > 2 * this.#period / 1000) this.#catchUp = Math.sign(behind) * this.#period * CATCH_UP;
    this.#behind = behind;
  }

  #backOff(): void {
    this.#delay = Math.min(2 * this.#delay, DELAY.max);
  }
}
