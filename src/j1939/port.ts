/**
 * The kernel's J1939 socket (`CAN_J1939`).
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
import { SendGuard } from "../link/listen_only.ts";
import { findCanInterface, interfaceIsUp, interfaceName } from "../socket/interfaces.ts";
import { KernelSocket, type Protocol } from "../socket/kernel_socket.ts";
import { closeWhenSent } from "../socket/linger.ts";
import type { BackgroundWork } from "../socket/readiness.ts";
import { RetryTimer } from "../socket/retry_timer.ts";
import { j1939SendError } from "./errors.ts";
import { J1939Inbox, MAX_RECEIVED_BYTES } from "./inbox.ts";
import { destinationOf, type J1939Message, type J1939MessageInit } from "./message.ts";
import type { FullJ1939Options } from "./options.ts";
import { J1939Outbox } from "./outbox.ts";
import { J1939Reports, type TransferReport } from "./reports.ts";
import { configureJ1939, followTransfers, setJ1939Filters, setPriority } from "./settings.ts";

/** Seconds between two checks of a link that is down: the kernel does not notify the socket when its interface is removed. */
const LINK_CHECK = 1;

/** Why a socket cannot be closed yet, for an error text. */
const STUCK =
  "a message makes no progress, and the kernel drops it only when the link goes down; the descriptor stays open until then";

const J1939: Protocol = {
  name: "CAN_J1939",
  number: CAN_J1939,
  type: SOCK_DGRAM,
  missing: `load the module with "sudo modprobe can-j1939" (in the kernel since Linux 5.4)`,
};

/** Receives the notifications of a port. */
export interface J1939Listener {
  /** Called when the kernel has taken a message or its first part. Reports on it carry this number. */
  onBegun(number: number, message: J1939MessageInit): void;
  /**
   * Called with each report on a transfer.
   *
   * @param reported Whether the sender gets the error from its pending call.
   * @returns The error of the transfer, if nobody has got it yet.
   */
  onReport(report: TransferReport, reported: boolean): Error | null;
  /** Called when waiting for reports failed. */
  onFailure(failure: Error): void;
}

/** Claims the address of the NAME that a port sends from. */
export interface AddressSource {
  /** Whether an address is being claimed, so that messages wait. */
  readonly claiming: boolean;
  /**
   * Called when the kernel knows no address for the socket's NAME, or none for the destination's.
   *
   * @param destination The destination's NAME; 0 if the destination is not given by NAME.
   * @returns Null if an address is being claimed now, so that the message waits; else advice for the error text.
   */
  onNoAddress(destination: bigint): string | null;
}

/** A `CAN_J1939` socket over libc. */
export class J1939Port extends KernelSocket implements Socket<J1939Message, J1939MessageInit> {
  readonly #options: FullJ1939Options;
  readonly #listener: J1939Listener | null;
  readonly #index: number;
  readonly #in: J1939Inbox;
  readonly #out: J1939Outbox;
  readonly #reports: J1939Reports;
  readonly #linkTimer: RetryTimer;
  readonly #guard: SendGuard;
  /** Claims the address of the socket's NAME; null while nobody does. */
  addressSource: AddressSource | null = null;
  /** Whether the socket is not bound to its NAME, see `release`. */
  #released = false;
  #filters: readonly RawJ1939Filter[];
  /** Resolves when the descriptor is closed, which may be some time after the call of `close`. */
  closed: Promise<void> = Promise.resolve();
  /** Whether the last receive found the receive buffer empty. */
  #empty = false;
  /** An error to be thrown by the next receive. */
  #pendingError: Error | null = null;
  /** Whether the link was down when it was last checked. */
  #down = false;
  /** Whether the interface was removed. */
  #gone = false;

