/**
 * Errors of ISO-TP transmissions, with their meaning in ISO 15765-2.
 *
 * @module
 */

import { CanOperationError } from "../errors.ts";
import { EBADMSG, ECOMM, EILSEQ, EMSGSIZE, ENODEV, errnoName, ETIMEDOUT } from "../kernel/errno.ts";
import { INTERFACE_REMOVED } from "../socket/kernel_socket.ts";
import { systemError } from "../socket/system_error.ts";

/** Whether a PDU was not sent or not received: a socket does both at once. */
export type Direction = "send" | "receive";

/** The errnos with which the kernel reports a failed transmission, and what to do about it. */
const meanings: Record<Direction, Readonly<Record<number, readonly [text: string, advice: string]>>> = {
  send: {
    [ECOMM]: [
      "communication error: the receiver sent no flow control within 1 s, or the interface did not take a frame within 2 s",
      "check that the receiver is running and uses the same identifiers, and that the link is not bus-off",
    ],
    [EMSGSIZE]: ["overflow: the receiver has no room for a PDU of that length", "send a shorter one"],
    [EBADMSG]: [
      "bad message: the receiver's flow control is too short, unknown or wrongly padded",
      "check the receiver, and rxPadding and checkPadding",
    ],
  },
  receive: {
    [ETIMEDOUT]: ["timeout: the sender did not continue within 1 s", "ask for the PDU again"],
    [EILSEQ]: [
      "wrong sequence: a consecutive frame is missing, duplicated or out of order",
      "check that a single sender uses rxId, and ask for the PDU again",
    ],
    [EBADMSG]: [
      "bad message: a frame is wrongly padded; if it was flow control, a PDU sent without waitTxDone is lost",
      "check rxPadding and checkPadding",
    ],
  },
};

/** Whether the kernel reports a failed transmission of that direction with this result. */
export function isFailure(direction: Direction, result: number): boolean {
  return (-result) in meanings[direction];
}

/**
 * Makes the error of a failed transmission or call.
 *
 * @param result `-errno`.
 * @param consequence What else happened.
 */
export function isoTpError(
  direction: Direction,
  result: number,
  channel: string,
  consequence?: string,
): CanOperationError {
  const action = `${direction === "send" ? "send to" : "receive from"} "${channel}"`;
  const syscall = direction === "send" ? "send" : "read";
  const errno = -result;
  const meaning = meanings[direction][errno];
  if (meaning === undefined) {
    const gone = errno === ENODEV ? INTERFACE_REMOVED : undefined;
    return systemError(CanOperationError, action, syscall, result, channel, gone);
  }
  const code = errnoName(errno);
  const [explanation, advice] = meaning;
  const text = [`Cannot ${action}: ${code} (${explanation})`, consequence, advice].filter(Boolean).join("; ");
  return new CanOperationError(text, { code, errno, syscall, channel });
}
