/**
 * The kernel's CAN_ISOTP socket.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { OnReady, Socket } from "../endpoint/source.ts";
import { CAN_ISOTP } from "../kernel/can.ts";
import { EAGAIN, EINTR, EINVAL, EMSGSIZE, ENETDOWN, ENOBUFS } from "../kernel/errno.ts";
import { encodeIsoTpAddress } from "../kernel/isotp.ts";
import { encodePollfd, POLLERR, pollfdEvents, POLLOUT, SOCK_DGRAM } from "../kernel/socket.ts";
import { SendGuard } from "../link/listen_only.ts";
import { findCanInterface, interfaceIsUp, interfaceMtu, mtuAdvice } from "../socket/interfaces.ts";
import { KernelSocket, type Protocol } from "../socket/kernel_socket.ts";
import { closeWhenSent } from "../socket/linger.ts";
import { isFailure } from "./errors.ts";
import type { FullIsoTpOptions } from "./options.ts";
import { Outcomes } from "./outcomes.ts";
import { bindAdvice, configureIsoTp, longestPdu } from "./settings.ts";

/** The longest PDU of any kernel's `max_pdu_size`, in bytes, and one more, so that a longer one would be noticed. */
const RECEIVE_SIZE = 1025 * 1024 + 1;

/** How often a send is tried in a row, while it returns errors that do not concern its PDU. */
const MAX_TRIES = 8;

const ISOTP: Protocol = {
  name: "CAN_ISOTP",
  number: CAN_ISOTP,
  type: SOCK_DGRAM,
  missing: `load the module with "sudo modprobe can-isotp" (in the kernel since Linux 5.10)`,
};

const noBytes = new Uint8Array(0);

/** The receive buffer of all sockets. Pages that were never written take no memory. */
let receiveMemory: Uint8Array | undefined;

/** A CAN_ISOTP socket over a libc. The kernel sends one PDU at a time. */
export class IsoTpPort extends KernelSocket implements Socket<Uint8Array, Uint8Array> {
  readonly #options: FullIsoTpOptions;
  readonly #outcomes: Outcomes;
  readonly #guard: SendGuard;
  readonly #pollfd: Uint8Array;
  /** Whether the last receive emptied the receive buffer. */
  #empty = false;
  /** Whether a send is pending. */
  #writing = false;
  /** Whether pending waits keep the process alive. */
  #keepAlive = true;

  /**
   * Opens and binds a socket.
   *
   * @param onReady See `Source.arm`; called with an error if waiting itself failed.
   * @throws {CanInitializationError} With the step that failed and what to do. No descriptor is left open.
   * @throws {CanInterfaceNotImplementedError} The kernel has no ISO-TP.
   */
  constructor(libc: Libc, options: FullIsoTpOptions, onReady: OnReady) {
    super(libc, ISOTP, options, onReady);
    const { channel, rxWord, txWord } = options;
    this.#options = options;
    this.#outcomes = new Outcomes(
      channel,
      options.checksPadding,
      () => this.#isIdle(this.#events()),
      () => this.#updateReadiness(),
      () => this.#guard.linkWentDown(),
    );
    this.#pollfd = encodePollfd(this.fd, POLLOUT);
    try {
      const index = findCanInterface(libc, this.fd, channel);
      this.#guard = new SendGuard(libc, index);
      configureIsoTp(this.settings, options);
      const bound = libc.bind(this.fd, encodeIsoTpAddress(index, rxWord, txWord));
      if (bound < 0) {
        throw this.error("bind a CAN_ISOTP socket to", "bind", bound, bindAdvice(libc, this.fd, options, bound));
      }
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
    this.opened = true;
  }

  get idle(): boolean {
    return this.#empty && !this.#outcomes.pending && !this.#outcomes.failed && this.readiness.watched;
  }

  receive(into: Uint8Array[], from: number, max: number): number {
    receiveMemory ??= new Uint8Array(RECEIVE_SIZE);
    let received = 0;
    this.#empty = false;
    while (received < max && !this.#outcomes.pending) {
      const result = this.libc.read(this.fd, receiveMemory);
      if (result === RECEIVE_SIZE) this.#outcomes.keep(-EMSGSIZE);
      else if (result >= 0) into[from + received++] = receiveMemory.slice(0, result);
      else if (result === -EAGAIN || result === -EINTR) {
        this.#empty = result === -EAGAIN;
        break;
      } else this.#outcomes.sort(result, "receive");
    }
    if (received === 0) this.#outcomes.throwToReceiver(this.#writing);
    else this.#outcomes.received();
    return received;
  }

