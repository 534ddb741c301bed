/**
 * Memory for the values of a message's signals.
 *
 * @module
 */

import { checkWhole } from "../check.ts";

/**
 * Room for the values of a message's signals, which `Database.decodeSignals` fills without making objects. Make one with
 * `Database.signalValues`, and use it for every message.
 *
 * @category Databases
 */
export class SignalValues {
  /**
   * The value of each signal of the message, in the order of its `signals`; NaN where the signal is not in the message. Whole
   * numbers beyond 2^53 are rounded to the nearest number.
   */
  readonly values: Float64Array;
  /** 1 for each signal that is in the message, 0 for the others. It tells a NaN in the message from an absent signal. */
  readonly present: Uint8Array;

  /**
   * Makes room for the values of so many signals.
   *
   * @param size The number of signals that there is room for.
   * @throws {RangeError} The size is not a whole number from 0 to 2147483647.
   */
  constructor(size: number) {
    checkWhole("size", size, 0, 2 ** 31 - 1);
    this.values = new Float64Array(size);
    this.present = new Uint8Array(size);
  }
}
