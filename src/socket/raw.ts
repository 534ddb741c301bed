/**
 * A raw CAN socket.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanInitializationError, CanOperationError } from "../errors.ts";
import { AF_CAN, CAN_MTU, CAN_RAW, CANFD_MTU, encodeAddress, encodeFilters, type RawFilter } from "../kernel/can.ts";
import { EPOLLIN, EPOLLOUT } from "../kernel/epoll.ts";
import { EAGAIN, EINTR, EINVAL, ENOBUFS, ENODEV, ENXIO, EPERM } from "../kernel/errno.ts";
import { isInterfaceName } from "../kernel/if.ts";
import {
  CAN_RAW_ERR_FILTER,
  CAN_RAW_FD_FRAMES,
  CAN_RAW_FILTER,
  CAN_RAW_JOIN_FILTERS,
  CAN_RAW_LOOPBACK,
  CAN_RAW_RECV_OWN_MSGS,
  SOL_CAN_RAW,
} from "../kernel/raw.ts";
import {
  encodePollfd,
  POLLIN,
  POLLOUT,
  SK_MEMINFO_DROPS,
  SO_MEMINFO,
  SO_MEMINFO_SIZE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_TIMESTAMPNS,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_SOCKET,
} from "../kernel/socket.ts";
import type { Message } from "../message.ts";
import type { FullBusOptions } from "../options.ts";
import { setKeepAlive } from "../turn.ts";
import type { FrameSocket } from "./frame_socket.ts";
import { canInterfaces, findCanInterface, interfaceIndex, interfaceMtu, interfaceName } from "./interfaces.ts";
import { BATCH, type NameOf, ReceiveBatch } from "./receive_batch.ts";
import { reactorOf, type Watch } from "./reactor.ts";
import { SendBatch } from "./send_batch.ts";
import { systemError } from "./system_error.ts";

/** How long to wait before the first new try when the interface's queue is full, and at the most, in seconds. */
const BACKOFF = { first: 0.0005, most: 0.01 };

/** Errors that a socket tells in a row, at the most: each is told once. */
const MOST_ERRORS = 8;

/** What to do about an interface that was removed. */
const GONE = "the interface is gone: close this bus, and open a new one when it is back";

const noBytes = new Uint8Array(0);

/** CAN_RAW over a libc. */
export class RawSocket implements FrameSocket {
  readonly channelInfo: string;
  readonly fd: number;
  readonly #libc: Libc;
  readonly #options: FullBusOptions;
  readonly #onReady: (failure?: Error) => void;
  readonly #nameOf: NameOf;
  readonly #in: ReceiveBatch;
  readonly #out: SendBatch;
  readonly #pollIn: Uint8Array;
  readonly #pollOut: Uint8Array;
  #filters: readonly RawFilter[];
  #watch: Watch | null = null;
  /** `-errno` for the next receive: it came after messages, or while the socket did something else. */
  #pending = 0;
  /** Seconds to wait for the interface's queue to drain; 0 when the last send went through or waits for the socket. */
  #backoff = 0;
  /** When to try to send again, in milliseconds of the monotonic clock, while backing off. */
  #retryAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires, likewise; `Infinity` while there is none. */
  #timerAt = Infinity;