  /**
   * Opens and binds a socket. Filters and all other options are in force before the first message can arrive.
   *
   * @param address The address to bind to; 255 for none.
   * @param onReady See `Source.arm`; called with an error if waiting itself failed.
   * @throws {CanInitializationError} A system call failed: the error names the step and what to do. No descriptor is left
   * open.
   * @throws {CanInterfaceNotImplementedError} The kernel has no J1939.
   */
  constructor(
    libc: Libc,
    options: FullJ1939Options,
    address: number,
    onReady: OnReady,
    listener: J1939Listener | null = null,
  ) {
    super(libc, J1939, options, onReady);
    this.#options = options;
    this.#listener = listener;
    this.#filters = options.rawFilters;
    try {
      this.#index = findCanInterface(libc, this.fd, options.channel);
      this.#guard = new SendGuard(libc, this.#index);
      configureJ1939(this.settings, options);
      const bound = this.#bind(address);
      if (bound < 0) throw this.error("bind a CAN_J1939 socket to", "bind", bound);
      this.#linkTimer = new RetryTimer(() => this.ready());
      this.#in = new J1939Inbox(libc, this.fd);
      this.#reports = new J1939Reports(libc, this.fd);
      this.#out = new J1939Outbox(libc, this.fd, options.priority, {
        onBegun: (number, message) => this.#listener?.onBegun(number, message),
        setPriority: (priority) => setPriority(this.settings, priority),
        settle: () => this.settle(),
      });
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
    this.opened = true;
  }

  get idle(): boolean {
    return this.#empty && this.#pendingError === null && !this.#down && this.readiness.watched;
  }

  /** Whether the kernel still has something to send for this socket. */
  get waiting(): boolean {
    return this.settings.unsentBytes > 0;
  }

  /** A task that must continue while the thread is blocked in a call of this socket. */
  set background(work: BackgroundWork | null) {
    this.readiness.background = work;
  }

  /** Whether to read reports even while no receive or send is pending. Call `arm` after a change. */
  set watching(value: { readonly keepAlive: boolean } | null) {
    this.readiness.errorQueue = value;
  }

  /** Whether the link is up, as far as the socket knows. */
  get isUp(): boolean {
    if (this.#down) this.#checkLink();
    return !this.#down;
  }

  receive(into: J1939Message[], from: number, max: number): number {
    if (this.#down) this.#checkLink();
    this.#empty = false;
    let received = 0;
    while (this.#pendingError === null && received < max) {
      const message = this.#in.receive();
      if (typeof message !== "number") {
        into[from + received++] = message;
        continue;
      }
      this.#empty = message === -EAGAIN;
      if (this.#empty) this.#readReports();
      else if (message !== -EINTR) this.#receiveFailed(message);
      break;
    }
    if (from + received > 0) return received;
    const error = this.#pendingError;
    if (error !== null) {
      this.#setPendingError(null);
      throw error;
    }
    if (this.#gone && this.#empty) throw this.error("receive from", "recvmmsg", -ENODEV);
    return 0;
  }

  /** Sends one message. */
  send(messages: readonly J1939MessageInit[], from: number): number {
    const message = messages[from];
    if (!this.isUp) throw this.#sendError(message, this.#gone ? -ENODEV : -ENETDOWN);
    this.#guard.check("send to", this.channel);
    if (this.addressSource?.claiming && !this.#out.partial) {
      // The kernel would refuse the message, and log each refusal.
      this.readiness.backOff();
      return 0;
    }
    const { priority } = this.#options;
    let result = this.#released ? -EADDRNOTAVAIL : this.#out.send(message, priority);
    if (result === -ENETDOWN) {
      // The socket reports this once, here to a send, but it concerns the receiver. If the link is up again, the message
      // can be sent.
      this.#receiveFailed(result);
      if (this.isUp) {
        this.#guard.check("send to", this.channel);
        result = this.#out.send(message, priority);
      }
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
      case -EADDRNOTAVAIL: {
        const advice = this.addressSource?.onNoAddress(destinationOf(message).name);
        if (advice !== null) throw this.#sendError(message, result, advice);
        this.readiness.backOff();
        break;
      }
      default:
        throw this.#sendError(message, result);
    }
    this.#readReports(); // while there are any, poll returns at once, and would not wait for room
    return 0;
  }

  /** See `J1939Outbox.replace`. */
  replace(message: J1939MessageInit, by: J1939MessageInit): void {
    this.#out.replace(message, by);
  }

  override waitReadable(seconds: number): void {
    super.waitReadable(this.#down ? Math.min(seconds, LINK_CHECK) : seconds);
  }

  override arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    const checking = readable && this.#down;
    this.#linkTimer.set(checking ? performance.now() + 1000 * LINK_CHECK : Infinity, keepAlive);
    super.arm(readable, writable, keepAlive);
  }

  /** Binds the socket to another address. */
  rebind(address: number): void {
    const result = this.#bind(address);
    if (result < 0) throw this.error(`bind to address ${address} on`, "bind", result);
    this.#released = false;
  }

  /** Binds the socket to no NAME and no address, until `rebind`. It cannot send meanwhile. */
  release(): void {
    const result = this.#bind(J1939_NO_ADDR, 0n);
    if (result < 0) throw this.error("unbind from the NAME on", "bind", result);
    this.#released = true;
  }

  /** Sets which reports the kernel makes; see `followTransfers`. */
  follow(sending: boolean, receiving: boolean): void {
    followTransfers(this.settings, sending, receiving);
  }

  /** Replaces the filters, and drops the messages that were received under the previous ones. */
  setFilters(filters: readonly RawJ1939Filter[]): void {
    // Nothing passes meanwhile, so that emptying the receive buffer comes to an end.
    setJ1939Filters(this.settings, null);
    let message: J1939Message | number;
    do {
      message = this.#in.receive();
      if (typeof message === "number" && message !== -EAGAIN && message !== -EINTR) this.#receiveFailed(message);
    } while (message !== -EAGAIN && this.#pendingError === null);
    try {
      setJ1939Filters(this.settings, filters);
      this.#filters = filters;
    } catch (error) {
      setJ1939Filters(this.settings, this.#filters);
      throw error;
    }
  }

  /** Closes the socket once the kernel has sent what it has taken, while the event loop runs: see `closed`. */
  override close(): void {
    try {
      this.#linkTimer.clear();
      this.readiness.stop();
    } finally {
      const closing = closeWhenSent({
        unsent: () => this.settings.unsentBytes,
        close: () => super.close(),
        keepAlive: true,
        timeoutError: () => this.error("close", "close", -ETIME, STUCK),
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

  /** Reads all reports that have arrived; returns whether no others can follow, because nothing was left to send. */
  settle(): boolean {
    const settled = !this.waiting;
    this.#readReports();
    return settled;
  }

  protected override ready(failure?: Error): void {
    if (failure) this.#listener?.onFailure(failure);
    else if (this.readiness.errorQueue) {
      this.#readReports();
      this.#takeSocketError();
    }
    super.ready(failure);
  }

  /** Takes the socket's own error, which would otherwise wake a wait for reports again and again. */
  #takeSocketError(): void {
    try {
      const error = this.settings.takeError();
      if (error < 0) this.#receiveFailed(error);
    } catch (error) {
      this.#setPendingError(this.#pendingError ?? error as Error);
    }
  }

  /** Reads the error queue until it is empty. */
  #readReports(): void {
    for (;;) {
      const report = this.#reports.read();
      if (report === -EAGAIN) return;
      if (typeof report === "number") {
        if (report === -EINTR) continue;
        return this.#setPendingError(this.error("read the error queue of", "recvmmsg", report));
      }
      if (report === null) continue;
      const { direction, step, number, errno } = report;
      const reported = direction === "send" && step === "aborted" && this.#out.failed(number, errno);
      const error = this.#listener?.onReport(report, reported) ?? null;
      if (error !== null) this.#setPendingError(this.#pendingError ?? error);
    }
  }

  #receiveFailed(result: number): void {
    if (result === -ENETDOWN) {
      this.#down = true;
      this.#guard.linkWentDown();
      this.#checkLink();
    }
    const advice = result === -EMSGSIZE
      ? `a message of more than ${MAX_RECEIVED_BYTES} bytes arrived and was lost`
      : undefined;
    this.#setPendingError(this.#pendingError ?? this.error("receive from", "recvmmsg", result, advice));
  }

  /** Sets the error for the next receive, and wakes a pending one. */
  #setPendingError(error: Error | null): void {
    this.#pendingError = error;
    this.readiness.hasQueued = error !== null;
  }

  /** Checks whether the link is up again, or its interface was removed. */
  #checkLink(): void {
    const name = interfaceName(this.libc, this.fd, this.#index);
    if (name === -ENODEV) {
      this.#gone = true;
      this.readiness.hasQueued = true; // the kernel notifies the socket of nothing more
    } else if (typeof name === "string" && interfaceIsUp(this.libc, this.fd, name)) this.#down = false;
  }

  #sendError(message: J1939MessageInit, result: number, advice?: string): Error {
    const { channel } = this.#options;
    if (result === -EBADFD && !this.#gone) {
      this.#down = true;
      this.#guard.linkWentDown();
      this.#checkLink();
    }
    const unbound = result === -ENODEV || result === -EBADFD;
    if (this.#gone && unbound) return this.error("send to", "sendmmsg", -ENODEV);
    return j1939SendError(channel, this.#options.name !== null, message, result, advice);
  }
}
