/**
 * A netlink socket: reads and changes network interfaces, and receives notifications of changes.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanInitializationError, CanOperationError, CanTimeoutError } from "../errors.ts";
import { EAFNOSUPPORT, EAGAIN, EINTR, ENOBUFS, ENOPROTOOPT, EPROTONOSUPPORT } from "../kernel/errno.ts";
import {
  type Acknowledgement,
  decodeAcknowledgement,
  decodeMessages,
  encodeMessage,
  encodeNetlinkAddress,
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from "../kernel/netlink.ts";
import {
  AF_NETLINK,
  encodePollfd,
  MSG_PEEK,
  MSG_TRUNC,
  POLLIN,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_NETLINK,
} from "../kernel/socket.ts";
import { u32 } from "../socket/socket_options.ts";
import { systemError } from "../socket/system_error.ts";

/** Seconds to wait for an answer, which normally comes at once. */
const ANSWER_TIMEOUT = 10;

/** How many times to read a list that changes while it is read. */
const DUMP_ATTEMPTS = 20;

/** The action, in an error's text. */
const QUERY = "query the kernel about network interfaces";

/** The read buffer of all sockets: what is kept is copied. It grows with the messages. */
let buffer = new Uint8Array(32 * 1024);

let sequences = 0;

/** The next sequence number, unique in this process until 32 bits wrap. */
function nextSequence(): number {
  return sequences = (sequences + 1) >>> 0;
}

/** The kernel's answer to a request. */
export interface Answer extends Acknowledgement {
  /** What the kernel sent before the acknowledgement. */
  readonly messages: readonly NetlinkMessage[];
  /** Whether the list changed while it was read. */
  readonly interrupted: boolean;
}

/**
 * A NETLINK_ROUTE socket over a libc. It blocks only while the kernel handles a request. See
 * [rtnetlink(7)](https://man7.org/linux/man-pages/man7/rtnetlink.7.html).
 */
export class NetlinkSocket implements Disposable {
  /** The descriptor, readable while messages for `receive` are queued. */
  readonly fd: number;
  readonly #libc: Libc;
  readonly #poll: Uint8Array;

  /**
   * Opens a socket.
   *
   * @param groups Multicast groups to join, RTNLGRP_*, for `receive`. A socket for requests joins none.
   * @throws {CanInitializationError} A step failed; the error names it. No descriptor is left open.
   * @throws {CanInterfaceNotImplementedError} The system has no netlink sockets.
   */
  constructor(libc: Libc, groups: readonly number[] = []) {
    this.#libc = libc;
    this.fd = this.#opened("socket", libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    try {
      for (const name of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
        const set = libc.setsockopt(this.fd, SOL_NETLINK, name, u32(1));
        if (set !== -ENOPROTOOPT) this.#opened("setsockopt", set); // older kernels do not have all of them
      }
      this.#opened("bind", libc.bind(this.fd, encodeNetlinkAddress(AF_NETLINK)));
      for (const group of groups) this.#set(NETLINK_ADD_MEMBERSHIP, group);
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
    this.#poll = encodePollfd(this.fd, POLLIN);
  }

  /**
   * Sends a request and waits for the answer; a refusal is in the answer, not thrown.
   *
   * @param type RTM_*.
   * @param flags NLM_F_* in addition to NLM_F_REQUEST and NLM_F_ACK.
   * @throws {CanOperationError} Sending or receiving failed.
   * @throws {CanTimeoutError} The kernel did not answer within 10 s.
   */
  request(type: number, flags: number, payload: Uint8Array): Answer {
    const sequence = nextSequence();
    const header = { type, flags: flags | NLM_F_REQUEST | NLM_F_ACK, sequence, pid: 0 };
    const bytes = encodeMessage({ ...header, payload });
    let sent: number;
    do sent = this.#libc.send(this.fd, bytes, bytes.length, 0); while (sent === -EINTR);
    this.#checked("send", sent);
    const deadline = performance.now() + 1000 * ANSWER_TIMEOUT;
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      const received = this.receive();
      if (received.length === 0) this.#waitUntil(deadline);
      for (const each of received) {
        if (each.sequence !== sequence) continue; // answers an earlier request that was abandoned
        interrupted ||= (each.flags & NLM_F_DUMP_INTR) !== 0;
        if (each.type === NLMSG_ERROR || each.type === NLMSG_DONE) {
          return { ...this.#decode(() => decodeAcknowledgement(each)), messages, interrupted };
        }
        messages.push(each);
      }
    }
  }

  /**
   * Requests a list, again if it changed while it was read. A refusal is in the answer, not thrown.
   *
   * @throws As `request`.
   */
  dump(type: number, payload: Uint8Array): Answer {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const answer = this.request(type, NLM_F_DUMP, payload);
      if (answer.error !== 0 || !answer.interrupted) return answer;
    }
    throw new CanOperationError(`Cannot ${QUERY}: their list changed during each of ${DUMP_ATTEMPTS} reads`);
  }

  /**
   * Reads one datagram without waiting: its messages, or none if nothing is queued.
   *
   * @throws {CanOperationError} Receiving failed; code "ENOBUFS" if messages were lost.
   */
  receive(): NetlinkMessage[] {
    const length = this.#recv(MSG_PEEK | MSG_TRUNC);
    if (length === -EAGAIN) return [];
    if (length > buffer.length) buffer = new Uint8Array(length);
    const read = this.#recv(0);
    if (read === -EAGAIN) return [];
    const messages = this.#decode(() => decodeMessages(buffer.slice(0, read)));
    if (messages.some(({ type }) => type === NLMSG_OVERRUN)) this.#checked("recv", -ENOBUFS);
    return messages.filter(({ type }) => type !== NLMSG_NOOP);
  }

  /** Closes the socket. */
  close(): void {
    this.#checked("close", this.#libc.close(this.fd));
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    this.close();
  }

  #recv(flags: number): number {
    let result: number;
    do result = this.#libc.recv(this.fd, buffer, flags); while (result === -EINTR);
    return result === -EAGAIN ? result : this.#checked("recv", result);
  }

  #waitUntil(deadline: number): void {
    const remaining = Math.max(0, Math.ceil(deadline - performance.now()));
    const result = this.#libc.poll(this.#poll, remaining);
    if (result === -EINTR) return;
    this.#checked("poll", result);
    if (result === 0) throw new CanTimeoutError(`Cannot ${QUERY}: no answer within ${ANSWER_TIMEOUT} seconds`);
  }

  #set(name: number, value: number): void {
    this.#opened("setsockopt", this.#libc.setsockopt(this.fd, SOL_NETLINK, name, u32(value)));
  }

  #opened(syscall: string, result: number): number {
    if (result >= 0) return result;
    const advice = result === -EAFNOSUPPORT || result === -EPROTONOSUPPORT
      ? "this system has no rtnetlink, or does not allow it to this process"
      : undefined;
    throw systemError(CanInitializationError, "open a netlink socket", syscall, result, undefined, advice);
  }

  #checked(syscall: string, result: number): number {
    if (result >= 0) return result;
    throw systemError(CanOperationError, QUERY, syscall, result);
  }

  #decode<T>(decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      throw new CanOperationError(`Cannot ${QUERY}: ${(error as Error).message}`, { cause: error });
    }
  }
}
