/**
 * How long the messages of a database may be.
 *
 * @module
 */

/** The most bytes of a message: what J1939's extended transport protocol carries. */
export const MOST_BYTES = 117_440_505;
