/**
 * One error class per kind of failure, as in python-can.
 *
 * @module
 */

/**
 * The properties of a {@link CanError} beside its message.
 *
 * @category Errors
 */
export interface CanErrorDetails {
  /** The errno's name, such as `"ENETDOWN"`. */
  readonly code?: string;
  /** The errno, such as 100. */
  readonly errno?: number;
  /** The system call that failed, such as `"bind"`. */
  readonly syscall?: string;
  /** The interface's name, such as `"can0"`. */
  readonly channel?: string;
  /** After `sendMany`: how many messages had been handed to the kernel before the error. */
  readonly sent?: number;
  /** The error that caused this one. */
  readonly cause?: unknown;
}

/**
 * The base class of all failures of a bus, socket or link. Wrong arguments are a RangeError or a TypeError instead.
 *
 * Corresponds to python-can's
 * [`CanError`](https://python-can.readthedocs.io/en/stable/errors.html).
 *
 * @category Errors
 */
export class CanError extends Error {
  /** The class's name. */
  override readonly name: string = "CanError";
  /** The errno's name, such as `"ENETDOWN"`, if a system call failed; see [errno(3)](https://man7.org/linux/man-pages/man3/errno.3.html). */
  declare readonly code?: string;
  /** The errno, such as 100, if a system call failed. */
  declare readonly errno?: number;
  /** The system call that failed, such as `"bind"`. */
  declare readonly syscall?: string;
  /** The interface's name, such as `"can0"`. */
  declare readonly channel?: string;
  /** After `sendMany`: how many messages had been handed to the kernel before the error. */
  declare readonly sent?: number;

  /** Creates an error with a message and, optionally, its details. */
  constructor(message: string, { cause, ...details }: CanErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, details);
  }
}

/**
 * The machine cannot do it: no SocketCAN in the kernel, no libc, or an unsupported runtime.
 *
 * @category Errors
 */
export class CanInterfaceNotImplementedError extends CanError {
  /** The class's name. */
  override readonly name: string = "CanInterfaceNotImplementedError";
}

/**
 * A bus or socket could not be opened.
 *
 * @category Errors
 */
export class CanInitializationError extends CanError {
  /** The class's name. */
  override readonly name: string = "CanInitializationError";
}

/**
 * An open bus, socket or link failed to send, to receive or to change a setting.
 *
 * @category Errors
 */
export class CanOperationError extends CanError {
  /** The class's name. */
  override readonly name: string = "CanOperationError";
}

/**
 * The timeout of a send expired. A receive whose timeout expires is not an error: it returns null.
 *
 * @category Errors
 */
export class CanTimeoutError extends CanError {
  /** The class's name. */
  override readonly name: string = "CanTimeoutError";
}
