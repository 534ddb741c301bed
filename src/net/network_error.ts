/**
 * Errors of networks.
 *
 * @module
 */

import { type CanError, type CanErrorDetails, CanOperationError } from "../errors.ts";
import { EBADMSG, ECONNRESET, EDEADLK, errnoName, errnoNumber, errnoText, ETIMEDOUT } from "../kernel/errno.ts";

type ErrorClass = new (message: string, details: CanErrorDetails) => CanError;

/** What the codes of failed look-ups of names mean, which are no errnos. */
const lookups: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name cannot be looked up now",
};

/** What an error of `node:net` or `node:dgram` has. */
interface SystemFailure extends Error {
  readonly code?: string;
  readonly syscall?: string;
}

/**
 * Makes the error for one of `node:net` or `node:dgram`. Deno's refusal for the lack of a permission is passed on as it is.
 *
 * @param action What failed: `connect to 127.0.0.1:29536`.
 */
export function networkError(
  Class: ErrorClass,
  action: string,
  cause: Error,
  channel?: string,
  advice?: string,
): Error {
  if (cause.name === "NotCapable") return cause;
  const { code = cause.name, syscall } = cause as SystemFailure;
  const errno = errnoNumber(code);
  const meaning = errno !== undefined ? errnoText(errno) : lookups[code] ?? cause.message;
  return new Class(`Cannot ${action}: ${code} (${meaning})${advice ? `; ${advice}` : ""}`, {
    code,
    ...errno !== undefined && { errno },
    ...syscall !== undefined && { syscall },
    ...channel !== undefined && { channel },
    cause,
  });
}

function ofErrno(Class: ErrorClass, action: string, errno: number, why: string, channel?: string): CanError {
  const code = errnoName(errno);
  return new Class(`Cannot ${action}: ${code} (${why})`, { code, errno, ...channel !== undefined && { channel } });
}

/** The error of a wait that would block the event loop, through which frames and room come. */
export function wouldBlock(action: string, what: string, instead: string, channel: string): CanError {
  return ofErrno(
    CanOperationError,
    `${action} "${channel}"`,
    EDEADLK,
    `${what} through the event loop, which this call would block; use ${instead}`,
    channel,
  );
}

/** The error of a connection that the other end has closed. */
export function closedByPeer(action: string, peer: string, channel: string): CanError {
  return ofErrno(CanOperationError, `${action} "${channel}"`, ECONNRESET, `${peer} closed the connection`, channel);
}

/** The error of a peer that does not speak the protocol. */
export function badMessage(Class: ErrorClass, action: string, why: string, channel?: string): CanError {
  return ofErrno(Class, action, EBADMSG, why, channel);
}

/** The error of a peer that does not answer. */
export function noAnswer(Class: ErrorClass, action: string, why: string, channel?: string): CanError {
  return ofErrno(Class, action, ETIMEDOUT, why, channel);
}
