/**
 * Wrong words.
 *
 * @module
 */

/** The words of the command line are wrong: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
