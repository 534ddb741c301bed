/**
 * One resolution of a series.
 *
 * @module
 */

/** A stretch of a series: the least and the most of its values between two times. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Whether there is a gap before it. */
  readonly gap: boolean;
}

/** The numbers of a stretch. */
const NUMBERS = 5;
const FIRST = 256;

/** Stretches in order, the last ones of them if there are too many. */
export class Level {
  #numbers = new Float64Array(NUMBERS * FIRST);
  readonly #most: number;
  /** The numbers of the first stretch that is kept, and of the next one. */
  first = 0;
  end = 0;

  /** @param most The most stretches that are kept: a power of two. */
  constructor(most: number) {
    this.#most = most;
  }

  push(from: number, to: number, minimum: number, maximum: number, gap: boolean): void {
    if (this.end - this.first === this.#numbers.length / NUMBERS) {
      if (this.end - this.first === this.#most) this.first++;
      else this.#grow();
    }
    const at = this.#at(this.end++);
    const numbers = this.#numbers;
    numbers[at] = from;
    numbers[at + 1] = to;
    numbers[at + 2] = minimum;
    numbers[at + 3] = maximum;
    numbers[at + 4] = Number(gap);
  }

  stretch(index: number): Stretch {
    const at = this.#at(index);
    const numbers = this.#numbers;
    return {
      from: numbers[at],
      to: numbers[at + 1],
      minimum: numbers[at + 2],
      maximum: numbers[at + 3],
      gap: numbers[at + 4] === 1,
    };
  }

  /** The number of the first stretch that ends at a time or after it. */
  indexOf(time: number): number {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#numbers[this.#at(middle) + 1] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The place of a stretch: the array is a ring whose length is a power of two. */
  #at(index: number): number {
    return NUMBERS * (index % (this.#numbers.length / NUMBERS));
  }

  #grow(): void {
    const old = this.#numbers;
    // Nothing was dropped so far, so the first stretch is at the beginning.
    this.#numbers = new Float64Array(2 * old.length);
    this.#numbers.set(old);
  }
}
