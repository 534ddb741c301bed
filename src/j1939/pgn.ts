/**
 * Parameter group numbers, and the identifiers that carry them.
 *
 * @module
 */

import { checkWhole } from "../check.ts";
import { CAN_EFF_MASK } from "../kernel/can.ts";
import { J1939_NO_ADDR, J1939_PGN_MAX, J1939_PGN_PDU1_MAX } from "../kernel/j1939.ts";

/** Whether messages of this PGN are addressed: on the wire, the last byte of the PGN is then the destination. */
function isPdu1(pgn: number): boolean {
  return ((pgn >> 8) & 0xff) < 240;
}

/**
 * A parameter group number (PGN), SAE J1939-21: identifies the content of a message.
 *
 * @category J1939
 * @example
 * ```ts
 * import { Pgn } from "@socketcan/bus";
 *
 * const request = new Pgn(0xea00);
 * console.log(`${request}`, request.isPdu1); // 0xea00 (59904) true
 * console.log(new Pgn(0xfeca).toBytes()); // what a request asks for: ca fe 00
 * ```
 */
export class Pgn {
  /** The number, 0 to 0x3ffff, without a destination. */
  readonly value: number;

  /**
   * Makes a PGN from its number.
   *
   * @param value 0 to 0x3ffff. Where the middle byte (PF) is below 0xf0, the last byte must be 0: on the wire it is the
   * destination.
   * @throws {TypeError} The value is not a number.
   * @throws {RangeError} The value is not a PGN.
   */
  constructor(value: number) {
    this.value = checkPgn("pgn", value);
  }

  /** The PDU format (PF), the middle byte: below 240 the PGN is of kind PDU1, from 240 of kind PDU2. */
  get pduFormat(): number {
    return (this.value >> 8) & 0xff;
  }

  /** The PDU specific byte (PS), the last byte: 0 if `isPdu1`, where the destination takes its place on the wire. */
  get pduSpecific(): number {
    return this.value & 0xff;
  }

  /** The data page (DP), bit 16: 0 or 1. */
  get dataPage(): number {
    return (this.value >> 16) & 1;
  }

  /** The extended data page (EDP), bit 17: 0 or 1. Reserved in older editions of the standard. */
  get extendedDataPage(): number {
    return (this.value >> 17) & 1;
  }

  /** Whether messages of up to 8 bytes carry a destination, which may be 255, all nodes. */
  get isPdu1(): boolean {
    return isPdu1(this.value);
  }

  /** Whether messages of up to 8 bytes always go to all nodes. */
  get isPdu2(): boolean {
    return !this.isPdu1;
  }

  /** Returns the 3 bytes, lowest first, that represent a PGN in a payload, as in a request (PGN 0xea00). */
  toBytes(): Uint8Array {
    return Uint8Array.of(this.value, this.value >> 8, this.value >> 16);
  }

  /** Returns the number. */
  toJSON(): number {
    return this.value;
  }

  /** Returns the number in hexadecimal and decimal, both of which are in use: `0xf004 (61444)`. */
  toString(): string {
    return pgnText(this.value);
  }
}

/** Returns a PGN in hexadecimal and decimal; the number need not be a valid PGN, as other nodes may send anything. */
export function pgnText(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")} (${value})`;
}

/**
 * The fields of a 29-bit identifier, SAE J1939-21.
 *
 * @category J1939
 */
export interface J1939Id {
  /** The parameter group number, 0 to 0x3ffff, without the destination. */
  readonly pgn: number;
  /** The priority, 0 (highest) to 7. */
  readonly priority: number;
  /** The sender's address, 0 to 255; 254 is a sender without an address. */
  readonly source: number;
  /** The receiver's address, 0 to 255; 255 is all nodes, and is also given for PGNs that carry no destination. */
  readonly destination: number;
}

/**
 * The fields to make an identifier from. The defaults are priority 6 and destination 255, all nodes.
 *
 * @category J1939
 */
export type J1939IdInit = Pick<J1939Id, "pgn" | "source"> & Partial<J1939Id>;

/**
 * Returns the 29-bit identifier of an extended frame.
 *
 * @category J1939
 * @throws {TypeError} A field is not a number.
 * @throws {RangeError} A field is out of range, or a destination is given for a PGN that carries none.
 *
 * @example
 * ```ts
 * import { Message, packJ1939Id, unpackJ1939Id } from "@socketcan/bus";
 *
 * const arbitrationId = packJ1939Id({ pgn: 0xf004, priority: 3, source: 0 }); // EEC1, from the engine
 * console.log(`${new Message({ arbitrationId, data: [0xff, 0xff, 0xff, 0x68, 0x13, 0xff, 0xff, 0xff] })}`);
 * console.log(unpackJ1939Id(0x0c000003)); // TSC1: { pgn: 0, priority: 3, source: 3, destination: 0 }
 * ```
 */
export function packJ1939Id(
  { pgn, priority = 6, source, destination = J1939_NO_ADDR }: J1939IdInit,
): number {
  const addressed = isPdu1(checkPgn("pgn", pgn));
  checkWhole("priority", priority, 0, 7);
  checkWhole("source", source, 0, 255);
  checkWhole("destination", destination, 0, 255);
  if (!addressed && destination !== J1939_NO_ADDR) {
    throw new RangeError(
      `destination is ${destination}: PGN ${pgnText(pgn)} carries no destination and goes to all nodes (255)`,
    );
  }
  return (priority << 26 | pgn << 8 | (addressed ? destination << 8 : 0) | source) >>> 0;
}

/**
 * Returns the fields of the 29-bit identifier of an extended frame.
 *
 * @category J1939
 * @param id 0 to 0x1fffffff.
 * @throws {TypeError} The identifier is not a number.
 * @throws {RangeError} The identifier is out of range.
 */
export function unpackJ1939Id(id: number): J1939Id {
  checkWhole("id", id, 0, CAN_EFF_MASK, `0x${CAN_EFF_MASK.toString(16)}`);
  const pgn = (id >> 8) & J1939_PGN_MAX;
  const addressed = isPdu1(pgn);
  return {
    pgn: addressed ? pgn & J1939_PGN_PDU1_MAX : pgn,
    priority: id >> 26,
    source: id & 0xff,
    destination: addressed ? pgn & 0xff : J1939_NO_ADDR,
  };
}

/**
 * Returns a value if it is a PGN without a destination.
 *
 * @param label What is checked, for the error text.
 * @throws {TypeError | RangeError} It is not.
 */
export function checkPgn(label: string, value: unknown): number {
  const pgn = checkWhole(label, value, 0, J1939_PGN_MAX, `0x${J1939_PGN_MAX.toString(16)}`);
  if (isPdu1(pgn) && (pgn & 0xff) !== 0) {
    const shown = `0x${pgn.toString(16)}`;
    throw new RangeError(`${label} is ${shown}: its last byte must be 0, because the destination is given separately`);
  }
  return pgn;
}
