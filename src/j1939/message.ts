/**
 * The messages that a J1939 socket sends and receives.
 *
 * @module
 */

import { checkWhole, show } from "../check.ts";
import { J1939_NO_ADDR } from "../kernel/j1939.ts";
import { checkName, type Name } from "./name.ts";
import { checkPgn, pgnText } from "./pgn.ts";

/** Most bytes of a broadcast: the limit of the transport protocol (TP), 255 packets of 7 bytes. */
export const MAX_BROADCAST_BYTES = 1785;
/** Most bytes of a message: the limit of the extended transport protocol (ETP). */
export const MAX_BYTES = 0xffffff * 7;

/**
 * A message to send.
 *
 * @category J1939
 */
export interface J1939MessageInit {
  /** The parameter group number, 0 to 0x3ffff. If `Pgn.isPdu1`, its last byte is 0: the destination is a field of its own. */
  readonly pgn: number;
  /**
   * The receiver's address, 0 to 253; or its NAME, which must have claimed an address; or 255, all nodes. Default 255.
   * Messages of up to 8 bytes reach all nodes anyway unless `Pgn.isPdu1`.
   */
  readonly destination?: number | bigint | Name;
  /** The priority, 0 (highest) to 7; 0 and 1 need CAP_NET_ADMIN. Default: the socket's. */
  readonly priority?: number;
  /** The payload: 0 to 117440505 bytes; in a broadcast, at most 1785. */
  readonly data: Uint8Array | readonly number[];
}

/** The destination of a message in the kernel's terms. */
export interface Destination {
  readonly address: number;
  /** The NAME; 0 for none. If it is not 0, the kernel ignores the address. */
  readonly name: bigint;
}

/** Returns the destination of a message. */
export function destinationOf({ destination = J1939_NO_ADDR }: J1939MessageInit): Destination {
  if (typeof destination === "number") return { address: destination, name: 0n };
  return { address: J1939_NO_ADDR, name: checkName("destination", destination) };
}

/** Returns length, PGN and destination of a message, for an error text. */
export function describeMessage(message: J1939MessageInit): string {
  const { address, name } = destinationOf(message);
  const to = name !== 0n
    ? `NAME ${name.toString(16).padStart(16, "0")}`
    : address === J1939_NO_ADDR
    ? "all nodes"
    : `0x${hex(address)}`;
  return `${message.data.length} bytes of PGN ${pgnText(message.pgn)} to ${to}`;
}

/**
 * Refuses a message that cannot be sent.
 *
 * @throws {TypeError} A field is of the wrong type.
 * @throws {RangeError} A field is out of its range.
 */
export function checkMessage(message: J1939MessageInit): void {
  if (typeof message !== "object" || message === null) {
    throw new TypeError(`Cannot send ${show(message)}: it is not a message such as { pgn: 0xfeca, data: [1, 2] }`);
  }
  const { pgn, destination, priority, data } = message;
  checkPgn("pgn", pgn);
  if (typeof destination === "number") checkWhole("destination", destination, 0, J1939_NO_ADDR);
  else if (destination !== undefined && checkName("destination", destination) === 0n) {
    throw new RangeError("destination is a NAME of 0, which is not valid");
  }
  if (priority !== undefined) checkWhole("priority", priority, 0, 7);
  const to = destinationOf(message);
  const most = to.name === 0n && to.address === J1939_NO_ADDR ? MAX_BROADCAST_BYTES : MAX_BYTES;
  if (!(data instanceof Uint8Array)) {
    if (!Array.isArray(data)) throw new TypeError(`data must be a Uint8Array or an array of bytes: ${show(data)}`);
    data.forEach((byte, i) => checkWhole(`data[${i}]`, byte, 0, 255));
  }
  if (data.length > most) {
    const limit = most === MAX_BYTES ? `${most}` : `${most} for a message to all nodes`;
    throw new RangeError(`data has ${data.length} bytes: it must be at most ${limit}`);
  }
}

/**
 * A received message. It can be passed to `send` as it is, and then goes to the same destination.
 *
 * @category J1939
 */
export class J1939Message {
  /** The parameter group number, 0 to 0x3ffff, without the destination. */
  readonly pgn: number;
  /** The sender's address, 0 to 254; 254 is a sender without an address. */
  readonly source: number;
  /** The sender's NAME if it has claimed its address, else null. `new Name(name)` has its fields. */
  readonly name: bigint | null;
  /** The receiver's address, 0 to 255; 255 is all nodes. */
  readonly destination: number;
  /** The receiver's NAME if it has claimed its address, else null. */
  readonly destinationName: bigint | null;
  /** The priority, 0 (highest) to 7. */
  readonly priority: number;
  /** The payload. The array is this message's own. */
  readonly data: Uint8Array;
  /**
   * When the kernel received the frame, in nanoseconds since 1970; for a message of several frames, when it was read from
   * the socket.
   */
  readonly timestampNs: bigint;
  /** Whether this host sent it. Always false for messages of several frames: the kernel does not mark those. */
  readonly isLocal: boolean;

  /** @ignore Made by `J1939Socket`. */
  constructor(fields: Omit<J1939Message, "timestamp" | "toString">) {
    this.pgn = fields.pgn;
    this.source = fields.source;
    this.name = fields.name;
    this.destination = fields.destination;
    this.destinationName = fields.destinationName;
    this.priority = fields.priority;
    this.data = fields.data;
    this.timestampNs = fields.timestampNs;
    this.isLocal = fields.isLocal;
  }

  /** `timestampNs` in seconds since 1970. */
  get timestamp(): number {
    return Number(this.timestampNs) / 1e9;
  }

  /** Returns one line of text: source, destination, PGN, priority, length, and the first 64 bytes of the payload. */
  toString(): string {
    const to = this.destination === J1939_NO_ADDR ? "all" : hex(this.destination);
    const bytes = Array.from(this.data.subarray(0, 64), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const shown = this.data.length > 64 ? `${bytes} …` : bytes;
    return `${hex(this.source)} → ${to}  ${
      pgnText(this.pgn)
    }  priority ${this.priority}  [${this.data.length}]  ${shown}`
      .trimEnd();
  }
}

function hex(address: number): string {
  return address.toString(16).padStart(2, "0");
}
