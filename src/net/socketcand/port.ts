/**
 * The ports of socketcand.
 *
 * @module
 */

/** The port that a server listens on. */
export const SOCKETCAND_PORT = 29536;
/** The port to which servers announce themselves. */
export const BEACON_PORT = 42000;
