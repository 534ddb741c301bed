/**
 * An ISO-TP socket of the kernel.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanOperationError } from "../errors.ts";
import type { FullIsoTpOptions } from "../isotp_options.ts";
import {
  EADDRNOTAVAIL,
  EAGAIN,
  EBADMSG,
  EINTR,
  EINVAL,
  EMSGSIZE,
  ENETDOWN,
  ENOBUFS,
  ENODEV,
  ENXIO,
} from "../kernel/errno.ts";
import { encodePollfd, POLLERR, pollfdEvents, POLLOUT, SO_ERROR, SOL_SOCKET } from "../kernel/socket.ts";
import { setKeepAlive } from "../turn.ts";
import { interfaceIsUp, interfaceMtu, mtuAdvice } from "./interfaces.ts";
import { type Direction, isFailure, isoTpError } from "./isotp_error.ts";
import { longestPdu, openIsoTp } from "./isotp_open.ts";
import { Readiness } from "./readiness.ts";
import type { OnReady, Socket } from "./socket.ts";
import { SocketOptions } from "./socket_options.ts";
import { type Fail, systemError } from "./system_error.ts";

/** Most bytes of a PDU, whatever a kernel is told to allow; and one more, so that a longer one would be noticed. */
const ROOM = 1025 * 1024 + 1;

/** How often a PDU is offered to the kernel in a row, while errors that have nothing to do with it are in the way. */
const TRIES = 8;

/** Milliseconds between two looks whether a closed socket's last PDU has been sent. */
const LINGER = 10;

const GONE = "the interface is gone: close this socket, and open a new one when it is back";

const noBytes = new Uint8Array(0);

/** Where every socket receives: what it takes of the memory is only what has ever been written. */
let memory: Uint8Array | undefined;

/**
 * CAN_ISOTP over a libc.
 *
 * The kernel sends one PDU at a time, and has one place for the errors of both directions, which it gives to the next
 * call whatever that is. Here they are sorted.
 */
