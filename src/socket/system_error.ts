/**
 * Errors of failed system calls.
 *
 * @module
 */

import { type CanError, type CanErrorDetails, CanInterfaceNotImplementedError } from "../errors.ts";
import {
  EAFNOSUPPORT,
  EMFILE,
  ENETDOWN,
  ENFILE,
  EPERM,
  EPROTONOSUPPORT,
  errnoName,
  errnoText,
} from "../kernel/errno.ts";

/** Makes the error for a failed system call: what was being done to the socket, the call, its result, and advice. */
export type Fail = (action: string, syscall: string, result: number, advice?: string) => Error;

type ErrorClass = new (message: string, details: CanErrorDetails) => CanError;

/**
 * Makes the error for a failed system call: the action, the errno's name and meaning, and what to do about it.
 *
 * @param action What failed: `bind a CAN_RAW socket to "can0"`.
 * @param result `-errno`, as `Libc` returned it.
 * @param advice What to do, if there is more to say than the errno's own advice.
 */
export function systemError(
  Class: ErrorClass,
  action: string,
  syscall: string,
  result: number,
  channel?: string,
  advice?: string,
): CanError {
  const errno = -result;
  const hint = advice ?? adviceFor(syscall, errno, channel);
  const text = `Cannot ${action}: ${errnoName(errno)} (${errnoText(errno)})${hint ? `; ${hint}` : ""}`;
  const missing = syscall === "socket" && (errno === EAFNOSUPPORT || errno === EPROTONOSUPPORT);
  return new (missing ? CanInterfaceNotImplementedError : Class)(text, {
    code: errnoName(errno),
    errno,
    syscall,
    channel,
  });
}

function adviceFor(syscall: string, errno: number, channel?: string): string | undefined {
  switch (errno) {
    case EAFNOSUPPORT:
      return `this kernel has no SocketCAN: load it with "sudo modprobe can", or use a Bus with interface: "virtual"`;
    case EMFILE:
      return `close buses that are no longer needed, or raise the limit with "ulimit -n"`;
    case ENFILE:
      return "the whole system has too many open files";
    case EPERM:
      return syscall === "socket" ? "a security policy forbids it (a container's seccomp profile, say)" : undefined;
    case ENETDOWN:
      return `bring it up with "sudo ip link set ${channel ?? "can0"} up"; the bus works again then`;
  }
}
