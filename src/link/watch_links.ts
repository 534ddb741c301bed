/**
 * Watching links: notifications of the kernel, as events.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { openLibc } from "../../ffi/open.ts";
import { checkNames, checkSignal } from "../check.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import { Feed } from "../endpoint/feed.ts";
import type { SignalOptions } from "../endpoint/options.ts";
import type { OnReady, Source } from "../endpoint/source.ts";
import { CanError, CanOperationError } from "../errors.ts";
import { ENOBUFS } from "../kernel/errno.ts";
import type { NetlinkMessage } from "../kernel/netlink.ts";
import { RTM_DELLINK, RTM_NEWLINK, RTNLGRP_LINK } from "../kernel/rtnetlink.ts";
import { interfaceDriver } from "../socket/interfaces.ts";
import { Readiness } from "../socket/readiness.ts";
import { SocketOptions } from "../socket/socket_options.ts";
import { type Fail, systemError } from "../socket/system_error.ts";
import { KnownLinks, type LinkEvent } from "./events.ts";
import { NetlinkSocket } from "./netlink_socket.ts";
import type { LinkOptions } from "./options.ts";
import { LinkRequests } from "./requests.ts";
import { type LinkStatus, readStatus } from "./status.ts";

/**
 * Options of `watchLinks`.
 *
 * @category Links
 */
export interface WatchOptions extends LinkOptions, SignalOptions {}

/**
 * Watches all CAN links of this network namespace without blocking the event loop: links that are created, removed,
 * brought up or taken down, renamed or configured, and controllers that go bus-off or recover. Needs no privilege.
 *
 * Events are collected from this call on, so none after it is missed. If they overflow the socket's receive buffer, the
 * links are read again and compared: repeated changes may then appear as one event, and changes that cancelled each
 * other out as none.
 *
 * A controller's settings can only be changed while it is down; the kernel reports them when the link comes up.
 *
 * The kernel reports a controller's state when it goes bus-off, is restarted, and is brought up or taken down; a
 * bus-off that lasts less than a second may be left out. ERROR-WARNING and ERROR-PASSIVE, and every bus-off, are
 * reported by error frames: see `Bus.errors`.
 *
 * The notifications are those of rtnetlink's group RTNLGRP_LINK, see
 * [rtnetlink(7)](https://man7.org/linux/man-pages/man7/rtnetlink.7.html); `ip monitor link` prints the same.
 *
 * @example
 * ```ts ignore
 * import { watchLinks } from "@socketcan/bus";
 *
 * for await (const { type, status } of watchLinks()) console.log(type, status.name, status.state);
 * ```
 *
 * @throws {CanInitializationError} The netlink socket cannot be opened.
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @category Links
 */
export function watchLinks(options: WatchOptions = {}): Feed<LinkEvent> {
  checkNames("watchLinks", options, ["signal", "libc"]);
  checkSignal(options.signal);
  const libc = openLibc(options.libc);
  const endpoint = new Endpoint<LinkSource, LinkEvent>(
    { channel: "", noun: "watch" },
    (onReady) => new LinkSource(libc, onReady),
  );
  const feed = new Feed(endpoint, options);
  if (options.signal?.aborted) feed.close();
  return feed;
}

/** The kernel's notifications about links, as a source of events. */
class LinkSource implements Source<LinkEvent> {
  readonly fd: number;
  /** Always 0: after an overflow the links are read again. */
  readonly droppedFrames = 0;
  readonly idle = false;
  readonly #libc: Libc;
  readonly #socket: NetlinkSocket;
  readonly #options: SocketOptions;
  readonly #readiness: Readiness;
  readonly #links: KnownLinks;
  /** Events that have not been delivered yet. */
  #events: LinkEvent[] = [];
  /** Whether notifications were lost since the links were last read. */
  #overrun = false;

  constructor(libc: Libc, onReady: OnReady) {
    this.#libc = libc;
    this.#socket = new NetlinkSocket(libc, [RTNLGRP_LINK]);
    this.fd = this.#socket.fd;
    const fail: Fail = (action, syscall, result, advice) =>
      systemError(CanOperationError, `${action} the watch of CAN links`, syscall, result, undefined, advice);
    this.#readiness = new Readiness(libc, this.fd, onReady, fail);
    this.#options = new SocketOptions(libc, this.fd, undefined, fail);
    try {
      // Only now that the socket receives notifications, so that no change is missed.
      this.#links = new KnownLinks(this.#list());
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  get receiveBuffer(): number {
    return this.#options.receiveBuffer;
  }

  receive(into: LinkEvent[], from: number, max: number): number {
    while (this.#events.length === 0 && this.#read());
    const events = this.#events.splice(0, max);
    for (let i = 0; i < events.length; i++) into[from + i] = events[i];
    this.#readiness.hasQueued = this.#events.length > 0;
    return events.length;
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

  /** Reads the next notifications; returns whether there were any. */
  #read(): boolean {
    let messages: NetlinkMessage[];
    try {
      messages = this.#socket.receive();
    } catch (error) {
      if (!(error instanceof CanError) || error.errno !== ENOBUFS) throw error;
      this.#overrun = true;
      return true; // notifications from before and after the loss are still queued
    }
    for (const message of messages) this.#events.push(...this.#eventsOf(message));
    if (messages.length > 0 || !this.#overrun) return messages.length > 0;
    this.#events.push(...this.#links.replaceAll(this.#list()));
    this.#overrun = false;
    return true;
  }

  #eventsOf({ type, payload }: NetlinkMessage): LinkEvent[] {
    if (type !== RTM_NEWLINK && type !== RTM_DELLINK) return [];
    const status = readStatus(payload, null);
    if (status === null) return [];
    if (type === RTM_DELLINK) return this.#links.remove(status.index);
    return this.#links.update({ ...status, driver: this.#links.driverOf(status.index) ?? this.#driverOf(status.name) });
  }

  #list(): LinkStatus[] {
    using requests = new LinkRequests(this.#libc);
    return requests.list();
  }

  /** Null also if the link no longer exists. */
  #driverOf(name: string): string | null {
    const driver = interfaceDriver(this.#libc, this.fd, name);
    return typeof driver === "string" && driver !== "" ? driver : null;
  }
}