export class KernelIsoTpSocket implements Socket<Uint8Array, Uint8Array> {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #options: FullIsoTpOptions;
  readonly #settings: SocketOptions;
  readonly #readiness: Readiness;
  readonly #pollfd: Uint8Array;
  readonly #fail: Fail;
  /** Whether the last receive found the end of what was there. */
  #empty = false;
  /** `-errno` for the next receive. */
  #pending = 0;
  /** `-errno` of a PDU whose sender has not waited, for the next call. */
  #failed = 0;
  /** The PDU that is being sent, if its sender waits. */
  #sent: Uint8Array | null = null;
  /** What became of PDUs whose senders wait: 0 or `-errno`. */
  readonly #outcomes = new WeakMap<Uint8Array, number>();
  /** Whether the PDU that was handed over last needs flow control, and has not been seen to be through. */
  #segmented = false;
  /** Whether who receives has been told that the interface is down, or will be. */
  #downTold = false;
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
    this.#libc = libc;
    this.#options = options;
    const { channel, logger } = options;
    this.fd = openIsoTp(libc, options);
    this.#fail = (action, syscall, result, advice) =>
      systemError(CanOperationError, `${action} "${channel}"`, syscall, result, channel, advice);
    this.#settings = new SocketOptions(libc, this.fd, logger, this.#fail);
    this.#readiness = new Readiness(libc, this.fd, onReady, this.#fail);
    this.#pollfd = encodePollfd(this.fd, POLLOUT);
  }

  get droppedFrames(): number {
    return this.#settings.drops;
  }

  get receiveBuffer(): number {
    return this.#settings.receiveBuffer;
  }

  get sendBuffer(): number {
    return this.#settings.sendBuffer;
  }

  get idle(): boolean {
    return this.#empty && this.#pending === 0 && this.#failed === 0 && this.#readiness.watched;
  }

  receive(into: Uint8Array[], from: number, max: number): number {
    memory ??= new Uint8Array(ROOM);
    let received = 0;
    this.#empty = false;
    while (received < max && this.#pending === 0) {
      const result = this.#libc.read(this.fd, memory);
      if (result === ROOM) this.#keep(-EMSGSIZE);
      else if (result >= 0) {
        into[from + received++] = memory.slice(0, result);
        this.#downTold = false;
      } else if (result === -EAGAIN || result === -EINTR) {
        this.#empty = result === -EAGAIN;
        break;
      } else this.#sort(result, "receive");
    }
    if (received === 0) this.#throwKept();
    return received;
  }

  send(pdus: readonly Uint8Array[], from: number): number {
    const pdu = pdus[from];
    if (this.#sent === pdu && !this.#isBusy()) this.#settle();
    const outcome = this.#outcomes.get(pdu);
    if (outcome === 0) return 1;
    if (outcome !== undefined) throw isoTpError("send", outcome, this.#options.channel);
    if (this.#sent === pdu) return 0;
    if (this.#failed !== 0) throw this.#takeFailure(", and this one was not sent");
    if (!this.#handOver(pdu)) return 0;
    // Whoever waits for its end comes back with the same PDU.
    return this.#options.waitTxDone ? this.send(pdus, from) : 1;
  }

  /** Whether that PDU is being sent, for a sender that waits. */
  isSending(pdu: Uint8Array): boolean {
    return this.#sent === pdu;
  }

  waitReadable(seconds: number): void {
    this.#readiness.waitReadable(seconds);
  }

  waitWritable(seconds: number): void {
    this.#readiness.waitWritable(seconds);
  }

  arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    this.#writing = writable;
    this.#keepAlive = keepAlive;
    this.#readiness.arm(readable, writable, keepAlive);
  }

  /** The kernel's `close` waits until the PDU that is being sent has been sent, or given up; this one does not. */
  close(): void {
    let busy = false;
    try {
      busy = this.#isBusy();
    } finally {
      if (busy) {
        this.#readiness.stop();
        this.#linger();
      } else this.#readiness.close();
    }
  }

  #linger(): void {
    const timer = setTimeout(() => {
      const events = this.#events();
      if (events >= 0 && !this.#isIdle(events)) this.#linger();
      else this.#libc.close(this.fd);
    }, LINGER);
    setKeepAlive(timer, this.#keepAlive);
  }

  /** Gives a PDU to the kernel; returns whether it took it. */
  #handOver(pdu: Uint8Array): boolean {
    for (let tries = 0; tries < TRIES; tries++) {
      const result = this.#libc.send(this.fd, pdu, pdu.length, 0);
      if (result >= 0) {
        this.#handedOver(pdu);
        return true;
      }
      if (result === -EINTR) {
        this.#readiness.reset();
        return false;
      }
      if (result === -ENOBUFS) break;
      if (result === -EAGAIN) {
        if (this.#isBusy()) return false;
        this.#settle();
      } else if (!this.#isAnothers(result)) throw this.#sendError(pdu, result);
    }
    this.#readiness.backOff();
    return false;
  }

  #handedOver(pdu: Uint8Array): void {
    const { waitTxDone, broadcast, singleFrame } = this.#options;
    this.#readiness.reset();
    this.#downTold = false;
    this.#segmented = pdu.length > singleFrame && !broadcast;
    // The kernel would have told the failure of the PDU before.
    if (this.#sent !== null) this.#outcomes.set(this.#sent, 0);
    this.#sent = waitTxDone ? pdu : null;
  }

  /** Whether an error of a send is about something else, so that it may be tried again. */
  #isAnothers(result: number): boolean {
    const { channel, mtu } = this.#options;
    if (result === -ENETDOWN) {
      // The socket tells it once: to a send, though it is news for who receives.
      const up = interfaceIsUp(this.#libc, this.fd, channel);
      if (up || !this.#downTold) this.#keep(result);
      return up;
    }
    if (!isFailure("send", result) && !isFailure("receive", result)) return false;
    if (result === -EMSGSIZE && interfaceMtu(this.#libc, this.fd, channel) < mtu) return false;
    this.#sort(result, "send");
    return this.#failed === 0;
  }

  #sendError(pdu: Uint8Array, result: number): Error {
    const { channel, mtu } = this.#options;
    if (this.#failed !== 0) return this.#takeFailure(", and this one was not sent");
    if (isGone(result)) return isoTpError("send", -ENODEV, channel, GONE);
    if (result === -EMSGSIZE) {
      const actual = interfaceMtu(this.#libc, this.fd, channel);
      return this.#fail("send to", "send", result, actual < mtu ? mtuAdvice(channel, actual, "FD") : undefined);
    }
    if (result === -EINVAL) {
      const longest = longestPdu(this.#libc, this.fd, pdu.length);
      if (longest > 0 && longest < pdu.length) {
        const advice =
          `this kernel takes ${longest} bytes at the most (since Linux 6.4, see max_pdu_size of can-isotp)`;
        return this.#fail(`send ${pdu.length} bytes to`, "send", -EMSGSIZE, advice);
      }
    }
    return isoTpError("send", result, channel);
  }

  /** Whether a PDU is being sent. */
  #isBusy(): boolean {
    const events = this.#events();
    if (events < 0) throw this.#fail("wait for", "poll", events);
    if (events & POLLERR) this.#takeError();
    this.#readiness.reset();
    if (this.#isIdle(events)) return false;
    // Older kernels (before 6.1.23) tell of room always.
    if (events & POLLOUT) this.#readiness.backOff();
    return true;
  }

  /** What poll tells now, or `-errno`. */
  #events(): number {
    const result = this.#libc.poll(this.#pollfd, 0);
    if (result > 0) return pollfdEvents(this.#pollfd);
    return result === -EINTR ? 0 : result;
  }

  #isIdle(events: number): boolean {
    // An empty PDU is invalid, but not before its turn has come.
    return (events & POLLOUT) !== 0 && this.#libc.send(this.fd, noBytes, 0, 0) !== -EAGAIN;
  }

  /** What was being sent is through. */
  #settle(): void {
    this.#takeError();
    this.#segmented = false;
    if (this.#sent === null) return;
    this.#outcomes.set(this.#sent, 0);
    this.#sent = null;
  }

  /** Takes the socket's error, if it has one. */
  #takeError(): void {
    const error = new Int32Array(1);
    const result = this.#libc.getsockopt(this.fd, SOL_SOCKET, SO_ERROR, new Uint8Array(error.buffer));
    if (result < 0) throw this.#fail("read SO_ERROR of", "getsockopt", result);
    if (error[0] !== 0) this.#sort(-error[0], "send");
  }

  /**
   * Keeps an error of the socket for whom it concerns.
   *
   * @param finder Whose call it came to.
   */
  #sort(result: number, finder: Direction): void {
    if (!isFailure("send", result)) this.#keep(result);
    else if (result === -EBADMSG && !this.#isSenders(finder)) this.#keep(result);
    else if (this.#sent === null) this.#failed = result;
    else {
      this.#outcomes.set(this.#sent, result);
      this.#sent = null;
    }
  }

  /** Whether a bad message was flow control, and no data: the kernel does not tell. */
  #isSenders(finder: Direction): boolean {
    if (!this.#segmented) return false;
    return this.#sent === null ? finder === "send" : this.#isIdle(this.#events());
  }

  /** Keeps an error for the next receive, and sees to it that who waits receives. */
  #keep(result: number): void {
    if (isGone(result)) {
      this.#pending = -ENODEV;
      if (this.#sent !== null) this.#outcomes.set(this.#sent, -ENODEV);
      this.#sent = null;
    } else this.#pending ||= result;
    this.#downTold ||= result === -ENETDOWN;
    this.#readiness.news = true;
  }

  #throwKept(): void {
    const { channel } = this.#options;
    const result = this.#pending;
    if (result !== 0) {
      this.#pending = 0;
      this.#readiness.news = false;
      throw isoTpError("receive", result, channel, result === -ENODEV ? GONE : undefined);
    }
    // Who waits to send is told.
    if (this.#failed !== 0 && !this.#writing) throw this.#takeFailure("");
  }

  /** @param besides What else is to be told. */
  #takeFailure(besides: string): Error {
    const result = this.#failed;
    this.#failed = 0;
    return isoTpError("send", result, this.#options.channel, `a PDU that was handed over before is lost${besides}`);
  }
}

/** Whether the interface is gone: the kernel has unbound the socket. */
function isGone(result: number): boolean {
  return result === -ENODEV || result === -ENXIO || result === -EADDRNOTAVAIL;
}