  /**
   * Opens and binds a socket; filters and all other options are in force before the first frame can arrive.
   *
   * @param onReady See `FrameSocket.arm`; with an error if waiting itself failed.
   * @throws {CanInitializationError} With the step that failed and what to do. No descriptor is left open.
   * @throws {CanInterfaceNotImplementedError} The kernel has no SocketCAN.
   */
  constructor(libc: Libc, options: FullBusOptions, onReady: (failure?: Error) => void) {
    this.#libc = libc;
    this.#options = options;
    this.#onReady = onReady;
    const { channel } = options;
    this.#filters = options.rawFilters;
    this.fd = libc.socket(AF_CAN, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, CAN_RAW);
    if (this.fd < 0) {
      throw systemError(CanInitializationError, "open a CAN_RAW socket", "socket", this.fd, channel);
    }
    try {
      const index = channel === "" ? 0 : findCanInterface(libc, this.fd, channel);
      this.#configure();
      const bound = libc.bind(this.fd, encodeAddress(index));
      if (bound < 0) {
        throw systemError(CanInitializationError, `bind a CAN_RAW socket to "${channel}"`, "bind", bound, channel);
      }
      const frameSize = options.fd ? CANFD_MTU : CAN_MTU;
      this.#nameOf = channel === "" ? this.#cachedNames() : () => channel;
      this.#in = new ReceiveBatch(libc, this.fd, frameSize);
      this.#out = new SendBatch(libc, this.fd, frameSize, channel === "" ? (message) => this.#indexOf(message) : null);
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
    this.#pollIn = encodePollfd(this.fd, POLLIN);
    this.#pollOut = encodePollfd(this.fd, POLLOUT);
    this.channelInfo = channel === "" ? "socketcan, every channel" : `socketcan channel "${channel}"`;
  }

  get droppedFrames(): number {
    const memory = new Uint32Array(SO_MEMINFO_SIZE / 4);
    const result = this.#libc.getsockopt(this.fd, SOL_SOCKET, SO_MEMINFO, new Uint8Array(memory.buffer));
    if (result < 0) {
      throw this.#error("read SO_MEMINFO of", "getsockopt", result);
    }
    return memory[SK_MEMINFO_DROPS];
  }

  get receiveBuffer(): number {
    return this.#getOption("SO_RCVBUF", SO_RCVBUF);
  }

  get sendBuffer(): number {
    return this.#getOption("SO_SNDBUF", SO_SNDBUF);
  }

  receive(into: Message[], max: number): number {
    const before = into.length;
    const result = this.#pending || this.#fill(into, max);
    this.#pending = 0;
    const gone = result === -ENODEV;
    // The frames that came before the interface went are still there, behind the error.
    if (gone) this.#fill(into, max - (into.length - before));
    else if (result === 0 || result === -EAGAIN || result === -EINTR) return into.length - before;
    // An interface that is gone is told each time: unlike one that is down it does not come back to this socket.
    if (into.length > 0 || gone) this.#pending = result;
    if (into.length > 0) return into.length - before;
    throw this.#error("receive from", "recvmmsg", result, gone ? GONE : undefined);
  }

  send(messages: readonly Message[], from: number): number {
    const result = this.#out.send(messages, from);
    if (result > 0) {
      this.#backoff = 0;
      return result;
    }
    if (result === -ENOBUFS) {
      // The interface's queue is full, which poll does not tell: only trying again does.
      this.#backoff = Math.min(this.#backoff * 2 || BACKOFF.first, BACKOFF.most);
      this.#retryAt = performance.now() + 1000 * this.#backoff;
      return 0;
    }
    if (result === -EAGAIN || result === -EINTR) {
      this.#backoff = 0;
      return 0;
    }
    throw this.#sendError(messages[from], result);
  }

  waitReadable(seconds: number): void {
    this.#poll(this.#pollIn, seconds);
  }

  waitWritable(seconds: number): void {
    if (this.#backoff > 0) {
      this.#poll(noBytes, Math.min(this.#backoff, seconds));
    } else this.#poll(this.#pollOut, seconds);
  }

  arm(readable: boolean, writable: boolean, keepAlive: boolean): void {
    const backingOff = writable && this.#backoff > 0;
    // What epoll cannot tell: an error that is here already, or that it is time for the next try.
    this.#setTimer(readable && this.#pending !== 0 ? 0 : backingOff ? this.#retryAt : Infinity, keepAlive);
    const events = (readable ? EPOLLIN : 0) | (writable && !backingOff ? EPOLLOUT : 0);
    if (events === 0 && this.#watch === null) return;
    this.#watch ??= reactorOf(this.#libc).watch(this.fd, this.#onReady);
    this.#watch.arm(events, keepAlive);
  }

  setFilters(filters: readonly RawFilter[]): void {
    // While no frame passes, neither data nor errors, emptying the buffer comes to an end.
    this.#filter([], 0);
    // An error is told before the frames that wait; it is kept for the next receive, and they are not.
    let result = this.#in.drain();
    for (let errors = 0; result !== -EAGAIN && errors < MOST_ERRORS; errors++) {
      if (result !== -EINTR) this.#pending ||= result;
      result = this.#in.drain();
    }
    try {
      this.#filter(filters, this.#options.errorMask);
      this.#filters = filters;
    } catch (error) {
      this.#filter(this.#filters, this.#options.errorMask);
      throw error;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    let result = 0;
    try {
      this.#watch?.close();
    } finally {
      result = this.#libc.close(this.fd);
    }
    if (result < 0) throw this.#error("close", "close", result);
  }

  #configure(): void {
    const { localLoopback, receiveOwnMessages, fd, joinFilters, errorMask } = this.#options;
    const set = (label: string, name: number, value: Uint8Array) => this.#setOption(label, SOL_CAN_RAW, name, value);
    set("CAN_RAW_LOOPBACK", CAN_RAW_LOOPBACK, u32(Number(localLoopback)));
    set("CAN_RAW_RECV_OWN_MSGS", CAN_RAW_RECV_OWN_MSGS, u32(Number(receiveOwnMessages)));
    set("CAN_RAW_FD_FRAMES", CAN_RAW_FD_FRAMES, u32(Number(fd)));
    set("CAN_RAW_JOIN_FILTERS", CAN_RAW_JOIN_FILTERS, u32(Number(joinFilters)));
    this.#filter(this.#filters, errorMask);
    this.#setOption("SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
    this.#setBuffer("receiveBuffer", "SO_RCVBUF", SO_RCVBUF, SO_RCVBUFFORCE);
    this.#setBuffer("sendBuffer", "SO_SNDBUF", SO_SNDBUF, SO_SNDBUFFORCE);
  }

  /** Calls `onReady` at that time. A timer that is set for it already goes on, however often the wishes change. */
  #setTimer(at: number, keepAlive: boolean): void {
    if (at !== this.#timerAt) {
      clearTimeout(this.#timer);
      this.#timerAt = at;
      this.#timer = at === Infinity ? undefined : setTimeout(() => {
        this.#timerAt = Infinity;
        this.#timer = undefined;
        this.#onReady();
      }, Math.max(0, at - performance.now()));
    }
    if (this.#timer !== undefined) setKeepAlive(this.#timer, keepAlive);
  }

  /** Appends what there is, up to `max`; returns the `-errno` that ended it, or 0. */
  #fill(into: Message[], max: number): number {
    for (let rest = max; rest > 0;) {
      const asked = Math.min(rest, BATCH);
      const count = this.#in.receive(into, asked, this.#nameOf);
      if (count < asked) return Math.min(count, 0); // there are no more, or none at all for a reason
      rest -= count;
    }
    return 0;
  }

