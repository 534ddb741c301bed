/**
 * A socket of the kernel's broadcast manager.
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
import { copyFrame, type Message } from "../message/message.ts";
import { Datagram } from "../socket/datagram.ts";
import { InterfaceNames } from "../socket/interface_names.ts";
import { canInterfaces, findCanInterface, interfaceIndex, interfaceIsDown } from "../socket/interfaces.ts";
import { KernelSocket, MAX_ERRORS_IN_A_ROW, type Protocol, type SocketSettings } from "../socket/kernel_socket.ts";
import { messageAdvice } from "../socket/mtu.ts";
import { type BufferOptions, u32 } from "../socket/socket_options.ts";
import { type BcmReport, decodeReport, frameSize } from "./report.ts";

/** Frames that one TX_SETUP takes; RX_SETUP takes one more, which says where the others differ. */
export const MAX_NFRAMES = 256;
/** The longest interval that the kernel takes, in seconds: 400 days. */
export const BCM_TIMER_SEC_MAX = 400 * 24 * 60 * 60;

const MOST_BYTES = BCM_MSG_HEAD_SIZE + (MAX_NFRAMES + 1) * CANFD_MTU;

const BCM: Protocol = {
  name: "CAN_BCM",
  number: CAN_BCM,
  type: SOCK_DGRAM,
  missing: `load the module with "sudo modprobe can-bcm"`,
};

/** Where frames leave. */
export interface BcmTarget {
  readonly channel: string;
  /** The interface's index, on a socket that is open for all; else 0. It stays the same when the interface is renamed. */
  readonly index: number;
}

/** What the socket is opened with. */
export interface BcmSettings extends SocketSettings, Pick<BufferOptions, "receiveBuffer"> {}

/** CAN_BCM over a libc. */
export class BcmPort<In> extends KernelSocket implements Source<In> {
  readonly #take: (report: BcmReport) => In | null;
  readonly #names: InterfaceNames;
  /** To and from the kernel: one message at a time. */
  readonly #datagram: Datagram;
  readonly #words: Uint32Array;
  readonly #logger: Logger | undefined;
  readonly #default: BcmTarget;
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
    super(libc, BCM, settings, onReady);
    const { channel } = settings;
    this.#take = take;
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
        data: MOST_BYTES,
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

  /**
   * An interface to send to.
   *
   * @param channel Its name, on a socket that is open for all.
   * @throws {CanOperationError} There is none of that name.
   */
  target(channel: string | null): BcmTarget {
    if (this.channel !== "" || channel === null) return this.#default;
    const index = isInterfaceName(channel) ? interfaceIndex(this.libc, this.fd, channel) : -ENODEV;
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
      for (let errors = 0; errors < MAX_ERRORS_IN_A_ROW;) {
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
    for (let errors = 0; errors < MAX_ERRORS_IN_A_ROW; errors++) {
      const length = this.#datagram.receive();
      if (length >= BCM_MSG_HEAD_SIZE) {
        return decodeReport(this.#datagram, length, (index) => this.channel || this.#names.of(index));
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
    const advice = messageAdvice(this.libc, this.fd, channel, first);
    if (advice !== undefined) throw refuse(EMSGSIZE, advice);
    if (interfaceIsDown(this.libc, this.fd, channel)) throw refuse(ENETDOWN);
  }

  /** Tells who waits that there is something the kernel does not tell of. */
  #tell(): void {
    this.readiness.hasQueued = this.#pending !== 0 || this.#aside.length > 0;
  }

  #error(action: string, syscall: string, result: number, advice?: string, channel = this.channel): Error {
    const listed = this.channel === "" && result === -ENODEV ? canInterfaces(this.libc, this.fd) : undefined;
    return this.error(action, syscall, result, advice ?? listed, channel);
  }
}
