/**
 * Netlink sockets without a kernel: a test supplies the answers to requests.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { openLibc } from "../../ffi/open.ts";
import { EFD_CLOEXEC } from "../../src/kernel/epoll.ts";
import { EAGAIN } from "../../src/kernel/errno.ts";
import { decodeMessages, encodeMessage, type NetlinkMessage, NLMSG_ERROR } from "../../src/kernel/netlink.ts";
import { concat } from "../../src/kernel/nlattr.ts";
import { AF_NETLINK, MSG_PEEK, MSG_TRUNC } from "../../src/kernel/socket.ts";

/** The result of one read: messages, raw bytes, or the `-errno` with which it fails. */
export type Datagram = readonly NetlinkMessage[] | Uint8Array | number;

/** Answers a request. */
export type Respond = (request: NetlinkMessage) => readonly Datagram[];

/** The acknowledgement of a request; that of an error may have attributes. */
export function acknowledge(request: NetlinkMessage, error = 0, attributes?: Uint8Array): NetlinkMessage {
  const payload = new Uint8Array(20);
  new DataView(payload.buffer).setInt32(0, error, true);
  payload.set(encodeMessage({ ...request, payload: new Uint8Array(0) }), 4);
  const flags = 0x100 | (attributes ? 0x200 : 0); // NLM_F_CAPPED, NLM_F_ACK_TLVS
  return { ...request, type: NLMSG_ERROR, flags, payload: concat([payload, attributes ?? new Uint8Array(0)]) };
}

/** The process's libc with simulated netlink sockets, until the end of a `using` block. */
export class FakeNetlink implements Disposable {
  /** The requests so far. */
  readonly requests: NetlinkMessage[] = [];
  /** Unread datagrams, by socket. */
  readonly queues = new Map<number, Datagram[]>();
  readonly #libc = openLibc() as { -readonly [K in keyof Libc]: Libc[K] };
  readonly #real: Libc = { ...this.#libc };

  constructor(respond: Respond) {
    const real = this.#real;
    const libc = this.#libc;
    libc.socket = (domain, ...rest) => {
      if (domain !== AF_NETLINK) return real.socket(domain, ...rest);
      const fd = real.eventfd(0, EFD_CLOEXEC);
      this.queues.set(fd, []);
      return fd;
    };
    libc.close = (fd) => {
      this.queues.delete(fd);
      return real.close(fd);
    };
    libc.bind = (fd, ...rest) => this.queues.has(fd) ? 0 : real.bind(fd, ...rest);
    libc.setsockopt = (fd, ...rest) => this.queues.has(fd) ? 0 : real.setsockopt(fd, ...rest);
    libc.ioctl = (fd, ...rest) => this.queues.has(fd) ? -95 : real.ioctl(fd, ...rest);
    libc.poll = (fds, timeout) => {
      const queue = fds.length === 8
        ? this.queues.get(new DataView(fds.buffer, fds.byteOffset).getInt32(0, true))
        : undefined;
      // Nothing arrives later, so a wait ends at once.
      return queue ? Math.min(queue.length, 1) : real.poll(fds, timeout);
    };
    libc.send = (fd, data, length, flags) => {
      const queue = this.queues.get(fd);
      if (!queue) return real.send(fd, data, length, flags);
      for (const request of decodeMessages(data.slice(0, length))) {
        this.requests.push(request);
        queue.push(...respond(request));
      }
      return length;
    };
    libc.recv = (fd, data, flags) => {
      const queue = this.queues.get(fd);
      if (!queue) return real.recv(fd, data, flags);
      const [next = -EAGAIN] = queue;
      if (typeof next === "number") {
        queue.shift();
        return next;
      }
      const bytes = next instanceof Uint8Array ? next : concat(next.map((message) => encodeMessage(message)));
      data.set(bytes.subarray(0, data.length));
      if ((flags & MSG_PEEK) === 0) queue.shift();
      return flags & MSG_TRUNC ? bytes.length : Math.min(bytes.length, data.length);
    };
  }

  [Symbol.dispose](): void {
    Object.assign(this.#libc, this.#real);
  }
}
