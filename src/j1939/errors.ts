/**
 * Why a message did not come through.
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
import { describeMessage, destinationOf, type J1939MessageInit } from "./message.ts";

/** Each reason in words: those of an abort (SAE J1939-21) as the kernel translates them, and its own. */
const reasons = new Map([
  [EALREADY, "the receiver is busy with another transfer"],
  [EMSGSIZE, "the receiver has no room for a message of this length"],
  [EHOSTUNREACH, "no answer in time: no such node, or nobody there who receives this"],
  [EBADMSG, "the receiver gave leave to send while data was on its way"],
  [ENOTRECOVERABLE, "too many repetitions"],
  [ENOTCONN, "data came that was not expected"],
  [EILSEQ, "data came in a wrong order"],
  [EPROTO, "the transport protocol was broken"],
  [EBUSY, "another socket of this host has a transfer between the same nodes"],
  [ETIME, "the frame could not be sent within 10 s: is anybody there who acknowledges frames?"],
  [ENETUNREACH, "the interface's queue stayed full"],
  [ECONNABORTED, "it was aborted, and there was no room for the report that tells why"],
  [ENETDOWN, "the interface went down"],
  [ESHUTDOWN, "the interface went down"],
]);

/** Messages of these PGNs are the kernel's own: the transport protocols. */
const own = [0xc700, 0xc800, 0xeb00, 0xec00];

/**
 * The error of a transfer that was aborted.
 *
 * @param action What failed: `send 100 bytes of PGN 0xef00 (61184) to 0x55`.
 */
export function transferError(channel: string, action: string, errno: number): CanOperationError {
  const code = errnoName(errno);
  const reason = reasons.get(errno) ?? "it was aborted";
  return new CanOperationError(`Cannot ${action} on "${channel}": ${code} (${reason})`, { code, errno, channel });
}

/**
 * The error of a message that the kernel did not take.
 *
 * @param named Whether the socket sends for a NAME.
 * @param result `-errno`.
 */
export function j1939SendError(channel: string, named: boolean, message: J1939MessageInit, result: number): CanError {
  const errno = -result;
  const what = describeMessage(message);
  const advice = adviceFor(named, message, errno);
  // Only a transfer that had begun ends with one of the others.
  if (advice === undefined && reasons.has(errno) && errno !== ENETDOWN) {
    return transferError(channel, `send ${what}`, errno);
  }
  return systemError(CanOperationError, `send ${what} on "${channel}"`, "sendmmsg", result, channel, advice);
}

function adviceFor(named: boolean, message: J1939MessageInit, errno: number): string | undefined {
  switch (errno) {
    case EADDRNOTAVAIL:
      return destinationOf(message).name === 0n
        ? "this socket's NAME has no address: claim one with `await socket.claim()`"
        : named
        ? "its NAME, or this socket's own, has no address: it must have claimed one"
        : "its NAME has no address: it must have claimed one, since this host has listened";
    case EACCES:
      return "this socket was opened with broadcast: false";
    case EBADFD:
      return named ? undefined : "this socket has no address to send from: open it with one";
    case EDOM:
      return own.includes(message.pgn) ? "the kernel itself sends messages of the transport protocols" : undefined;
    case EPROTO:
      return message.pgn === J1939_PGN_ADDRESS_CLAIMED
        ? "an address claim holds the socket's own NAME and goes to everybody; `claim()` sends it"
        : undefined;
  }
}
