/**
 * Links as they come, go and change.
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

/** How links are watched. */
export interface WatchOptions extends LinkOptions, SignalOptions {}

/**
 * Watches all CAN links of this network namespace, while the event loop goes on: which are made, removed, set up or down,
 * renamed, configured, and go bus-off or come back. Needs no privilege.
 *
 * It is open from the call on: no event after it is missed. When events come faster than the kernel's buffer holds, the
 * links are read anew and what has changed is told: then what happened twice may be told once, and what came to
 * nothing not at all.
 *
 * A controller's settings are changed while it is down; the kernel tells of them when it is set up.
 *
 * It tells of a controller's state when it goes bus-off, is restarted, and is set up or down; a bus-off that is over within
 * a second it may leave out. ERROR-WARNING and ERROR-PASSIVE, and every bus-off, it tells by error frames: see
 * `Bus.errors`.
 *
 * @example
 * ```ts ignore
 * import { watchLinks } from "@socketcan/bus";
 *
 * for await (const { type, status } of watchLinks()) console.log(type, status.name, status.state);
 * ```
 *
 * @throws {CanInitializationError} A netlink socket cannot be opened.
 * @throws {TypeError} An option is wrong.
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

/** The kernel's multicast messages about links, as events. */
class LinkSource implements Source<LinkEvent> {
  readonly fd: number;
  /** None are lost for good: the links are read anew. */
  readonly droppedFrames = 0;
  readonly idle = false;
  readonly #libc: Libc;
  readonly #socket: NetlinkSocket;
  readonly #options: SocketOptions;
  readonly #readiness: Readiness;
  readonly #links: KnownLinks;
  /** Events that nobody has asked for yet. */
  #events: LinkEvent[] = [];
  /** Whether messages were lost since the links were read last. */
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
      // Only now: what changes meanwhile comes as an event.
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

  /** Takes up what the kernel tells next; returns whether it told something. */
  #read(): boolean {
    let messages: NetlinkMessage[];
    try {
      messages = this.#socket.receive();
    } catch (error) {
      if (!(error instanceof CanError) || error.errno !== ENOBUFS) throw error;
      this.#overrun = true;
      return true; // what came before the loss, and after, is still there to be read
    }
    for (const message of messages) this.#events.push(...this.#eventsOf(message));
    if (messages.length > 0 || !this.#overrun) return messages.length > 0;
    this.#events.push(...this.#links.are(this.#list()));
    this.#overrun = false;
    return true;
  }

  #eventsOf({ type, payload }: NetlinkMessage): LinkEvent[] {
    if (type !== RTM_NEWLINK && type !== RTM_DELLINK) return [];
    const status = readStatus(payload, null);
    if (status === null) return [];
    if (type === RTM_DELLINK) return this.#links.went(status.index);
    return this.#links.is({ ...status, driver: this.#links.driverOf(status.index) ?? this.#driverOf(status.name) });
  }

  #list(): LinkStatus[] {
    using requests = new LinkRequests(this.#libc);
    return requests.list();
  }

  /** Null also if the link is gone already. */
  #driverOf(name: string): string | null {
    const driver = interfaceDriver(this.#libc, this.fd, name);
    return typeof driver === "string" && driver !== "" ? driver : null;
  }
}
