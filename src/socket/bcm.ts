/**
 * A socket of the kernel's broadcast manager.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanInitializationError, CanOperationError } from "../errors.ts";
import {
  BCM_MSG_HEAD_SIZE,
  type BcmHead,
  CAN_FD_FRAME,
  encodeBcmHead,
  type RX_READ,
  RX_STATUS,
  STARTTIMER,
  TX_EXPIRED,
  TX_READ,
  TX_SETUP,
  TX_STATUS,
} from "../kernel/bcm.ts";
import { AF_CAN, CAN_BCM, CANFD_MTU, encodeAddress, SOCKADDR_CAN_SIZE } from "../kernel/can.ts";
import { EAGAIN, EINTR, EINVAL, EMSGSIZE, ENETDOWN, ENODEV, ENOTCONN, EPROTONOSUPPORT } from "../kernel/errno.ts";
import { isInterfaceName } from "../kernel/if.ts";
import {
  SO_TIMESTAMPNS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  TIMESTAMPNS_SPACE,
} from "../kernel/socket.ts";
import { copyFrame, type Message } from "../message.ts";
import type { Logger } from "../options.ts";
import { type BcmReport, decodeReport, frameSize } from "./bcm_report.ts";
import { Datagram } from "./datagram.ts";
import { canInterfaces, findCanInterface, interfaceIndex, interfaceIsDown } from "./interfaces.ts";
import { InterfaceNames } from "./interface_names.ts";
import { messageAdvice } from "./mtu.ts";
import { Readiness } from "./readiness.ts";
import type { OnReady, Source } from "./socket.ts";
import { SocketOptions, u32 } from "./socket_options.ts";
import { type Fail, systemError } from "./system_error.ts";

/** Frames that one TX_SETUP takes; RX_SETUP takes one more, which says where the others differ. */
export const MAX_NFRAMES = 256;
/** The longest interval that the kernel takes, in seconds: 400 days. */
export const BCM_TIMER_SEC_MAX = 400 * 24 * 60 * 60;

const MOST_BYTES = BCM_MSG_HEAD_SIZE + (MAX_NFRAMES + 1) * CANFD_MTU;

/** Errors that a socket tells in a row, at the most: each is told once. */
const MOST_ERRORS = 8;

const GONE = "the interface is gone: close this, and open a new one when it is back";

/** Where frames leave. */
export interface BcmTarget {
  readonly channel: string;
  /** The interface's index, on a socket that is open for all; else 0. It stays the same when the interface is renamed. */
  readonly index: number;
}

/** What the socket is opened with. */
export interface BcmSettings {
  /** The interface's name; `""` is every CAN interface. */
  readonly channel: string;
  readonly receiveBuffer?: number;
  readonly logger?: Logger;
}

/** CAN_BCM over a libc. */
export class KernelBcm<In> implements Source<In> {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #channel: string;
  readonly #take: (report: BcmReport) => In | null;
  readonly #settings: SocketOptions;
  readonly #readiness: Readiness;
  readonly #names: InterfaceNames;
  /** To and from the kernel: one message at a time. */
  readonly #datagram: Datagram;
  readonly #words: Uint32Array;
  readonly #logger: Logger | undefined;
  readonly #default: BcmTarget;
  #open = false;
  /** Whether the last receive found the end of what was there. */
  #empty = false;
  /** What came before the answer to a question: for the next receive. */
  #aside: BcmReport[] = [];
  /** `-errno` for the next receive. */
  #pending = 0;

