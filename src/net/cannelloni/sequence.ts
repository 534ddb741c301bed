/**
 * The sequence numbers of datagrams.
 *
 * @module
 */

/** What a datagram is, by its number. */
export type Verdict = "next" | "late" | "repeated";

/** How far ahead or behind a number may be: half of all numbers. */
const HALF = 128;
/** A number 0 that is further behind than this is not a late one: the sender has started again. */
const RESTART = 8;

/**
 * Follows the numbers 0 to 255 of a sender's datagrams, which start again from 0.
 *
 * A datagram that others have overtaken is late: its frames are no longer wanted, because frames keep their order. The
 * number 0, and two numbers in a row that were seen before, show that the sender has started again.
 */
export class Sequence {
  #expected = -1;
  /** Whether each of the last numbers has arrived. */
  readonly #seen = new Uint8Array(256);
  /** The number of the last repeated datagram; -1 if the last one was not. */
  #repeated = -1;

  /**
   * Takes the number of a datagram.
   *
   * @returns What it is, and how many datagrams before it are missing.
   */
  take(number: number): { verdict: Verdict; missing: number } {
    if (this.#expected < 0) return this.#restart(number);
    const ahead = (number - this.#expected) & 0xff;
    if (ahead < HALF) {
      for (let i = 0; i < ahead; i++) this.#seen[(this.#expected + i) & 0xff] = 0;
      this.#advance(number);
      return { verdict: "next", missing: ahead };
    }
    if (this.#seen[number] === 0) {
      this.#seen[number] = 1;
      return { verdict: "late", missing: 0 };
    }
    const behind = 256 - ahead;
    const again = number === 0 ? behind > RESTART : this.#repeated >= 0 && number === ((this.#repeated + 1) & 0xff);
    if (again) return this.#restart(number);
    this.#repeated = number;
    return { verdict: "repeated", missing: 0 };
  }

  #restart(number: number): { verdict: Verdict; missing: number } {
    this.#seen.fill(1);
    this.#advance(number);
    return { verdict: "next", missing: 0 };
  }

  #advance(number: number): void {
    this.#seen[number] = 1;
    this.#expected = (number + 1) & 0xff;
    this.#repeated = -1;
  }
}
