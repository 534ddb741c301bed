/**
 * J1939 on vcan0, for tests.
 *
 * @module
 */

import { type J1939Message, type J1939Options, J1939Socket } from "../../mod.ts";
import { type Below, generator } from "./random.ts";

/** Seconds within which everything comes that is to come, also on a loaded machine. */
export const SOON = 30;

/** A socket on vcan0. */
export function node(options: Partial<J1939Options> = {}): J1939Socket {
  return new J1939Socket({ channel: "vcan0", ...options });
}

/** Data of a length, different at each place. */
export function bytes(length: number, below: Below = generator(length)): Uint8Array {
  return Uint8Array.from({ length }, () => below(256));
}

/** The next message of a PGN, as others send claims and requests meanwhile. */
export async function next(socket: J1939Socket, pgn: number): Promise<J1939Message> {
  for (;;) {
    const message = await socket.recvAsync({ timeout: SOON });
    if (message === null) throw new Error(`no message of PGN ${pgn} came`);
    if (message.pgn === pgn) return message;
  }
}
