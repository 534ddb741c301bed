/**
 * A J1939 socket of the kernel.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { OnReady, Socket } from "../endpoint/source.ts";
import { CAN_J1939 } from "../kernel/can.ts";
import {
  EADDRNOTAVAIL,
  EAGAIN,
  EBADFD,
  EBUSY,
  EINTR,
  EMSGSIZE,
  ENETDOWN,
  ENOBUFS,
  ENODEV,
  ETIME,
} from "../kernel/errno.ts";
import { encodeJ1939Address, J1939_NO_ADDR, J1939_NO_PGN, type RawJ1939Filter } from "../kernel/j1939.ts";
import { SOCK_DGRAM } from "../kernel/socket.ts";
import { findCanInterface, interfaceIsUp, interfaceName } from "../socket/interfaces.ts";
import { KernelSocket, type Protocol } from "../socket/kernel_socket.ts";
import { closeWhenSent } from "../socket/linger.ts";
import type { BackgroundWork } from "../socket/readiness.ts";
import { RetryTimer } from "../socket/retry_timer.ts";
import { j1939SendError } from "./errors.ts";
import { J1939Inbox, LONGEST } from "./inbox.ts";
import { destinationOf, type J1939Message, type J1939MessageInit } from "./message.ts";
import type { FullJ1939Options } from "./options.ts";
import { J1939Outbox } from "./outbox.ts";
import { J1939Reports, type TransferReport } from "./reports.ts";
import { configureJ1939, followTransfers, setJ1939Filters, setPriority } from "./settings.ts";

/** Seconds between two looks for a link that is down: nothing tells when its interface is removed. */
const LOOK = 1;

/** Why a socket is not closed. */
const HELD =
  "a message makes no progress, and the kernel lets go of it when the link goes down; the descriptor stays open";

const J1939: Protocol = {
  name: "CAN_J1939",
  number: CAN_J1939,
  type: SOCK_DGRAM,
  missing: `load the module with "sudo modprobe can-j1939" (in the kernel since Linux 5.4)`,
};

/** Who is told of transfers. */
export interface TransferListener {
  /** The kernel has taken a message, or the first part of it; reports will have this number. */
  onBegun(number: number, message: J1939MessageInit): void;
  /**
   * The kernel tells of a transfer.
   *
   * @param told Whether who sends the message is told by what it has called.
   * @returns An error that nobody was told yet.
   */
  onReport(report: TransferReport, told: boolean): Error | null;
  /** Waiting for reports failed. */
  onFailure(failure: Error): void;
  /**
   * The kernel knows no address for the socket's NAME, or for that of a destination.
   *
   * @param destination The destination's NAME; 0 if it has none.
   * @returns Whether it will soon.
   */
  onNoAddress(destination: bigint): boolean;
}

/** CAN_J1939 over a libc. */
export class J1939Port extends KernelSocket implements Socket<J1939Message, J1939MessageInit> {
  readonly #options: FullJ1939Options;
  readonly #listener: TransferListener | null;
  readonly #index: number;
  readonly #in: J1939Inbox;
  readonly #out: J1939Outbox;
  readonly #reports: J1939Reports;
  readonly #looking: RetryTimer;
  #filters: readonly RawJ1939Filter[];
  /** Resolves when the socket is closed, which `close` may have to leave for later. */
  closed: Promise<void> = Promise.resolve();
  /** Whether the last receive found the end of what was there. */
  #empty = false;
  /** An error for the next receive. */
  #kept: Error | null = null;
  /** Whether the link was down when it was last looked at, and whether its interface is gone for good. */
  #down = false;
  #gone = false;

