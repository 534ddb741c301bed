/**
 * Errors of messages that could not be sent or delivered.
 *
 * @module
 */

import { type CanError, CanOperationError } from "../errors.ts";
import {
  EACCES,
  EADDRNOTAVAIL,
  EALREADY,
  EBADFD,
  EBADMSG,
  EBUSY,
  ECONNABORTED,
  EDOM,
  EHOSTUNREACH,
  EILSEQ,
  EMSGSIZE,
  ENETDOWN,
  ENETUNREACH,
  ENOTCONN,
  ENOTRECOVERABLE,
  EPROTO,
  errnoName,
  ESHUTDOWN,
  ETIME,
} from "../kernel/errno.ts";
import { J1939_PGN_ADDRESS_CLAIMED } from "../kernel/j1939.ts";
import { systemError } from "../socket/system_error.ts";
import { describeMessage, type J1939MessageInit } from "./message.ts";

/** Text of each error: the abort reasons of SAE J1939-21 (5.10.3.4) as the kernel translates them, and the kernel's own. */
const reasons = new Map([
  [EALREADY, "the receiver is busy with another transfer"],
  [EMSGSIZE, "the receiver has no room for a message of this length"],
  [EHOSTUNREACH, "no answer in time: there is no such node, or it does not receive this PGN"],
  [EBADMSG, "the receiver sent a clear to send (CTS) while data was being transferred"],
  [ENOTRECOVERABLE, "the limit of retransmissions was reached"],
  [ENOTCONN, "an unexpected data packet was received"],
  [EILSEQ, "a data packet with a wrong sequence number was received"],
  [EPROTO, "the transport protocol was violated"],
  [EBUSY, "another socket of this host has a transfer between the same nodes"],
  [ETIME, "the frame could not be sent within 10 s: is there another node on the bus to acknowledge frames?"],
  [ENETUNREACH, "the interface's transmit queue stayed full"],
  [ECONNABORTED, "the transfer was aborted, and the report with the reason was lost for lack of buffer space"],
  [ENETDOWN, "the interface went down"],
  [ESHUTDOWN, "the interface went down"],
]);

/** Why a message to a NAME cannot be sent. */
export const DESTINATION_UNKNOWN =
  "the destination's NAME has no address: its node must claim one while a J1939 socket is open on this host";

/** PGNs of the transport protocols, which only the kernel sends: ETP.DT, ETP.CM, TP.DT, TP.CM. */
const transportPgns = [0xc700, 0xc800, 0xeb00, 0xec00];

/**
 * Makes the error of a transfer that was aborted.
 *
 * @param action What failed: `send 100 bytes of PGN 0xef00 (61184) to 0x55`.
 */
export function transferError(channel: string, action: string, errno: number): CanOperationError {
  const code = errnoName(errno);
  const reason = reasons.get(errno) ?? "the transfer was aborted";
  return new CanOperationError(`Cannot ${action} on "${channel}": ${code} (${reason})`, { code, errno, channel });
}

/**
 * Makes the error of a message that the kernel did not accept.
 *
 * @param named Whether the socket was opened with a NAME.
 * @param result `-errno`.
 * @param advice What to do, where the caller knows better.
 */
export function j1939SendError(
  channel: string,
  named: boolean,
  message: J1939MessageInit,
  result: number,
  advice: string | undefined = adviceFor(named, message, -result),
): CanError {
  const errno = -result;
  const what = describeMessage(message);
  // The other errors with a reason are those of a transfer that had begun.
  if (advice === undefined && reasons.has(errno) && errno !== ENETDOWN) {
    return transferError(channel, `send ${what}`, errno);
  }
  return systemError(CanOperationError, `send ${what} on "${channel}"`, "sendmmsg", result, channel, advice);
}

function adviceFor(named: boolean, message: J1939MessageInit, errno: number): string | undefined {
  switch (errno) {
    case EADDRNOTAVAIL:
      return DESTINATION_UNKNOWN; // of a socket without a NAME; `Claims` knows about the others
    case EACCES:
      return "this socket was opened with broadcast: false";
    case EBADFD:
      return named ? undefined : "this socket has no address to send from: open it with one";
    case EDOM:
      return transportPgns.includes(message.pgn) ? "only the kernel sends the transport protocols' PGNs" : undefined;
    case EPROTO:
      return message.pgn === J1939_PGN_ADDRESS_CLAIMED
        ? "an address claim must carry the socket's own NAME and go to all nodes; `claim()` sends it"
        : undefined;
  }
}
