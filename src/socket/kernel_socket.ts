/**
 * What all of the kernel's CAN sockets have in common, whatever their protocol.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { Logger } from "../endpoint/options.ts";
import type { OnReady } from "../endpoint/source.ts";
import { CanInitializationError, CanOperationError } from "../errors.ts";
import { AF_CAN } from "../kernel/can.ts";
import { ENODEV, EPROTONOSUPPORT } from "../kernel/errno.ts";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "../kernel/socket.ts";
import { Readiness } from "./readiness.ts";
import { SocketOptions } from "./socket_options.ts";
import { systemError } from "./system_error.ts";

/** How many errors a socket may report one after the other: the kernel reports each one once. */
export const MAX_ERRORS_IN_A_ROW = 8;

/** What to do when the interface was removed. */
export const INTERFACE_REMOVED = "the interface is gone: close this, and open a new one when it is back";

/** A protocol of PF_CAN. */
export interface Protocol {
  /** The kernel's name: `CAN_RAW`. */
  readonly name: string;
  readonly number: number;
  /** SOCK_RAW or SOCK_DGRAM. */
  readonly type: number;
  /** What to do if the kernel lacks this protocol. */
  readonly missing: string;
}

/** What a socket is opened with. */
export interface SocketSettings {
  /** The interface's name; `""` for every CAN interface, where the protocol supports that. */
  readonly channel: string;
  readonly logger?: Logger;
}

/** A socket's descriptor, with its options, waiting and errors. */
export abstract class KernelSocket {
  readonly fd: number;
  protected readonly libc: Libc;
  protected readonly channel: string;
  protected readonly settings: SocketOptions;
  protected readonly readiness: Readiness;
  /** Whether the socket is configured and bound. Until then a failure is a CanInitializationError. */
  protected opened = false;
  readonly #onReady: OnReady;

  /**
   * Opens a descriptor. A subclass whose further set-up fails must close it.
   *
   * @param onReady See `Source.arm`; called with an error if waiting itself failed.
   * @throws {CanInitializationError} The process has too many descriptors, or a security policy forbids it.
   * @throws {CanInterfaceNotImplementedError} The kernel lacks SocketCAN or this protocol.
   */
  constructor(libc: Libc, protocol: Protocol, { channel, logger }: SocketSettings, onReady: OnReady) {
    this.libc = libc;
    this.channel = channel;
    const fd = this.fd = libc.socket(AF_CAN, protocol.type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol.number);
    if (fd < 0) {
      const advice = fd === -EPROTONOSUPPORT ? protocol.missing : undefined;
      throw systemError(CanInitializationError, `open a ${protocol.name} socket`, "socket", fd, channel, advice);
    }
    this.#onReady = onReady;
    this.readiness = new Readiness(libc, fd, (failure) => this.ready(failure), (...failure) => this.error(...failure));
    this.settings = new SocketOptions(libc, fd, logger, (...failure) => this.error(...failure));
  }

  /** See `Source.droppedFrames`. */
  get droppedFrames(): number {
    return this.settings.drops;
  }

  /** See `Source.receiveBuffer`. */
  get receiveBuffer(): number {
    return this.settings.receiveBuffer;
  }

  /** See `Sink.sendBuffer`. */
  get sendBuffer(): number {
    return this.settings.sendBuffer;
  }

  /** See `Source.waitReadable`. */
  waitReadable(seconds: number): void {
    this.readiness.waitReadable(seconds);
  }

  /** See `Sink.waitWritable`. */
  waitWritable(seconds: number): void {
    this.readiness.waitWritable(seconds);
  }

  /** See `Source.arm`. */
  arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    this.readiness.arm(readable, writable, keepAlive);
  }

  /** See `Source.close`. */
  close(): void {
    this.readiness.close();
  }

  /** Called when what `arm` asked for may be possible, or waiting failed. */
  protected ready(failure?: Error): void {
    this.#onReady(failure);
  }

  /** Makes the error of a failed system call. */
  protected error(action: string, syscall: string, result: number, advice?: string, channel = this.channel): Error {
    const Class = this.opened ? CanOperationError : CanInitializationError;
    const gone = this.opened && result === -ENODEV && this.channel !== "" ? INTERFACE_REMOVED : undefined;
    return systemError(Class, `${action} "${channel}"`, syscall, result, channel, advice ?? gone);
  }
}
