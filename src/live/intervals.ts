/**
 * How regularly something comes.
 *
 * @module
 */

/** The number of intervals after which an older one hardly counts. */
const MEMORY = 32;

/** The mean of the last intervals between events, and how far they are from it. All times are seconds. */
export class Intervals {
  #last = NaN;
  #count = 0;
  #mean = 0;
  #variance = 0;

  /** Notes an event. Times that go back are not counted. */
  add(time: number): void {
    const interval = time - this.#last;
    this.#last = time;
    if (!(interval >= 0)) return;
    this.#count++;
    const weight = 1 / Math.min(this.#count, MEMORY);
    const off = interval - this.#mean;
    this.#mean += weight * off;
    this.#variance = (1 - weight) * (this.#variance + weight * off * off);
  }

  /** The mean interval; NaN before the second event. */
  get period(): number {
    return this.#count > 0 ? this.#mean : NaN;
  }

  /** The standard deviation of the intervals; NaN before the third event. */
  get jitter(): number {
    return this.#count > 1 ? Math.sqrt(this.#variance) : NaN;
  }

  /** Returns a copy. */
  copy(): Intervals {
    const copy = new Intervals();
    [copy.#last, copy.#count, copy.#mean, copy.#variance] = [this.#last, this.#count, this.#mean, this.#variance];
    return copy;
  }
}
