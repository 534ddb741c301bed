/**
 * A raw CAN socket.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import type { OnReady } from "../endpoint/source.ts";
import { CAN_MTU, CAN_RAW, CANFD_MTU, CANXL_MTU, encodeAddress, type RawFilter } from "../kernel/can.ts";
import {
  EAGAIN,
  EINTR,
  EINVAL,
  EMSGSIZE,
  ENETDOWN,
  ENOBUFS,
  ENODEV,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
} from "../kernel/errno.ts";
import { isInterfaceName } from "../kernel/if.ts";
import { SOCK_RAW } from "../kernel/socket.ts";
import { listenOnlyError, SendGuard } from "../link/listen_only.ts";
import { frameLength, type Message } from "../message/message.ts";
import { InterfaceNames } from "../socket/interface_names.ts";
import { canInterfaces, findCanInterface, interfaceIndex, interfaceIsUp, interfaceMtu } from "../socket/interfaces.ts";
import { INTERFACE_REMOVED, KernelSocket, MAX_ERRORS_IN_A_ROW, type Protocol } from "../socket/kernel_socket.ts";
import { messageAdvice } from "../socket/mtu.ts";
import type { FramePort } from "./frame_port.ts";
import type { FullBusOptions } from "./options.ts";
import { BATCH, ReceiveBatch } from "./receive_batch.ts";
import { SendBatch } from "./send_batch.ts";
import { configureRaw, setRawErrorMask, setRawFilters } from "./settings.ts";

const RAW: Protocol = {
  name: "CAN_RAW",
  number: CAN_RAW,
  type: SOCK_RAW,
  missing: `load the module with "sudo modprobe can_raw"`,
};

/** Returns the `channelInfo` of a raw socket. */
export function describeRaw(channel: string): string {
  return channel === "" ? "socketcan, every channel" : `socketcan channel "${channel}"`;
}

/** A CAN_RAW socket of the kernel. */
export class RawPort extends KernelSocket implements FramePort {
  readonly channelInfo: string;
  readonly ifindex: number;
  readonly #in: ReceiveBatch;
  readonly #out: SendBatch;
  readonly #names: InterfaceNames;
  readonly #guard: SendGuard;
  #filters: readonly RawFilter[];
  #errorMask: number;
  /** Whether the last receive emptied the receive buffer. */
  #empty = false;
  /** The `-errno` for the next receive to throw: it followed messages, or was found by another operation. */
  #pending = 0;
  /** Whether a receive has reported that the interface is down, or the next one will. */
  #downReported = false;

