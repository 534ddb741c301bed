/**
 * What an identifier of J1939 says, SAE J1939-21.
 *
 * @module
 */

/**
 * The parts of a 29-bit identifier of J1939.
 *
 * @category Databases
 */
export interface J1939Parts {
  /** The parameter group number, 0 to 0x3ffff: what the message is. Without the destination. */
  readonly pgn: number;
  /** 0 (highest) to 7. */
  readonly priority: number;
  /** The sender's address, 0 to 255. */
  readonly source: number;
  /** The receiver's address, 0 to 255; 255 is all nodes, also for PGNs that carry no destination. */
  readonly destination: number;
}

/** Below this PDU format, the byte behind it is the destination, and no part of the PGN. */
const BROADCAST_FORMAT = 240;

/** The bits of an identifier that are the PGN. */
export function pgnMask(frameId: number): number {
  return isAddressed(frameId) ? 0x03ff_0000 : 0x03ff_ff00;
}

/**
 * Returns what an identifier of J1939 says, such as `pgn` and `source`.
 *
 * @param frameId 29 bits.
 * @category Databases
 */
export function j1939PartsOf(frameId: number): J1939Parts {
  return {
    pgn: (frameId & pgnMask(frameId)) >>> 8,
    priority: frameId >>> 26,
    source: frameId & 0xff,
    destination: isAddressed(frameId) ? (frameId >>> 8) & 0xff : 255,
  };
}

/** Whether an identifier has a destination in it. */
export function isAddressed(frameId: number): boolean {
  return ((frameId >>> 16) & 0xff) < BROADCAST_FORMAT;
}
