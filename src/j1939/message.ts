/**
 * What a J1939 socket sends and receives.
 *
 * @module
 */

import { checkWhole } from "../check.ts";
import { J1939_NO_ADDR } from "../kernel/j1939.ts";
import { checkName, type Name } from "./name.ts";
import { checkPgn, pgnText } from "./pgn.ts";

/** Most bytes of a message to everybody: those of the transport protocol, TP. */
export const MOST_TO_EVERYBODY = 1785;
/** Most bytes of a message: those of the extended transport protocol, ETP. */
export const MOST = 0xffffff * 7;

/** A message to send. */
export interface J1939MessageInit {
  /** Which message it is, 0 to 0x3ffff; without the destination, if it can have one. */
  readonly pgn: number;
  /**
   * The address of who is to receive it, 0 to 253; or its NAME, if it has claimed an address; or 255, everybody, which is
   * the default. Messages of up to 8 bytes go to everybody anyway unless `Pgn.isPdu1`.
   */
  readonly destination?: number | bigint | Name;
  /** 0, the highest, to 7; 0 and 1 need CAP_NET_ADMIN. Default: the socket's. */
  readonly priority?: number;
  /** Up to 117440505 bytes; to everybody, up to 1785. */
  readonly data: Uint8Array | readonly number[];
}

/** The destination of a message as the kernel has it. */
export interface Destination {
  readonly address: number;
  /** 0 for none; else the address does not count. */
  readonly name: bigint;
}

/** The destination of a message. */
export function destinationOf({ destination = J1939_NO_ADDR }: J1939MessageInit): Destination {
  if (typeof destination === "number") return { address: destination, name: 0n };
  return { address: J1939_NO_ADDR, name: checkName("destination", destination) };
}

/** What is sent where, for an error's text. */
export function describeMessage(message: J1939MessageInit): string {
  const { address, name } = destinationOf(message);
  const to = name !== 0n
    ? `NAME ${name.toString(16).padStart(16, "0")}`
    : address === J1939_NO_ADDR
    ? "everybody"
    : `0x${hex(address)}`;
  return `${message.data.length} bytes of PGN ${pgnText(message.pgn)} to ${to}`;
}

/**
 * Refuses what can't be sent.
 *
 * @throws {TypeError} A field is of the wrong type.
 * @throws {RangeError} A field is out of its range.
 */
export function checkMessage(message: J1939MessageInit): void {
  if (typeof message !== "object" || message === null) {
    throw new TypeError(`Cannot send ${message}: it is not a message such as { pgn: 0xfeca, data: [1, 2] }`);
  }
  const { pgn, destination, priority, data } = message;
  checkPgn("pgn", pgn);
  if (typeof destination === "number") checkWhole("destination", destination, 0, J1939_NO_ADDR);
  else if (destination !== undefined && checkName("destination", destination) === 0n) {
    throw new RangeError("destination is a NAME of 0, which no node has");
  }
  if (priority !== undefined) checkWhole("priority", priority, 0, 7);
  const most = destinationOf(message).name === 0n && destinationOf(message).address === J1939_NO_ADDR
    ? MOST_TO_EVERYBODY
    : MOST;
  if (!(data instanceof Uint8Array)) {
    if (!Array.isArray(data)) throw new TypeError(`data must be a Uint8Array or an array of bytes: ${data}`);
    data.forEach((byte, i) => checkWhole(`data[${i}]`, byte, 0, 255));
  }
  if (data.length > most) {
    const limit = most === MOST ? `${most}` : `${most} to everybody`;
    throw new RangeError(`data has ${data.length} bytes: it must be at most ${limit}`);
  }
}

/** A message that was received. Sent on, it goes to the same destination. */
export class J1939Message {
  /** Which message it is, without the destination. */
  readonly pgn: number;
  /** Address of the sender; 254 has none yet. */
  readonly source: number;
  /** NAME of the sender, if it has claimed its address; else null. `new Name(name)` tells its fields. */
  readonly name: bigint | null;
  /** Address of the receiver; 255 for everybody. */
  readonly destination: number;
  /** NAME of the receiver, if it has claimed its address; else null. */
  readonly destinationName: bigint | null;
  /** 0, the highest, to 7. */
  readonly priority: number;
  /** The data, of its own. */
  readonly data: Uint8Array;
  /** When the kernel received it, in nanoseconds; of a message of several frames, when it was read. */
  readonly timestampNs: bigint;
  /** Whether it was sent by this host. False for all messages of several frames, of which the kernel does not tell. */
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

  /** When the kernel received it, in seconds. */
  get timestamp(): number {
    return Number(this.timestampNs) / 1e9;
  }

  /** A line of text: sender, receiver, PGN, data (the first 64 bytes). */
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