  /**
   * Opens and binds a socket. Filters and all other options take effect before the first frame can arrive.
   *
   * @param onReady See `Source.arm`.
   * @throws {CanInitializationError} A step failed; the error says which, and what to do. No descriptor is left open.
   * @throws {CanInterfaceNotImplementedError} The kernel has no SocketCAN.
   */
  constructor(libc: Libc, options: FullBusOptions, onReady: OnReady) {
    super(libc, RAW, options, onReady);
    const { channel } = options;
    this.#filters = options.rawFilters;
    this.#errorMask = options.errorMask;
    try {
      this.ifindex = channel === "" ? 0 : findCanInterface(libc, this.fd, channel);
      this.#guard = new SendGuard(libc, this.ifindex);
      configureRaw(this.settings, options);
      const bound = libc.bind(this.fd, encodeAddress(this.ifindex));
      if (bound < 0) throw this.error("bind a CAN_RAW socket to", "bind", bound);
      const frameSize = options.xl ? CANXL_MTU : options.fd ? CANFD_MTU : CAN_MTU;
      this.#names = new InterfaceNames(libc, this.fd);
      const names = channel || ((index: number) => this.#names.of(index));
      this.#in = new ReceiveBatch(libc, this.fd, frameSize, options.timestamps === "hardware", names);
      this.#out = new SendBatch(libc, this.fd, frameSize, channel === "" ? (message) => this.#indexOf(message) : null);
      const mtu = this.#readMtu();
      if (mtu < 0) throw this.error("read the MTU of", "ioctl", mtu);
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
    this.channelInfo = describeRaw(channel);
    this.opened = true;
  }

  get idle(): boolean {
    return this.#empty && this.#pending === 0 && this.readiness.watched;
  }

  receive(into: Message[], from: number, max: number): number {
    this.#names.refresh();
    this.#empty = false;
    let received = this.#pending === 0 ? this.#fill(into, from, max) : 0;
    // The frames that arrived before the interface was removed are queued behind the error.
    if (this.#pending === -ENODEV) received += this.#fill(into, from + received, max - received);
    const error = this.#pending;
    if (error === 0 || from + received > 0) return received;
    // A removed interface is reported by every receive: unlike one that is down, it never returns to this socket.
    if (error !== -ENODEV) this.#setPending(0);
    throw this.error("receive from", "recvmmsg", error);
  }

  send(messages: readonly Message[], from: number): number {
    this.#guard.check("send to", this.channel);
    let result = this.#out.send(messages, from);
    // The frame is longer than the last known MTU, which may have been raised since.
    if (result === -EMSGSIZE && this.#readMtu() >= frameLength(messages[from])) {
      result = this.#out.send(messages, from);
    }
    if (result === -ENETDOWN) {
      this.#guard.linkWentDown();
      // The kernel reports this once, and has now reported it to a send instead of to a receive: keep it for the receiver.
      // If the interface is up again, it is no reason not to send.
      const up = this.#isUp(messages[from]);
      if (up || (!this.#downReported && this.channel !== "")) this.#keepForReceive(result);
      if (up) {
        this.#guard.check("send to", this.channel);
        result = this.#out.send(messages, from);
      }
    }
    if (result > 0) {
      this.#downReported = false;
      this.readiness.reset();
      return result;
    }
    if (result === -ENOBUFS) {
      this.readiness.backOff();
      return 0;
    }
    if (result === -EAGAIN || result === -EINTR) {
      this.readiness.reset();
      return 0;
    }
    throw this.#sendError(messages[from], result);
  }

  setFilters(filters: readonly RawFilter[]): void {
    // Let no frame pass, neither data nor errors, so that draining the buffer ends.
    setRawFilters(this.settings, [], 0);
    // The kernel reports an error before the queued frames. Keep the error for the next receive, and drop the frames.
    let result = this.#in.drain();
    for (let errors = 0; result !== -EAGAIN && errors < MAX_ERRORS_IN_A_ROW; errors++) {
      if (result !== -EINTR) this.#keepForReceive(result);
      result = this.#in.drain();
    }
    try {
      setRawFilters(this.settings, filters, this.#errorMask);
      this.#filters = filters;
    } catch (error) {
      setRawFilters(this.settings, this.#filters, this.#errorMask);
      throw error;
    }
  }

  setErrorMask(mask: number): void {
    setRawErrorMask(this.settings, mask);
    this.#errorMask = mask;
  }

  /** Writes up to `max` queued messages, keeps the `-errno` that ended it, and returns the number of messages. */
  #fill(into: Message[], from: number, max: number): number {
    let received = 0;
    while (received < max) {
      const asked = Math.min(max - received, BATCH);
      const count = this.#in.receive(into, from + received, asked);
      if (count > 0) {
        received += count;
        this.#downReported = false;
      }
      if (count === asked) continue;
      this.#empty = count >= 0 || count === -EAGAIN;
      if (count < 0 && count !== -EAGAIN && count !== -EINTR) this.#setPending(this.#pending || count);
      if (count === -ENETDOWN) {
        this.#downReported = true;
        this.#guard.linkWentDown();
      }
      break; // the buffer is empty, or the call failed
    }
    return received;
  }

  /** Keeps a `-errno` for the next receive, and wakes a pending one. */
  #keepForReceive(result: number): void {
    this.#setPending(this.#pending || result);
    if (result !== -ENETDOWN) return;
    this.#downReported = true;
    this.#guard.linkWentDown();
  }

  #setPending(result: number): void {
    this.#pending = result;
    this.readiness.hasQueued = result !== 0;
  }

  /** Reads the interface's MTU, so that longer frames are refused with an explanation. */
  #readMtu(): number {
    const mtu = this.channel === "" ? Infinity : interfaceMtu(this.libc, this.fd, this.channel);
    if (mtu > 0) this.#out.limit = mtu;
    return mtu;
  }

  #indexOf(message: Message): number {
    const { channel } = message;
    if (channel === null || !isInterfaceName(channel)) return -ENODEV;
    const index = interfaceIndex(this.libc, this.fd, channel);
    return index > 0 && this.#guard.refuses(index) ? -EOPNOTSUPP : index;
  }

  #isUp(message: Message): boolean {
    return interfaceIsUp(this.libc, this.fd, this.channel || message.channel || "");
  }

  #sendError(message: Message, result: number): Error {
    const channel = this.channel || message.channel || "";
    if (result === -EOPNOTSUPP) return listenOnlyError("send to", channel);
    return this.error("send to", "send", result, this.#sendAdvice(message, channel, result), channel);
  }

  #sendAdvice(message: Message, channel: string, result: number): string | undefined {
    if (this.channel === "") {
      if (result === -ENODEV || result === -EPERM) return canInterfaces(this.libc, this.fd);
    } else if (result === -ENODEV || result === -ENXIO) return INTERFACE_REMOVED;
    if (result !== -EINVAL && result !== -EMSGSIZE) return undefined;
    return messageAdvice(this.libc, this.fd, channel, message);
  }
}
