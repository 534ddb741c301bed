/**
 * The kernel's CAN_BCM socket.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { Logger } from "../endpoint/options.ts";
import type { OnReady, Source } from "../endpoint/source.ts";
import { CanOperationError } from "../errors.ts";
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
import { CAN_BCM, CANFD_MTU, encodeAddress, SOCKADDR_CAN_SIZE } from "../kernel/can.ts";
import { EAGAIN, EINTR, EINVAL, EMSGSIZE, ENETDOWN, ENODEV, ENOTCONN } from "../kernel/errno.ts";
import { isInterfaceName } from "../kernel/if.ts";
import { SO_TIMESTAMPNS, SOCK_DGRAM, SOL_SOCKET, TIMESTAMPNS_SPACE } from "../kernel/socket.ts";
import { isListenOnly, listenOnlyError } from "../link/listen_only.ts";
import { copyFrame, type Message } from "../message/message.ts";
import { Datagram } from "../socket/datagram.ts";
import { InterfaceNames } from "../socket/interface_names.ts";
import { canInterfaces, findCanInterface, interfaceIndex, interfaceIsDown } from "../socket/interfaces.ts";
import { KernelSocket, MAX_ERRORS_IN_A_ROW, type Protocol, type SocketSettings } from "../socket/kernel_socket.ts";
import { messageAdvice } from "../socket/mtu.ts";
import { type BufferOptions, u32 } from "../socket/socket_options.ts";
import { MAX_NFRAMES } from "./limits.ts";
import { type BcmReport, decodeReport, frameSize } from "./report.ts";

/** The longest datagram: RX_SETUP with all its frames. */
const MAX_BYTES = BCM_MSG_HEAD_SIZE + (MAX_NFRAMES + 1) * CANFD_MTU;

const BCM: Protocol = {
  name: "CAN_BCM",
  number: CAN_BCM,
  type: SOCK_DGRAM,
  missing: `load the module with "sudo modprobe can-bcm"`,
};

/** The interface that frames are sent on. */
export interface BcmTarget {
  readonly channel: string;
  /** Its index on a socket for every interface, else 0. A rename does not change it. */
  readonly index: number;
}

/** Settings of the socket. */
export interface BcmSettings extends SocketSettings, Pick<BufferOptions, "receiveBuffer"> {}

/** A CAN_BCM socket over a libc. */
export class BcmPort<In> extends KernelSocket implements Source<In> {
  readonly #convert: (report: BcmReport) => In | null;
  readonly #names: InterfaceNames;
  /** The buffer for sending and receiving, one datagram at a time. */
  readonly #datagram: Datagram;
  readonly #words: Uint32Array;
  readonly #logger: Logger | undefined;
  readonly #default: BcmTarget;
  /** Whether the last receive emptied the receive buffer. */
  #empty = false;
  /** Reports that were received while waiting for an answer: for the next receive. */
  #aside: BcmReport[] = [];
  /** An error for the next receive, as `-errno`. */
  #pending = 0;

  /**
   * Opens and connects a socket.
   *
   * @param convert Makes a received item of a report; null drops it.
   * @throws {CanInitializationError} With the step that failed and what to do. No descriptor is left open.
   * @throws {CanInterfaceNotImplementedError} The kernel has no SocketCAN, or no broadcast manager.
   */
  constructor(libc: Libc, settings: BcmSettings, onReady: OnReady, convert: (report: BcmReport) => In | null) {
    super(libc, BCM, settings, onReady);
    const { channel } = settings;
    this.#convert = convert;
    this.#logger = settings.logger;
    this.#default = { channel, index: 0 };
    try {
      const index = channel === "" ? 0 : findCanInterface(libc, this.fd, channel);
      this.#names = new InterfaceNames(libc, this.fd);
      this.settings.setBuffers(settings);
      this.settings.set("SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
      this.#datagram = new Datagram(libc, this.fd, {
        name: SOCKADDR_CAN_SIZE,
        control: TIMESTAMPNS_SPACE,
        data: MAX_BYTES,
      });
      const { buffer, byteOffset, byteLength } = this.#datagram.data;
      this.#words = new Uint32Array(buffer, byteOffset, byteLength >> 2);
      const connected = libc.connect(this.fd, encodeAddress(index));
      if (connected < 0) throw this.error("connect a CAN_BCM socket to", "connect", connected);
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
    this.opened = true;
  }

