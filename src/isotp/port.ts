/**
 * An ISO-TP socket of the kernel.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { OnReady, Socket } from "../endpoint/source.ts";
import { CAN_ISOTP } from "../kernel/can.ts";
import { EAGAIN, EINTR, EINVAL, EMSGSIZE, ENETDOWN, ENOBUFS } from "../kernel/errno.ts";
import { encodeIsoTpAddress } from "../kernel/isotp.ts";
import { encodePollfd, POLLERR, pollfdEvents, POLLOUT, SOCK_DGRAM } from "../kernel/socket.ts";
import { findCanInterface, interfaceIsUp, interfaceMtu, mtuAdvice } from "../socket/interfaces.ts";
import { KernelSocket, type Protocol } from "../socket/kernel_socket.ts";
import { closeWhenSent } from "../socket/linger.ts";
import { isFailure } from "./errors.ts";
import type { FullIsoTpOptions } from "./options.ts";
import { Outcomes } from "./outcomes.ts";
import { bindAdvice, configureIsoTp, longestPdu } from "./settings.ts";

/** Most bytes of a PDU, whatever a kernel is told to allow; and one more, so that a longer one would be noticed. */
const ROOM = 1025 * 1024 + 1;

/** How often a PDU is offered to the kernel in a row, while errors that have nothing to do with it are in the way. */
const TRIES = 8;

const ISOTP: Protocol = {
  name: "CAN_ISOTP",
  number: CAN_ISOTP,
  type: SOCK_DGRAM,
  missing: `load the module with "sudo modprobe can-isotp" (in the kernel since Linux 5.10)`,
};

const noBytes = new Uint8Array(0);

/** Where every socket receives. The system gives only what has ever been written. */
let memory: Uint8Array | undefined;

/** CAN_ISOTP over a libc: the kernel sends one PDU at a time. */
export class IsoTpPort extends KernelSocket implements Socket<Uint8Array, Uint8Array> {
  readonly #options: FullIsoTpOptions;
  readonly #outcomes: Outcomes;
  readonly #pollfd: Uint8Array;
  /** Whether the last receive found the end of what was there. */
  #empty = false;
  /** Whether somebody waits to send, and whether waits keep the process alive. */
  #writing = false;
  #keepAlive = true;

  /**
   * Opens and binds a socket.
   *
   * @param onReady See `Source.arm`; with an error if waiting itself failed.
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
      () => this.#tellNews(),
    );
    this.#pollfd = encodePollfd(this.fd, POLLOUT);
    try {
      const index = findCanInterface(libc, this.fd, channel);
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
    memory ??= new Uint8Array(ROOM);
    let received = 0;
    this.#empty = false;
    while (received < max && !this.#outcomes.pending) {
      const result = this.libc.read(this.fd, memory);
      if (result === ROOM) this.#outcomes.keep(-EMSGSIZE);
      else if (result >= 0) into[from + received++] = memory.slice(0, result);
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
    // Whoever waits for its end comes back with the same PDU.
    return this.#options.waitTxDone ? this.send(pdus, from) : 1;
  }

  /** Whether that PDU is being sent, and its sender waits. */
  isSending(pdu: Uint8Array): boolean {
    return this.#outcomes.isSending(pdu);
  }

  /** That PDU's sender waits no more. */
  leave(pdu: Uint8Array): void {
    this.#outcomes.leave(pdu);
  }

  override arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    this.#writing = writable;
    this.#keepAlive = keepAlive;
    if (this.#outcomes.failed) this.#tellNews();
    super.arm(readable, writable, keepAlive);
  }

  /** The kernel's `close` waits until the PDU that is being sent has been sent, or given up; this one does not. */
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

  /** Who sends is told first of what was not sent. */
  #tellNews(): void {
    this.readiness.hasQueued = this.#outcomes.pending || (this.#outcomes.failed && !this.#writing);
  }

  /** Gives a PDU to the kernel; returns whether it took it. */
  #handOver(pdu: Uint8Array): boolean {
    const { waitTxDone, broadcast, singleFrame } = this.#options;
    for (let tries = 0; tries < TRIES; tries++) {
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
      } else if (!this.#isAnothers(result)) throw this.#sendError(pdu, result);
      this.#outcomes.throwToSender();
    }
    this.readiness.backOff();
    return false;
  }

  /** Whether an error of a send is about something else, so that it may be tried again. */
  #isAnothers(result: number): boolean {
    const { channel, mtu } = this.#options;
    if (result === -ENETDOWN) {
      // The socket tells it once: to a send, though it is news for who receives.
      const up = interfaceIsUp(this.libc, this.fd, channel);
      if (up || !this.#outcomes.downTold) this.#outcomes.keep(result);
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
      const advice = `this kernel takes ${longest} bytes at the most (since Linux 6.4, see max_pdu_size of can-isotp)`;
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
    // Older kernels (before 6.1.23) tell of room always.
    if (events & POLLOUT) this.readiness.backOff();
    return true;
  }

  /** What poll tells now, or `-errno`. */
  #events(): number {
    const result = this.libc.poll(this.#pollfd, 0);
    if (result > 0) return pollfdEvents(this.#pollfd);
    return result === -EINTR ? 0 : result;
  }

  #isIdle(events: number): boolean {
    // An empty PDU is invalid, but not before its turn has come.
    return (events & POLLOUT) !== 0 && this.libc.send(this.fd, noBytes, 0, 0) !== -EAGAIN;
  }

  /** What was being sent is through. */
  #settle(): void {
    this.#takeError();
    this.#outcomes.settle();
  }

  /** Takes the socket's error, if it has one. */
  #takeError(): void {
    const error = this.settings.takeError();
    if (error !== 0) this.#outcomes.sort(error, "send");
  }
}
