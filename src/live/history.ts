/**
 * What a value was in the last seconds, in few numbers.
 *
 * @module
 */

/** The least and the greatest of a value in each of the last slots of time. A value lasts until the next one. */
export class History {
  /** Seconds of a slot. */
  static readonly SLOT = 0.5;
  /** The number of slots. */
  static readonly COUNT = 60;

  readonly #least: Float64Array;
  readonly #most: Float64Array;
  /** The number of the current slot since time 0; NaN before the first value. */
  #slot = NaN;
  /** The number of slots that have a value, the last ones. */
  #filled = 0;
  #value = NaN;

  /** @param from The history to copy. */
  constructor(from?: History) {
    this.#least = from ? from.#least.slice() : new Float64Array(History.COUNT);
    this.#most = from ? from.#most.slice() : new Float64Array(History.COUNT);
    if (from) [this.#slot, this.#filled, this.#value] = [from.#slot, from.#filled, from.#value];
  }

  /** Appends a value at a time in seconds. */
  add(value: number, now: number): void {
    this.#proceed(now);
    this.#value = value;
    const at = this.#slot % History.COUNT;
    if (this.#filled === 0) {
      this.#filled = 1;
      this.#least[at] = this.#most[at] = value;
    } else if (value < this.#least[at]) this.#least[at] = value;
    else if (value > this.#most[at]) this.#most[at] = value;
  }

  /** Returns the least and the greatest value of up to `count` slots, the current one last. */
  slots(count: number, now: number): { readonly least: number; readonly most: number }[] {
    this.#proceed(now);
    const length = Math.min(count, this.#filled);
    return Array.from({ length }, (_, i) => {
      const at = (this.#slot - length + 1 + i) % History.COUNT;
      return { least: this.#least[at], most: this.#most[at] };
    });
  }

  /** Goes on to the slot of a time: up to there the value has stayed what it is. */
  #proceed(now: number): void {
    const slot = Math.floor(now / History.SLOT);
    if (Number.isNaN(this.#slot)) this.#slot = slot;
    for (let next = Math.max(this.#slot + 1, slot - History.COUNT + 1); next <= slot; next++) {
      this.#least[next % History.COUNT] = this.#most[next % History.COUNT] = this.#value;
    }
    if (this.#filled > 0) this.#filled = Math.min(this.#filled + Math.max(slot - this.#slot, 0), History.COUNT);
    if (slot > this.#slot) this.#slot = slot;
  }
}