  #filter(filters: readonly RawFilter[], errorMask: number): void {
    this.#setOption("CAN_RAW_FILTER", SOL_CAN_RAW, CAN_RAW_FILTER, encodeFilters(filters));
    this.#setOption("CAN_RAW_ERR_FILTER", SOL_CAN_RAW, CAN_RAW_ERR_FILTER, u32(errorMask));
  }

  #setOption(label: string, level: number, name: number, value: Uint8Array): void {
    const result = this.#libc.setsockopt(this.fd, level, name, value);
    if (result < 0) throw this.#error(`set ${label} on`, "setsockopt", result);
    this.#options.logger?.debug(
      `${label} set: ${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`,
    );
  }

  #getOption(label: string, name: number): number {
    const value = new Int32Array(1);
    const result = this.#libc.getsockopt(this.fd, SOL_SOCKET, name, new Uint8Array(value.buffer));
    if (result < 0) throw this.#error(`read ${label} of`, "getsockopt", result);
    return value[0];
  }

  /** Past the system's limit where this process may do that, else up to it. */
  #setBuffer(option: "receiveBuffer" | "sendBuffer", label: string, name: number, forceName: number): void {
    const asked = this.#options[option];
    if (asked === undefined) return;
    const forced = this.#libc.setsockopt(this.fd, SOL_SOCKET, forceName, u32(asked));
    if (forced === -EPERM) this.#setOption(label, SOL_SOCKET, name, u32(asked));
    else if (forced < 0) {
      throw this.#error(`set ${label}FORCE on`, "setsockopt", forced);
    }
    const granted = this.#getOption(label, name);
    // The kernel grants twice what it accepts.
    if (granted < 2 * asked) {
      const limit = name === SO_RCVBUF ? "net.core.rmem_max" : "net.core.wmem_max";
      this.#options.logger?.warn(`${option}: ${granted / 2} of ${asked} bytes granted; ${limit} is the limit`);
    }
  }

  #poll(fds: Uint8Array, seconds: number): void {
    // Rounded up, so that a wait never ends before its time; poll's own limit is 24 days, and the caller waits again.
    const result = this.#libc.poll(fds, seconds === Infinity ? -1 : Math.min(Math.ceil(seconds * 1000), 2 ** 31 - 1));
    if (result < 0 && result !== -EINTR) {
      throw this.#error("wait for", "poll", result);
    }
  }

  #cachedNames(): NameOf {
    const names = new Map<number, string>();
    return (index) => {
      let name = names.get(index);
      if (name === undefined) {
        const found = interfaceName(this.#libc, this.fd, index);
        if (typeof found === "number") return null;
        names.set(index, name = found);
      }
      return name;
    };
  }

  #indexOf(message: Message): number {
    const { channel } = message;
    return channel !== null && isInterfaceName(channel) ? interfaceIndex(this.#libc, this.fd, channel) : -ENODEV;
  }

  #sendError(message: Message, result: number): Error {
    const channel = this.#options.channel || message.channel || "";
    return systemError(
      CanOperationError,
      `send to "${channel}"`,
      "send",
      result,
      channel,
      this.#sendAdvice(message, channel, result),
    );
  }

  #sendAdvice(message: Message, channel: string, result: number): string | undefined {
    if (this.#options.channel === "") {
      return result === -ENODEV || result === -EPERM ? canInterfaces(this.#libc, this.fd) : undefined;
    }
    if (result === -ENODEV || result === -ENXIO) return GONE;
    if (result !== -EINVAL || !message.isFd) return undefined;
    const mtu = interfaceMtu(this.#libc, this.fd, channel);
    if (mtu < 0 || mtu >= CANFD_MTU) return undefined;
    return `it carries no CAN FD frames: its MTU is ${mtu}, and must be ${CANFD_MTU} (a vcan: "sudo ip link set ${channel} ` +
      `mtu ${CANFD_MTU}" while down; a device: "sudo ip link set ${channel} type can fd on dbitrate 2000000 ...")`;
  }

  #error(action: string, syscall: string, result: number, advice?: string): Error {
    const { channel } = this.#options;
    const Class = this.channelInfo === undefined ? CanInitializationError : CanOperationError;
    return systemError(Class, `${action} "${channel}"`, syscall, result, channel, advice);
  }
}

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