  /**
   * Opens and binds a socket; filters and all other options are in force before the first message can arrive.
   *
   * @param address The address to bind to: 255 for none.
   * @param onReady See `Source.arm`; with an error if waiting itself failed.
   * @throws {CanInitializationError} With the step that failed and what to do. No descriptor is left open.
   * @throws {CanInterfaceNotImplementedError} The kernel has no J1939.
   */
  constructor(
    libc: Libc,
    options: FullJ1939Options,
    address: number,
    onReady: OnReady,
    listener: TransferListener | null = null,
  ) {
    super(libc, J1939, options, onReady);
    this.#options = options;
    this.#listener = listener;
    this.#filters = options.rawFilters;
    try {
      this.#index = findCanInterface(libc, this.fd, options.channel);
      configureJ1939(this.settings, options);
      const bound = this.#bind(address);
      if (bound < 0) throw this.error("bind a CAN_J1939 socket to", "bind", bound);
      this.#looking = new RetryTimer(() => this.ready());
      this.#in = new J1939Inbox(libc, this.fd);
      this.#reports = new J1939Reports(libc, this.fd);
      this.#out = new J1939Outbox(libc, this.fd, options.priority, {
        onBegun: (number, message) => this.#listener?.onBegun(number, message),
        prioritize: (priority) => setPriority(this.settings, priority),
        settle: () => this.settle(),
      });
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
    this.opened = true;
  }

  get idle(): boolean {
    return this.#empty && this.#kept === null && !this.#down && this.readiness.watched;
  }

  /** Whether something waits to be sent. */
  get waiting(): boolean {
    return this.settings.unsentBytes > 0;
  }

  /** What has to go on while the thread waits. */
  set background(work: BackgroundWork | null) {
    this.readiness.background = work;
  }

  /** Whether to take reports though nobody receives or sends. `arm` is to be called after a change. */
  set watching(value: { readonly keepAlive: boolean } | null) {
    this.readiness.errorQueue = value;
  }

  /** Whether the link is up, as far as is known. */
  get isUp(): boolean {
    if (this.#down) this.#look();
    return !this.#down;
  }

  receive(into: J1939Message[], from: number, max: number): number {
    if (this.#down) this.#look();
    this.#empty = false;
    let received = 0;
    while (this.#kept === null && received < max) {
      const message = this.#in.receive();
      if (typeof message !== "number") {
        into[from + received++] = message;
        continue;
      }
      this.#empty = message === -EAGAIN;
      if (this.#empty) this.#takeReports();
      else if (message !== -EINTR) this.#receiveFailed(message);
      break;
    }
    if (from + received > 0) return received;
    const error = this.#kept;
    if (error !== null) {
      this.#keep(null);
      throw error;
    }
    if (this.#gone && this.#empty) throw this.error("receive from", "recvmmsg", -ENODEV);
    return 0;
  }

  /** Sends one message. */
  send(messages: readonly J1939MessageInit[], from: number): number {
    const message = messages[from];
    if (!this.isUp) throw this.#sendError(message, this.#gone ? -ENODEV : -ENETDOWN);
    const { priority } = this.#options;
    let result = this.#out.send(message, priority);
    if (result === -ENETDOWN) {
      // The socket tells it once: to a send, though it is news for who receives. It is no reason not to send if the
      // interface is up again.
      this.#receiveFailed(result);
      if (this.isUp) result = this.#out.send(message, priority);
    }
    switch (result) {
      case 1:
        this.readiness.reset();
        return 1;
      case 0:
        this.readiness.reset();
        break;
      case -EBUSY:
      case -ENOBUFS:
        this.readiness.backOff();
        break;
      case -EADDRNOTAVAIL:
        if (!this.#listener?.onNoAddress(destinationOf(message).name)) throw this.#sendError(message, result);
        this.readiness.backOff();
        break;
      default:
        throw this.#sendError(message, result);
    }
    this.#takeReports(); // poll tells of them, and there would be no waiting for room
    return 0;
  }

  /** See `J1939Outbox.replace`. */
  replace(message: J1939MessageInit, by: J1939MessageInit): void {
    this.#out.replace(message, by);
  }

  override waitReadable(seconds: number): void {
    super.waitReadable(this.#down ? Math.min(seconds, LOOK) : seconds);
  }

  override arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    const looking = readable && this.#down;
    this.#looking.set(looking ? performance.now() + 1000 * LOOK : Infinity, keepAlive);
    super.arm(readable, writable, keepAlive);
  }

  /** Binds the socket anew, to another address. */
  rebind(address: number): void {
    const result = this.#bind(address);
    if (result < 0) throw this.error(`bind to address ${address} on`, "bind", result);
  }

  /** Binds the socket to no NAME and no address, until `rebind`. */
  release(): void {
    const result = this.#bind(J1939_NO_ADDR, 0n);
    if (result < 0) throw this.error("unbind from the NAME on", "bind", result);
  }

  /** Sets what is told of transfers, besides aborts of those that this socket sends. */
  follow(sending: boolean, receiving: boolean): void {
    followTransfers(this.settings, sending, receiving);
  }

  /** Replaces the filters, and drops what has been received under the older ones. */
  setFilters(filters: readonly RawJ1939Filter[]): void {
    // While nothing passes, emptying the buffer comes to an end.
    setJ1939Filters(this.settings, null);
    let message: J1939Message | number;
    do {
      message = this.#in.receive();
      if (typeof message === "number" && message !== -EAGAIN && message !== -EINTR) this.#receiveFailed(message);
    } while (message !== -EAGAIN && this.#kept === null);
    try {
      setJ1939Filters(this.settings, filters);
      this.#filters = filters;
    } catch (error) {
      setJ1939Filters(this.settings, this.#filters);
      throw error;
    }
  }

  /** Closes the socket; what waits to be sent is sent before, while the event loop goes on: see `closed`. */
  override close(): void {
    try {
      this.#looking.clear();
      this.readiness.stop();
    } finally {
      const closing = closeWhenSent({
        unsent: () => this.settings.unsentBytes,
        close: () => super.close(),
        keepAlive: true,
        timeoutError: () => this.error("close", "close", -ETIME, HELD),
      });
      if (closing !== null) {
        this.closed = closing;
        closing.catch((error) => this.#options.logger?.warn(`${error}`));
      }
    }
  }

  #bind(address: number, name = this.#options.name ?? 0n): number {
    return this.libc.bind(this.fd, encodeJ1939Address(this.#index, { name, pgn: J1939_NO_PGN, address }));
  }

  /** Takes reports; returns whether there can be no others, as nothing waits to be sent. */
  settle(): boolean {
    const settled = !this.waiting;
    this.#takeReports();
    return settled;
  }

  protected override ready(failure?: Error): void {
    if (failure) this.#listener?.onFailure(failure);
    else if (this.readiness.errorQueue) {
      this.#takeReports();
      this.#takeError();
    }
    super.ready(failure);
  }

  /** Takes the error of the socket itself, which else wakes who waits for reports until somebody receives or sends. */
  #takeError(): void {
    try {
      const error = this.settings.takeError();
      if (error < 0) this.#receiveFailed(error);
    } catch (error) {
      this.#keep(this.#kept ?? error as Error);
    }
  }

  /** Takes what the error queue tells. */
  #takeReports(): void {
    for (;;) {
      const report = this.#reports.read();
      if (report === -EAGAIN) return;
      if (typeof report === "number") {
        if (report === -EINTR) continue;
        return this.#keep(this.error("read the error queue of", "recvmmsg", report));
      }
      if (report === null) continue;
      const { direction, step, number, errno } = report;
      const told = direction === "send" && step === "aborted" && this.#out.failed(number, errno);
      const error = this.#listener?.onReport(report, told) ?? null;
      if (error !== null) this.#keep(this.#kept ?? error);
    }
  }

  #receiveFailed(result: number): void {
    if (result === -ENETDOWN) {
      this.#down = true;
      this.#look();
    }
    const advice = result === -EMSGSIZE ? `a message of more than ${LONGEST} bytes came, and is lost` : undefined;
    this.#keep(this.#kept ?? this.error("receive from", "recvmmsg", result, advice));
  }

  /** Keeps an error for the next receive, and sees to it that who waits receives. */
  #keep(error: Error | null): void {
    this.#kept = error;
    this.readiness.hasQueued = error !== null;
  }

  /** Looks whether the link is up again, or its interface is gone. */
  #look(): void {
    const name = interfaceName(this.libc, this.fd, this.#index);
    if (name === -ENODEV) {
      this.#gone = true;
      this.readiness.hasQueued = true; // there will be no other
    } else if (typeof name === "string" && interfaceIsUp(this.libc, this.fd, name)) this.#down = false;
  }

  #sendError(message: J1939MessageInit, result: number): Error {
    const { channel } = this.#options;
    if (result === -EBADFD && !this.#gone) {
      this.#down = true;
      this.#look();
    }
    const missing = result === -ENODEV || result === -EBADFD;
    if (this.#gone && missing) return this.error("send to", "sendmmsg", -ENODEV);
    return j1939SendError(channel, this.#options.name !== null, message, result);
  }
}