  /**
   * Opens and connects a socket.
   *
   * @param take What becomes of a report; null for nothing.
   * @throws {CanInitializationError} With the step that failed and what to do. No descriptor is left open.
   * @throws {CanInterfaceNotImplementedError} The kernel has no SocketCAN, or no broadcast manager.
   */
  constructor(libc: Libc, settings: BcmSettings, onReady: OnReady, take: (report: BcmReport) => In | null) {
    const { channel } = settings;
    this.#libc = libc;
    this.#channel = channel;
    this.#take = take;
    this.#logger = settings.logger;
    this.#default = { channel, index: 0 };
    const fd = this.fd = libc.socket(AF_CAN, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, CAN_BCM);
    if (fd < 0) {
      const advice = fd === -EPROTONOSUPPORT ? `load the module with "sudo modprobe can-bcm"` : undefined;
      throw systemError(CanInitializationError, "open a CAN_BCM socket", "socket", fd, channel, advice);
    }
    try {
      const fail: Fail = (...failure) => this.#error(...failure);
      const index = channel === "" ? 0 : findCanInterface(libc, fd, channel);
      this.#readiness = new Readiness(libc, fd, onReady, fail);
      this.#names = new InterfaceNames(libc, fd);
      this.#settings = new SocketOptions(libc, fd, settings.logger, fail);
      this.#settings.setBuffers(settings);
      this.#settings.set("SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
      this.#datagram = new Datagram(libc, fd, {
        name: SOCKADDR_CAN_SIZE,
        control: TIMESTAMPNS_SPACE,
        data: MOST_BYTES,
      });
      const { buffer, byteOffset, byteLength } = this.#datagram.data;
      this.#words = new Uint32Array(buffer, byteOffset, byteLength >> 2);
      const connected = libc.connect(fd, encodeAddress(index));
      if (connected < 0) throw fail("connect a CAN_BCM socket to", "connect", connected);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
    this.#open = true;
  }

  get droppedFrames(): number {
    return this.#settings.drops;
  }

  get receiveBuffer(): number {
    return this.#settings.receiveBuffer;
  }

  get idle(): boolean {
    return this.#empty && this.#pending === 0 && this.#aside.length === 0 && this.#readiness.watched;
  }

  receive(into: In[], from: number, max: number): number {
    this.#names.refresh();
    this.#empty = false;
    let count = 0;
    // What came before the interface went is there behind the error.
    while (count < max && (this.#pending === 0 || this.#pending === -ENODEV)) {
      const report = this.#aside.shift() ?? this.#next();
      if (report === null) break;
      const item = this.#take(report);
      if (item !== null) into[from + count++] = item;
    }
    this.#tell();
    if (from + count > 0 || this.#pending === 0) return count;
    const error = this.#pending;
    if (error !== -ENODEV) this.#pending = 0;
    this.#tell();
    throw this.#error("receive from", "recvmmsg", error);
  }

  waitReadable(seconds: number): void {
    this.#readiness.waitReadable(seconds);
  }

  arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    this.#readiness.arm(readable, writable, keepAlive);
  }

  close(): void {
    this.#readiness.close();
  }

  /**
   * An interface to send to.
   *
   * @param channel Its name, on a socket that is open for all.
   * @throws {CanOperationError} There is none of that name.
   */
  target(channel: string | null): BcmTarget {
    if (this.#channel !== "" || channel === null) return this.#default;
    const index = isInterfaceName(channel) ? interfaceIndex(this.#libc, this.fd, channel) : -ENODEV;
    if (index < 0) throw this.#error("find", "ioctl", index, undefined, channel);
    return { channel, index };
  }

  /**
   * Has the broadcast manager do something.
   *
   * @param action What, for an error's text.
   * @throws {CanOperationError} It refuses, or the interface is gone; or, where frames are to leave, is down or cannot
   * carry them: the kernel itself says nothing of that.
   */
  command(action: string, head: BcmHead, messages: readonly Message[] = [], target: BcmTarget = this.#default): void {
    if (head.opcode === TX_SETUP && (head.flags ?? 0) & STARTTIMER) this.#assertCarries(action, messages, target);
    const result = this.#send(head, messages, target);
    if (result < 0) throw this.#error(`${action} on`, "sendmmsg", result, undefined, target.channel);
    const { flags = 0, count = 0, ival1 = 0, ival2 = 0, canId } = head;
    this.#logger?.debug(
      `${action} on "${target.channel}": 0x${canId.toString(16)}, flags 0x${flags.toString(16)}, count ${count}, ` +
        `${ival1 / 1e6} s, ${ival2 / 1e6} s${messages.map((message) => `; ${message}`).join("")}`,
    );
  }

  /** Ends something; returns whether there was such: there is none where the interface is gone. */
  erase(action: string, head: BcmHead, target: BcmTarget = this.#default): boolean {
    const result = this.#send(head, [], target);
    if (result === -EINVAL || result === -ENODEV) return false;
    if (result < 0) throw this.#error(`${action} on`, "sendmmsg", result, undefined, target.channel);
    this.#logger?.debug(`${action} on "${target.channel}": 0x${head.canId.toString(16)}`);
    return true;
  }

  /** Drops what has come for a subscription: it would be taken for its successor's. */
  drop({ canId, flags = 0 }: Pick<BcmHead, "canId" | "flags">): void {
    for (let report = this.#next(); report !== null; report = this.#next()) this.#aside.push(report);
    this.#aside = this.#aside.filter(({ head }) =>
      head.opcode === TX_EXPIRED || head.canId !== canId || (head.flags ^ flags) & CAN_FD_FRAME
    );
    this.#tell();
  }

  /** What the kernel holds under an identifier, or null if that is nothing. */
  read(
    action: string,
    opcode: typeof TX_READ | typeof RX_READ,
    { canId, flags = 0 }: Pick<BcmHead, "canId" | "flags">,
    target: BcmTarget = this.#default,
  ): BcmReport | null {
    const answer = opcode === TX_READ ? TX_STATUS : RX_STATUS;
    // Twice: the first answer may have found the receive buffer full, which is empty afterwards.
    for (let tries = 0; tries < 2; tries++) {
      const result = this.#send({ opcode, canId, flags: flags & CAN_FD_FRAME }, [], target);
      if (result === -EINVAL) return null;
      if (result < 0) throw this.#error(`${action} on`, "sendmmsg", result, undefined, target.channel);
      for (let errors = 0; errors < MOST_ERRORS;) {
        const before = this.#pending;
        const report = this.#next();
        if (report?.head.opcode === answer) {
          this.#tell();
          return report;
        }
        if (report !== null) this.#aside.push(report);
        else if (this.#pending === before) break;
        else errors++;
      }
      this.#tell();
    }
    const { channel } = target;
    throw new CanOperationError(`Cannot ${action} on "${channel}": the kernel does not answer`, { channel });
  }

  /** The next that came, or null if there is no more now. What is no report becomes #pending. */
  #next(): BcmReport | null {
    for (let errors = 0; errors < MOST_ERRORS; errors++) {
      const length = this.#datagram.receive();
      if (length >= BCM_MSG_HEAD_SIZE) {
        return decodeReport(this.#datagram, length, (index) => this.#channel || this.#names.of(index));
      }
      this.#empty = length === -EAGAIN;
      if (length === -EAGAIN) return null;
      if (length >= 0 || length === -EINTR) continue; // no message of the broadcast manager
      this.#pending ||= length;
      if (length !== -ENODEV) return null;
    }
    return null;
  }

  /** 0 or more, or `-errno`. */
  #send(head: BcmHead, messages: readonly Message[], { index }: BcmTarget): number {
    const size = frameSize(head.flags ?? 0);
    encodeBcmHead(this.#datagram.data, { ...head, nframes: messages.length });
    messages.forEach((message, i) => copyFrame(message, size, this.#words, (BCM_MSG_HEAD_SIZE + i * size) >> 2));
    this.#datagram.name.set(encodeAddress(index));
    const result = this.#datagram.send(BCM_MSG_HEAD_SIZE + messages.length * size);
    return result === -ENOTCONN ? -ENODEV : result; // the kernel has forgotten the interface
  }

  /** The kernel takes what cannot leave, and says nothing when it is due. */
  #assertCarries(action: string, [first]: readonly Message[], { channel }: BcmTarget): void {
    const refuse = (errno: number, advice?: string) => this.#error(`${action} on`, "ioctl", -errno, advice, channel);
    const advice = messageAdvice(this.#libc, this.fd, channel, first);
    if (advice !== undefined) throw refuse(EMSGSIZE, advice);
    if (interfaceIsDown(this.#libc, this.fd, channel)) throw refuse(ENETDOWN);
  }

  /** Tells who waits that there is something the kernel does not tell of. */
  #tell(): void {
    this.#readiness.news = this.#pending !== 0 || this.#aside.length > 0;
  }

  #error(action: string, syscall: string, result: number, advice?: string, channel = this.#channel): Error {
    const Class = this.#open ? CanOperationError : CanInitializationError;
    const gone = this.#open && result === -ENODEV;
    const hint = advice ??
      (gone ? this.#channel === "" ? canInterfaces(this.#libc, this.fd) : GONE : undefined);
    return systemError(Class, `${action} "${channel}"`, syscall, result, channel, hint);
  }
}