  send(pdus: readonly Uint8Array[], from: number): number {
    const pdu = pdus[from];
    if (this.#outcomes.isSending(pdu) && !this.#isBusy()) this.#settle();
    if (this.#outcomes.isSent(pdu)) return 1;
    if (this.#outcomes.isSending(pdu)) return 0;
    this.#outcomes.throwToSender();
    if (!this.#handOver(pdu)) return 0;
    // A send that waits for the end calls again with the same PDU.
    return this.#options.waitTxDone ? this.send(pdus, from) : 1;
  }

  /** See `Outcomes.isSending`. */
  isSending(pdu: Uint8Array): boolean {
    return this.#outcomes.isSending(pdu);
  }

  /** See `Outcomes.leave`. */
  leave(pdu: Uint8Array): void {
    this.#outcomes.leave(pdu);
  }

  override arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    this.#writing = writable;
    this.#keepAlive = keepAlive;
    if (this.#outcomes.failed) this.#updateReadiness();
    super.arm(readable, writable, keepAlive);
  }

  /** Closes without blocking; the kernel's `close` blocks until the present PDU has been sent, or given up. */
  override close(): void {
    try {
      this.readiness.stop();
    } finally {
      const closing = closeWhenSent({
        unsent: () => Number(this.#isBusy()),
        close: () => super.close(),
        keepAlive: this.#keepAlive,
      });
      closing?.catch((error) => this.#options.logger?.warn(`${error}`));
    }
  }

  /** A pending send has precedence for the error of a PDU. */
  #updateReadiness(): void {
    this.readiness.hasQueued = this.#outcomes.pending || (this.#outcomes.failed && !this.#writing);
  }

  /** Hands a PDU to the kernel; returns whether the kernel took it. */
  #handOver(pdu: Uint8Array): boolean {
    const { waitTxDone, broadcast, singleFrame } = this.#options;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      this.#guard.check("send to", this.channel);
      const result = this.libc.send(this.fd, pdu, pdu.length, 0);
      if (result >= 0 || result === -EINTR) this.readiness.reset();
      if (result === -EINTR) return false;
      if (result >= 0) {
        this.#outcomes.handedOver(pdu, waitTxDone, pdu.length > singleFrame && !broadcast);
        return true;
      }
      if (result === -ENOBUFS) break;
      if (result === -EAGAIN) {
        if (this.#isBusy()) return false;
        this.#settle();
      } else if (!this.#isUnrelated(result)) throw this.#sendError(pdu, result);
      this.#outcomes.throwToSender();
    }
    this.readiness.backOff();
    return false;
  }

  /** Whether an error of a send does not concern its PDU, so that it may be tried again. */
  #isUnrelated(result: number): boolean {
    const { channel, mtu } = this.#options;
    if (result === -ENETDOWN) {
      // The socket returns it once, to this send, though receives must report it.
      const up = interfaceIsUp(this.libc, this.fd, channel);
      this.#guard.linkWentDown();
      if (up || !this.#outcomes.downReported) this.#outcomes.keep(result);
      return up;
    }
    if (!isFailure("send", result) && !isFailure("receive", result)) return false;
    const actual = result === -EMSGSIZE ? interfaceMtu(this.libc, this.fd, channel) : -1;
    if (actual >= 0 && actual < mtu) return false;
    this.#outcomes.sort(result, "send");
    return true;
  }

  #sendError(pdu: Uint8Array, result: number): Error {
    const { channel } = this.#options;
    if (result === -EMSGSIZE) {
      const mtu = interfaceMtu(this.libc, this.fd, channel);
      return this.error("send to", "send", result, mtuAdvice(channel, mtu, "FD"));
    }
    const longest = result === -EINVAL ? longestPdu(this.libc, this.fd, pdu.length) : 0;
    if (longest > 0 && longest < pdu.length) {
      const advice =
        `this kernel takes at most ${longest} bytes (since Linux 6.4 the module can-isotp has a parameter max_pdu_size)`;
      return this.error(`send ${pdu.length} bytes to`, "send", -EMSGSIZE, advice);
    }
    return this.#outcomes.sendError(result);
  }

  /** Whether a PDU is being sent. */
  #isBusy(): boolean {
    const events = this.#events();
    if (events < 0) throw this.error("wait for", "poll", events);
    if (events & POLLERR) this.#takeError();
    this.readiness.reset();
    if (this.#isIdle(events)) return false;
    // Before Linux 6.1.23 poll always reports room.
    if (events & POLLOUT) this.readiness.backOff();
    return true;
  }

  /** The events that poll returns now, or `-errno`. */
  #events(): number {
    const result = this.libc.poll(this.#pollfd, 0);
    if (result > 0) return pollfdEvents(this.#pollfd);
    return result === -EINTR ? 0 : result;
  }

  #isIdle(events: number): boolean {
    // An empty PDU is invalid, but the kernel reports EAGAIN first if another is being sent.
    return (events & POLLOUT) !== 0 && this.libc.send(this.fd, noBytes, 0, 0) !== -EAGAIN;
  }

  /** The PDU was sent, or has failed. */
  #settle(): void {
    this.#takeError();
    this.#outcomes.settle();
  }

  /** Takes the socket's stored error, if there is one. */
  #takeError(): void {
    const error = this.settings.takeError();
    if (error !== 0) this.#outcomes.sort(error, "send");
  }
}
