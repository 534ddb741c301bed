/**
 * Control mode: the counters of the interface, at an interval.
 *
 * @module
 */

import { Link } from "../../link/link.ts";
import { type Client, errorText, type Mode, syntaxError } from "./mode.ts";
import { parseCount } from "./numbers.ts";

/** The shortest interval, in milliseconds, as socketcand looks at its clock. */
const SHORTEST = 10;
/** The longest: that of the runtimes' timers. */
const LONGEST = 2 ** 31 - 1;

/** Control mode. */
export class ControlMode implements Mode {
  readonly #client: Client;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  command(words: readonly string[]): boolean {
    if (words[0] !== "statistics") return false;
    const interval = parseCount(words[1], LONGEST);
    if (interval === null || words.length !== 2) this.#client.write(syntaxError("statistics"));
    else {
      clearInterval(this.#timer);
      if (interval > 0) this.#timer = setInterval(() => this.#report(), Math.max(interval, SHORTEST));
    }
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #report(): void {
    try {
      if (this.#client.options.interface === "virtual") throw new Error("a virtual bus has no statistics");
      const { rx, tx } = Link.open(this.#client.channel).statistics();
      this.#client.write(`< stat ${rx.bytes} ${rx.packets} ${tx.bytes} ${tx.packets} >`);
    } catch (error) {
      clearInterval(this.#timer);
      this.#client.write(errorText(error));
    }
  }
}
