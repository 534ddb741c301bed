/**
 * What all CAN sockets of the kernel have in common, whatever they carry.
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

/** Errors that a socket tells in a row, at the most: each is told once. */
export const MOST_ERRORS = 8;

/** What to do about an interface that was removed. */
export const GONE = "the interface is gone: close this, and open a new one when it is back";

/** A protocol of PF_CAN. */
export interface Protocol {
  /** As the kernel spells it: `CAN_RAW`. */
  readonly name: string;
  readonly number: number;
  /** SOCK_RAW or SOCK_DGRAM. */
  readonly type: number;
  /** What to do where the kernel does not know it. */
  readonly missing: string;
}

/** Where a socket is to be opened. */
export interface Place {
  /** The interface's name; `""` is every CAN interface, for protocols that can. */
  readonly channel: string;
  readonly logger?: Logger;
}

/** A descriptor: its options, how to wait for it, and its errors. */
export abstract class KernelSocket {
  readonly fd: number;
  protected readonly libc: Libc;
  protected readonly channel: string;
  protected readonly settings: SocketOptions;
  protected readonly readiness: Readiness;
  /** Whether it is set up and bound: a failure before that is one of opening it. */
  protected opened = false;
  readonly #onReady: OnReady;

  /**
   * Opens a descriptor; who sets it up closes it if that fails.
   *
   * @param onReady See `Source.arm`; with an error if waiting itself failed.
   * @throws {CanInitializationError} The process has too many descriptors, or a policy forbids it.
   * @throws {CanInterfaceNotImplementedError} The kernel has no SocketCAN, or not this protocol.
   */
  constructor(libc: Libc, protocol: Protocol, { channel, logger }: Place, onReady: OnReady) {
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

  /** What was asked for with `arm` may be there, or waiting failed. */
  protected ready(failure?: Error): void {
    this.#onReady(failure);
  }

  /** The error of a call that failed. */
  protected error(action: string, syscall: string, result: number, advice?: string, channel = this.channel): Error {
    const Class = this.opened ? CanOperationError : CanInitializationError;
    const gone = this.opened && result === -ENODEV && this.channel !== "" ? GONE : undefined;
    return systemError(Class, `${action} "${channel}"`, syscall, result, channel, advice ?? gone);
  }
}
