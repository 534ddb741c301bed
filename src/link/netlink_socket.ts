/**
 * A netlink socket: asks the kernel about network interfaces, has it change them, and is told of changes.
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

/** Seconds that the kernel has for an answer, which it gives at once. */
const PATIENCE = 10;

/** How often a list is read anew that changed while it was read. */
const TRIES = 20;

/** What failed, in an error's text. */
const ASKING = "ask the kernel about network interfaces";

/** Where messages are read to, of all sockets: what is kept is copied. It grows with the messages. */
let buffer = new Uint8Array(32 * 1024);

let sequences = 0;

/** A number that no other request of this process has had, as far as 32 bits go. */
function nextSequence(): number {
  return sequences = (sequences + 1) >>> 0;
}

/** What came of a request. */
export interface Answer extends Acknowledgement {
  /** What the kernel sent before it acknowledged. */
  readonly messages: readonly NetlinkMessage[];
  /** Whether what was listed changed meanwhile. */
  readonly interrupted: boolean;
}

/** NETLINK_ROUTE over a libc. It never blocks but while the kernel works on a request. */
export class NetlinkSocket implements Disposable {
  /** The descriptor: readable when `receive` has something. */
  readonly fd: number;
  readonly #libc: Libc;
  readonly #poll: Uint8Array;

  /**
   * Opens a socket.
   *
   * @param groups Multicast groups to join, RTNLGRP_*: for `receive`. One that makes requests joins none.
   * @throws {CanInitializationError} With the step that failed. No descriptor is left open.
   * @throws {CanInterfaceNotImplementedError} The system has no such sockets.
   */
  constructor(libc: Libc, groups: readonly number[] = []) {
    this.#libc = libc;
    this.fd = this.#opened("socket", libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    try {
      for (const name of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
        const set = libc.setsockopt(this.fd, SOL_NETLINK, name, u32(1));
        if (set !== -ENOPROTOOPT) this.#opened("setsockopt", set); // older kernels do without
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
   * Sends a request and waits for what comes of it; a refusal is in the answer.
   *
   * @param type RTM_*.
   * @param flags NLM_F_* beside NLM_F_REQUEST and NLM_F_ACK.
   * @throws {CanOperationError} Sending or receiving failed.
   * @throws {CanTimeoutError} The kernel did not answer.
   */
  request(type: number, flags: number, payload: Uint8Array): Answer {
    const sequence = nextSequence();
    const header = { type, flags: flags | NLM_F_REQUEST | NLM_F_ACK, sequence, pid: 0 };
    const bytes = encodeMessage({ ...header, payload });
    let sent: number;
    do sent = this.#libc.send(this.fd, bytes, bytes.length, 0); while (sent === -EINTR);
    this.#checked("send", sent);
    const deadline = performance.now() + 1000 * PATIENCE;
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      const received = this.receive();
      if (received.length === 0) this.#waitUntil(deadline);
      for (const each of received) {
        if (each.sequence !== sequence) continue; // the answer to a request that was given up
        interrupted ||= (each.flags & NLM_F_DUMP_INTR) !== 0;
        if (each.type === NLMSG_ERROR || each.type === NLMSG_DONE) {
          return { ...this.#readable(() => decodeAcknowledgement(each)), messages, interrupted };
        }
        messages.push(each);
      }
    }
  }

  /**
   * All answers to a request for a list, read anew if the list changed meanwhile. A refusal is in the answer.
   *
   * @throws As `request`.
   */
  dump(type: number, payload: Uint8Array): Answer {
    for (let tries = 0; tries < TRIES; tries++) {
      const answer = this.request(type, NLM_F_DUMP, payload);
      if (answer.error !== 0 || !answer.interrupted) return answer;
    }
    throw new CanOperationError(`Cannot ${ASKING}: they changed each of ${TRIES} times that their list was read`);
  }

  /**
   * What is there now: one read's messages, or none.
   *
   * @throws {CanOperationError} Receiving failed; with the code "ENOBUFS" when messages were lost.
   */
  receive(): NetlinkMessage[] {
    const length = this.#recv(MSG_PEEK | MSG_TRUNC);
    if (length === -EAGAIN) return [];
    if (length > buffer.length) buffer = new Uint8Array(length);
    const read = this.#recv(0);
    if (read === -EAGAIN) return [];
    const messages = this.#readable(() => decodeMessages(buffer.slice(0, read)));
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
    const rest = Math.max(0, Math.ceil(deadline - performance.now()));
    const result = this.#libc.poll(this.#poll, rest);
    if (result === -EINTR) return;
    this.#checked("poll", result);
    if (result === 0) throw new CanTimeoutError(`Cannot ${ASKING}: no answer within ${PATIENCE} seconds`);
  }

  #set(name: number, value: number): void {
    this.#opened("setsockopt", this.#libc.setsockopt(this.fd, SOL_NETLINK, name, u32(value)));
  }

  #opened(syscall: string, result: number): number {
    if (result >= 0) return result;
    const advice = result === -EAFNOSUPPORT || result === -EPROTONOSUPPORT
      ? "this system has no rtnetlink, or forbids it to this process"
      : undefined;
    throw systemError(CanInitializationError, "open a netlink socket", syscall, result, undefined, advice);
  }

  #checked(syscall: string, result: number): number {
    if (result >= 0) return result;
    throw systemError(CanOperationError, ASKING, syscall, result);
  }

  #readable<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw new CanOperationError(`Cannot ${ASKING}: ${(error as Error).message}`, { cause: error });
    }
  }
}
