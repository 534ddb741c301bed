/**
 * Requests that are not served.
 *
 * @module
 */

/** An error that becomes the answer to a request. */
export class Refusal extends Error {
  /** The status of the answer, 400 or more. */
  readonly status: number;
  /** Where an expression is wrong, from 1. */
  readonly column: number | undefined;

  constructor(status: number, message: string, column?: number) {
    super(message);
    this.status = status;
    this.column = column;
  }
}
