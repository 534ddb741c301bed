/**
 * Parameter group numbers, and identifiers that carry them.
 *
 * @module
 */

import { checkWhole } from "../check.ts";
import { CAN_EFF_MASK } from "../kernel/can.ts";
import { J1939_NO_ADDR, J1939_PGN_MAX, J1939_PGN_PDU1_MAX } from "../kernel/j1939.ts";

/** Whether a PGN has a destination, which is then in its last byte on the wire. */
function isPdu1(pgn: number): boolean {
  return ((pgn >> 8) & 0xff) < 240;
}

/**
 * A parameter group number, SAE J1939-21: which message it is.
 *
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
  /** The number, without a destination. */
  readonly value: number;

  /**
   * The PGN of that number.
   *
   * @param value 0 to 0x3ffff; up to 0x..efff its last byte is 0, as the destination is there on the wire.
   * @throws {TypeError} It is no number.
   * @throws {RangeError} It is no PGN.
   */
  constructor(value: number) {
    this.value = checkPgn("pgn", value);
  }

  /** The byte that tells the two kinds apart: PF. */
  get pduFormat(): number {
    return (this.value >> 8) & 0xff;
  }

  /** The byte that is the destination on the wire if `isPdu1`, else a part of the number: PS. */
  get pduSpecific(): number {
    return this.value & 0xff;
  }

  /** Bit 16, DP. */
  get dataPage(): number {
    return (this.value >> 16) & 1;
  }

  /** Bit 17, EDP; reserved in older editions. */
  get extendedDataPage(): number {
    return (this.value >> 17) & 1;
  }

  /** Whether messages of up to 8 bytes have a destination, which may be everybody. */
  get isPdu1(): boolean {
    return isPdu1(this.value);
  }

  /** Whether messages of up to 8 bytes always go to everybody. */
  get isPdu2(): boolean {
    return !this.isPdu1;
  }

  /** The 3 bytes that stand for it in data, as in a request (PGN 0xea00). */
  toBytes(): Uint8Array {
    return Uint8Array.of(this.value, this.value >> 8, this.value >> 16);
  }

  /** The number. */
  toJSON(): number {
    return this.value;
  }

  /** The number, in both writings that are in use. */
  toString(): string {
    return pgnText(this.value);
  }
}

/** A PGN in both writings that are in use; also of a number that is none, as others may send. */
export function pgnText(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")} (${value})`;
}

/** What a 29-bit identifier says. */
export interface J1939Id {
  /** Which message it is, 0 to 0x3ffff, without the destination. */
  readonly pgn: number;
  /** 0, the highest, to 7. */
  readonly priority: number;
  /** Address of the sender, 0 to 255: 254 has none yet. */
  readonly source: number;
  /** Address of the receiver; 255 for everybody, and for all PGNs that have no destination. */
  readonly destination: number;
}

/** What an identifier is made of; priority 6 and everybody if they are absent. */
export type J1939IdInit = Pick<J1939Id, "pgn" | "source"> & Partial<J1939Id>;

/**
 * The identifier of an extended frame.
 *
 * @throws {TypeError} A field is no number.
 * @throws {RangeError} A field is out of its range, or there is a destination for a PGN that has none.
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
    throw new RangeError(`destination is ${destination}: PGN ${pgnText(pgn)} has none, and goes to everybody (255)`);
  }
  return (priority << 26 | pgn << 8 | (addressed ? destination << 8 : 0) | source) >>> 0;
}

/**
 * What the identifier of an extended frame says.
 *
 * @param id 0 to 0x1fffffff.
 * @throws {RangeError | TypeError} It is no such identifier.
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
 * A PGN without a destination.
 *
 * @throws {TypeError | RangeError} It is none.
 */
export function checkPgn(label: string, value: unknown): number {
  const pgn = checkWhole(label, value, 0, J1939_PGN_MAX, `0x${J1939_PGN_MAX.toString(16)}`);
  if (isPdu1(pgn) && (pgn & 0xff) !== 0) {
    const shown = `0x${pgn.toString(16)}`;
    throw new RangeError(`${label} is ${shown}: its last byte must be 0, because it has a destination, given apart`);
  }
  return pgn;
}