  get idle(): boolean {
    return this.#empty && this.#pending === 0 && this.#aside.length === 0 && this.readiness.watched;
  }

  receive(into: In[], from: number, max: number): number {
    this.#names.refresh();
    this.#empty = false;
    let count = 0;
    // Reports from before the interface was removed are queued behind the error.
    while (count < max && (this.#pending === 0 || this.#pending === -ENODEV)) {
      const report = this.#aside.shift() ?? this.#next();
      if (report === null) break;
      const item = this.#convert(report);
      if (item !== null) into[from + count++] = item;
    }
    this.#updateReadiness();
    if (from + count > 0 || this.#pending === 0) return count;
    const error = this.#pending;
    if (error !== -ENODEV) this.#pending = 0;
    this.#updateReadiness();
    throw this.#error("receive from", "recvmmsg", error);
  }

  /**
   * The interface to send on.
   *
   * @param channel Its name, on a socket for every interface; otherwise ignored.
   * @throws {CanOperationError} There is no interface of that name.
   */
  target(channel: string | null): BcmTarget {
    if (this.channel !== "" || channel === null) return this.#default;
    const index = isInterfaceName(channel) ? interfaceIndex(this.libc, this.fd, channel) : -ENODEV;
    if (index < 0) throw this.#error("find", "ioctl", index, undefined, channel);
    return { channel, index };
  }

  /**
   * Sends a command to the broadcast manager.
   *
   * @param action The action, for an error's text.
   * @throws {CanOperationError} The kernel refuses, or the interface is gone; if frames are to be sent, also if it is down or
   * cannot carry them, which the kernel itself does not report.
   */
  command(action: string, head: BcmHead, messages: readonly Message[] = [], target: BcmTarget = this.#default): void {
    if (head.opcode === TX_SETUP && (head.flags ?? 0) & STARTTIMER) this.#assertCarries(action, messages, target);
    const result = this.#send(head, messages, target);
    if (result < 0) throw this.#error(`${action} on`, "sendmmsg", result, undefined, target.channel);
    const { flags = 0, count = 0, ival1 = 0, ival2 = 0, canId } = head;
    this.#logger?.debug?.(
      `${action} on "${target.channel}": 0x${canId.toString(16)}, flags 0x${flags.toString(16)}, count ${count}, ` +
        `${ival1 / 1e6} s, ${ival2 / 1e6} s${messages.map((message) => `; ${message}`).join("")}`,
    );
  }

  /** Deletes a subscription or transmission; returns whether it existed: none does when the interface is gone. */
  erase(action: string, head: BcmHead, target: BcmTarget = this.#default): boolean {
    const result = this.#send(head, [], target);
    if (result === -EINVAL || result === -ENODEV) return false;
    if (result < 0) throw this.#error(`${action} on`, "sendmmsg", result, undefined, target.channel);
    this.#logger?.debug?.(`${action} on "${target.channel}": 0x${head.canId.toString(16)}`);
    return true;
  }

  /** Drops the queued reports of a subscription: they would be taken for those of its successor. */
  drop({ canId, flags = 0 }: Pick<BcmHead, "canId" | "flags">): void {
    for (let report = this.#next(); report !== null; report = this.#next()) this.#aside.push(report);
    this.#aside = this.#aside.filter(({ head }) =>
      head.opcode === TX_EXPIRED || head.canId !== canId || (head.flags ^ flags) & CAN_FD_FRAME
    );
    this.#updateReadiness();
  }

  /** Reads what the kernel holds under a key; null if there is nothing. */
  read(
    action: string,
    opcode: typeof TX_READ | typeof RX_READ,
    { canId, flags = 0 }: Pick<BcmHead, "canId" | "flags">,
    target: BcmTarget = this.#default,
  ): BcmReport | null {
    const answer = opcode === TX_READ ? TX_STATUS : RX_STATUS;
    // Twice: the first answer may have been lost because the receive buffer, which is empty afterwards, was full.
    for (let tries = 0; tries < 2; tries++) {
      const result = this.#send({ opcode, canId, flags: flags & CAN_FD_FRAME }, [], target);
      if (result === -EINVAL) return null;
      if (result < 0) throw this.#error(`${action} on`, "sendmmsg", result, undefined, target.channel);
      for (let errors = 0; errors < MAX_ERRORS_IN_A_ROW;) {
        const before = this.#pending;
        const report = this.#next();
        if (report?.head.opcode === answer) {
          this.#updateReadiness();
          return report;
        }
        if (report !== null) this.#aside.push(report);
        else if (this.#pending === before) break;
        else errors++;
      }
      this.#updateReadiness();
    }
    const { channel } = target;
    throw new CanOperationError(`Cannot ${action} on "${channel}": the kernel does not answer; try again`, { channel });
  }

  /** The next report, or null if there are no more now. An error is kept in #pending. */
  #next(): BcmReport | null {
    for (let errors = 0; errors < MAX_ERRORS_IN_A_ROW; errors++) {
      const length = this.#datagram.receive();
      if (length >= BCM_MSG_HEAD_SIZE) {
        return decodeReport(this.#datagram, length, (index) => this.channel || this.#names.of(index));
      }
      this.#empty = length === -EAGAIN;
      if (length === -EAGAIN) return null;
      if (length >= 0 || length === -EINTR) continue; // not a datagram of the broadcast manager
      this.#pending ||= length;
      if (length !== -ENODEV) return null;
    }
    return null;
  }

  /** Returns 0 or more, or `-errno`. */
  #send(head: BcmHead, messages: readonly Message[], { index }: BcmTarget): number {
    const size = frameSize(head.flags ?? 0);
    encodeBcmHead(this.#datagram.data, { ...head, nframes: messages.length });
    messages.forEach((message, i) => copyFrame(message, size, this.#words, (BCM_MSG_HEAD_SIZE + i * size) >> 2));
    this.#datagram.name.set(encodeAddress(index));
    const result = this.#datagram.send(BCM_MSG_HEAD_SIZE + messages.length * size);
    return result === -ENOTCONN ? -ENODEV : result; // the kernel has forgotten the interface
  }

  /** The kernel accepts frames that it cannot send, and reports nothing when they are due. */
  #assertCarries(action: string, [first]: readonly Message[], { channel }: BcmTarget): void {
    const refuse = (errno: number, advice?: string) => this.#error(`${action} on`, "ioctl", -errno, advice, channel);
    const advice = messageAdvice(this.libc, this.fd, channel, first);
    if (advice !== undefined) throw refuse(EMSGSIZE, advice);
    if (interfaceIsDown(this.libc, this.fd, channel)) throw refuse(ENETDOWN);
    if (isListenOnly(this.libc, channel)) throw listenOnlyError(`${action} on`, channel);
  }

  /** Wakes a waiter for what the descriptor does not signal. */
  #updateReadiness(): void {
    this.readiness.hasQueued = this.#pending !== 0 || this.#aside.length > 0;
  }

  #error(action: string, syscall: string, result: number, advice?: string, channel = this.channel): Error {
    const listed = this.channel === "" && result === -ENODEV ? canInterfaces(this.libc, this.fd) : undefined;
    return this.error(action, syscall, result, advice ?? listed, channel);
  }
}
