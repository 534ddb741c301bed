/**
 * What goes wrong: one class per kind of failure, as in python-can.
 *
 * @module
 */

/** What an error knows beside its text. */
export interface CanErrorDetails {
  /** The errno's symbol, such as `"ENETDOWN"`. */
  readonly code?: string;
  /** The errno, such as 100. */
  readonly errno?: number;
  /** The system call that failed, such as `"bind"`. */
  readonly syscall?: string;
  /** The name of the interface. */
  readonly channel?: string;
  /** Of `sendMany`: how many messages had been handed to the kernel before the error. */
  readonly sent?: number;
  /** The error behind this one. */
  readonly cause?: unknown;
}

/** Any failure of the bus. Wrong arguments are a RangeError or a TypeError instead. */
export class CanError extends Error {
  /** The class's name. */
  override readonly name: string = "CanError";
  /** The errno's symbol, such as `"ENETDOWN"`, where a system call failed. */
  declare readonly code?: string;
  /** The errno, such as 100, where a system call failed. */
  declare readonly errno?: number;
  /** The system call that failed, such as `"bind"`. */
  declare readonly syscall?: string;
  /** The name of the interface. */
  declare readonly channel?: string;
  /** Of `sendMany`: how many messages had been handed to the kernel before the error. */
  declare readonly sent?: number;

  /** An error with that text. */
  constructor(message: string, { cause, ...details }: CanErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, details);
  }
}

/** This machine cannot do it: no SocketCAN, no libc, an unsupported runtime. */
export class CanInterfaceNotImplementedError extends CanError {
  /** The class's name. */
  override readonly name: string = "CanInterfaceNotImplementedError";
}

/** A bus could not be opened. */
export class CanInitializationError extends CanError {
  /** The class's name. */
  override readonly name: string = "CanInitializationError";
}

/** An open bus failed to send, to receive or to change a setting. */
export class CanOperationError extends CanError {
  /** The class's name. */
  override readonly name: string = "CanOperationError";
}

/** The time given for sending ran out. A receive that times out is no error: it returns null. */
export class CanTimeoutError extends CanError {
  /** The class's name. */
  override readonly name: string = "CanTimeoutError";
}
