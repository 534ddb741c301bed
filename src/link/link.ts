/**
 * CAN links: created, configured and read without `ip`.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { openLibc } from "../../ffi/open.ts";
import { checkWhole, show } from "../check.ts";
import { CanOperationError } from "../errors.ts";
import { EBUSY, EEXIST, EINVAL, EOPNOTSUPP } from "../kernel/errno.ts";
import { IFF_UP, isInterfaceName } from "../kernel/if.ts";
import { changeLink, TAKE_DOWN, withController } from "./change.ts";
import { controllerSettings } from "./controller.ts";
import { createVcan, createVxcan } from "./create.ts";
import { namespaceAdvice, withNamespace } from "./namespace.ts";
import type { Answer } from "./netlink_socket.ts";
import {
  checkChangeOptions,
  checkConfiguration,
  checkCreateOptions,
  checkLinkName,
  checkLinkOptions,
  checkNamespace,
  type LinkChangeOptions,
  type LinkConfiguration,
  type LinkOptions,
  settingsThatNeedDown,
  type VcanOptions,
  type VxcanOptions,
} from "./options.ts";
import { LinkRequests } from "./requests.ts";
import { type LinkStatistics, type LinkStatisticsDelta, statisticsDelta } from "./statistics.ts";
import type { LinkStatus } from "./status.ts";

/**
 * A CAN interface of this host, as `ip link` sees it. A link is identified by its index, so this object stays valid
 * when the interface is renamed. It holds no descriptor. Reading needs no privilege; changes need the capability
 * CAP_NET_ADMIN.
 *
 * It uses rtnetlink, as `ip link` does: see [rtnetlink(7)](https://man7.org/linux/man-pages/man7/rtnetlink.7.html) and
 * the [kernel documentation](https://docs.kernel.org/networking/can.html).
 *
 * @example Read the status of all links
 * ```ts
 * import { Link } from "@socketcan/bus";
 *
 * for (const { name, kind, isUp, state, bitTiming } of Link.statuses()) {
 *   console.log(name, kind, isUp, state, bitTiming?.bitrate);
 * }
 * ```
 *
 * @example Create a virtual link
 * ```ts ignore
 * const link = Link.create("vcan7", { up: true });
 * using bus = new Bus("vcan7");
 * link.delete();
 * ```
 *
 * @example Configure a device
 * ```ts ignore
 * const can0 = Link.open("can0");
 * can0.configure({ bitrate: 500_000, restartMs: 100, modes: { "berr-reporting": true } }, { restartLink: true });
 * can0.up();
 * ```
 *
 * @category Links
 */
export class Link {
  /** The kernel's index of the interface. */
  readonly index: number;
  readonly #libc: Libc;
  #name: string;

  private constructor(libc: Libc, { index, name }: LinkStatus) {
    this.#libc = libc;
    this.index = index;
    this.#name = name;
  }

  /**
   * Creates a virtual link, a vcan.
   *
   * @param name 1 to 15 bytes, without spaces, `/`, `:` and `%`.
   * @returns The link; null if it was created in another network namespace, where it cannot be reached from this one.
   * @throws {CanInitializationError} A link with that name exists, this kernel has no vcan, or CAP_NET_ADMIN is
   * missing.
   * @throws {RangeError} The name or an option is out of range.
   * @throws {TypeError} An option is unknown or of the wrong type.
   */
  static create(name: string, options?: VcanOptions & { readonly netns?: undefined }): Link;
  /** Creates a vcan in another network namespace. */
  static create(name: string, options: VcanOptions): Link | null;
  static create(name: string, options: VcanOptions = {}): Link | null {
    const libc = libcOf(checkCreateOptions("Link.create", options, "vcan", "netns"));
    checkLinkName("name", name);
    using requests = new LinkRequests(libc);
    const status = createVcan(libc, requests, name, options);
    return status && new Link(libc, status);
  }

  /**
   * Creates two connected virtual links, a vxcan: what is sent into one is received from the other, while both are up.
   *
   * @param name The first end's name, as for `create`.
   * @param peerName The other end's name; `peerNetns` puts that end into another network namespace.
   * @returns Both ends; null for the second one if `peerNetns` is given.
   * @throws {CanInitializationError} A link with such a name exists, this kernel has no vxcan, or CAP_NET_ADMIN is
   * missing.
   * @throws {RangeError} A name or an option is out of range.
   * @throws {TypeError} An option is unknown or of the wrong type.
   */
  static createPair(
    name: string,
    peerName: string,
    options?: VxcanOptions & { readonly peerNetns?: undefined },
  ): [Link, Link];
  /** Creates a pair whose second end is in another network namespace. */
  static createPair(name: string, peerName: string, options: VxcanOptions): [Link, Link | null];
  static createPair(name: string, peerName: string, options: VxcanOptions = {}): [Link, Link | null] {
    const libc = libcOf(checkCreateOptions("Link.createPair", options, "vxcan", "peerNetns"));
    checkLinkName("name", name);
    checkLinkName("peerName", peerName);
    if (name === peerName && options.peerNetns === undefined) {
      throw new RangeError(`peerName is "${peerName}": the two links must have different names`);
    }
    using requests = new LinkRequests(libc);
    const [status, peer] = createVxcan(libc, requests, [name, peerName], options);
    return [new Link(libc, status), peer && new Link(libc, peer)];
  }

  /**
   * Opens an existing CAN link by its name or index.
   *
   * @throws {CanInitializationError} There is no such link, or it is not a CAN interface.
   * @throws {RangeError} No link can have that name or index.
   */
  static open(link: string | number, options: LinkOptions = {}): Link {
    if (typeof link === "number") checkWhole("index", link, 1, 0x7fffffff);
    else if (typeof link !== "string") throw new TypeError(`Link.open takes a name or an index, not ${show(link)}`);
    else if (link === "" || !isInterfaceName(link)) {
      throw new RangeError(`name is ${JSON.stringify(link)}: it must have 1 to 15 bytes, none of them zero`);
    }
    const libc = libcOf(checkLinkOptions("Link.open", options));
    using requests = new LinkRequests(libc);
    return new Link(libc, requests.status(link));
  }

  /**
   * Returns all CAN links of this network namespace, sorted by index.
   *
   * @throws {CanOperationError} The links could not be listed.
   */
  static list(options: LinkOptions = {}): Link[] {
    const libc = libcOf(checkLinkOptions("Link.list", options));
    using requests = new LinkRequests(libc);
    return requests.list().sort((a, b) => a.index - b.index).map((status) => new Link(libc, status));
  }

  /**
   * Returns the status of every CAN link of this network namespace, sorted by index, from one reading. (`status` of a
   * link from `list` throws if the link has been deleted since.)
   *
   * @throws {CanOperationError} The links could not be listed.
   */
  static statuses(options: LinkOptions = {}): LinkStatus[] {
    using requests = new LinkRequests(libcOf(checkLinkOptions("Link.statuses", options)));
    return requests.list().sort((a, b) => a.index - b.index);
  }

  /** Returns the differences between two readings of `statistics`. */
  static delta(before: LinkStatistics, after: LinkStatistics): LinkStatisticsDelta {
    return statisticsDelta(before, after);
  }

  /** The interface's name, such as `"can0"`, as last read by this object; `status` reads it. */
  get name(): string {
    return this.#name;
  }

  /**
   * Reads everything that the kernel reports about the link.
   *
   * @throws {CanOperationError} The link no longer exists.
   */
  status(): LinkStatus {
    using requests = this.#open();
    return this.#status(requests);
  }

  /**
   * Reads the link's counters.
   *
   * @throws {CanOperationError} The link no longer exists.
   */
  statistics(): LinkStatistics {
    using requests = this.#open();
    return requests.statistics(this.index, this.#name);
  }

  /**
   * Changes the given settings, all in one request. If that fails, the earlier settings are restored as far as
   * possible, and the error says what state the link is in.
   *
   * @throws {RangeError} The controller does not support a setting; the message says what it supports. Nothing was
   * changed.
   * @throws {TypeError} A setting is unknown, of the wrong type, or required by another one and missing. Nothing was
   * changed.
   * @throws {CanOperationError} The link must be down for the change, CAP_NET_ADMIN is missing, or the kernel refused.
   */
  configure(configuration: LinkConfiguration, options: LinkChangeOptions = {}): void {
    const requested = checkConfiguration(configuration);
    const { restartLink = false } = checkChangeOptions("configure", options);
    using requests = this.#open();
    const before = this.#status(requests);
    const { mtu, txQueueLength } = requested;
    const values = withController({ mtu, txQueueLength }, controllerSettings(requested, before));
    const needDown = settingsThatNeedDown(requested);
    if (before.isUp && !restartLink && needDown.length > 0) {
      throw new CanOperationError(
        `Cannot configure "${this.#name}" while it is up: ${
          needDown.join(", ")
        } can only be changed while it is down; ` +
          TAKE_DOWN,
        { code: "EBUSY", errno: EBUSY, channel: this.#name },
      );
    }
    changeLink(requests, before, values, restartLink && needDown.length > 0);
  }

  /**
   * Sets the MTU, as `configure({ mtu })` does.
   *
   * @param mtu 16, 72 or 2060.
   * @throws As `configure`.
   */
  setMtu(mtu: number, options?: LinkChangeOptions): void {
    this.configure({ mtu }, options);
  }

  /**
   * Brings the link up; does nothing if it is up.
   *
   * @throws {CanOperationError} A device has no bitrate yet, CAP_NET_ADMIN is missing, or the link no longer exists.
   */
  up(): void {
    using requests = this.#open();
    const answer = requests.change(this.index, {}, IFF_UP, IFF_UP);
    if (answer.error === 0) return;
    const { kind, bitTiming, dataBitTiming, modes } = this.#status(requests);
    const advice = kind !== "can" || answer.error !== -EINVAL
      ? undefined
      : bitTiming === null
      ? "it has no bitrate yet: configure({ bitrate: 500_000 }) sets one"
      : modes?.includes("fd") && dataBitTiming === null
      ? "it has no bitrate for the data phase yet: configure({ dataBitrate: 2_000_000 }) sets one"
      : undefined;
    throw this.#error(requests, `bring up "${this.#name}"`, answer, advice);
  }

  /**
   * Takes the link down; does nothing if it is down. On each socket bound to it the next receive fails once with
   * `ENETDOWN`; the socket works again when the link is up.
   *
   * @throws {CanOperationError} CAP_NET_ADMIN is missing, or the link no longer exists.
   */
  down(): void {
    using requests = this.#open();
    const answer = requests.change(this.index, {}, 0, IFF_UP);
    if (answer.error !== 0) throw this.#error(requests, `take down "${this.#name}"`, answer);
  }

  /**
   * Restarts a controller that went bus-off, at once. With a `restartMs` other than 0 the kernel restarts it by itself.
   *
   * @throws {CanOperationError} The controller is not bus-off, restarts automatically or is down, the link is virtual,
   * or CAP_NET_ADMIN is missing.
   */
  restart(): void {
    using requests = this.#open();
    const answer = requests.change(this.index, withController({}, { restart: 1 }));
    if (answer.error === 0) return;
    const { kind, isUp, restartMs, state } = this.#status(requests);
    const why = kind !== "can"
      ? "only the controller of a physical device goes bus-off"
      : !isUp
      ? "it is down: up() starts it"
      : restartMs
      ? `it restarts automatically after ${restartMs} ms: only with restartMs 0 can it be restarted by hand`
      : state !== "BUS-OFF" && [-EBUSY, -EINVAL].includes(answer.error)
      ? `its state is ${state}: only a controller that is BUS-OFF can be restarted`
      : undefined;
    throw this.#error(requests, `restart "${this.#name}"`, answer, why);
  }

  /**
   * Renames the link. Before Linux 6.2 it must be down.
   *
   * @param name The new name, as for `create`.
   * @throws {CanOperationError} Another link has that name, the link is up, CAP_NET_ADMIN is missing, or the link no
   * longer exists.
   * @throws {RangeError} No link can have that name.
   */
  rename(name: string, options: LinkChangeOptions = {}): void {
    checkLinkName("name", name);
    const { restartLink } = checkChangeOptions("rename", options);
    using requests = this.#open();
    let answer = requests.change(this.index, { name });
    let up: Answer | null = null;
    if (answer.error === -EBUSY && restartLink) {
      const down = requests.change(this.index, {}, 0, IFF_UP);
      if (down.error !== 0) throw this.#error(requests, `take down "${this.#name}" to rename it`, down);
      answer = requests.change(this.index, { name });
      up = requests.change(this.index, {}, IFF_UP, IFF_UP);
    }
    const advice = answer.error === -EBUSY && up === null ? `it is up: ${TAKE_DOWN}` : undefined;
    if (answer.error !== 0) throw this.#error(requests, `rename "${this.#name}" to "${name}"`, answer, advice);
    this.#name = name;
    if (up !== null && up.error !== 0) {
      throw this.#error(requests, `bring up "${name}" again after renaming it`, up);
    }
  }

  /**
   * Deletes a virtual link; of a vxcan, both ends. The link of a physical device disappears only with the device.
   *
   * @throws {CanOperationError} The link belongs to a device, CAP_NET_ADMIN is missing, or the link no longer exists.
   */
  delete(): void {
    using requests = this.#open();
    const answer = requests.delete(this.index);
    // The kernel accepts the deletion of a device's link, but does not delete it.
    const remains = answer.error === 0 && requests.exists(this.index);
    if (answer.error === 0 && !remains) return;
    const refusal = remains ? { ...answer, error: -EOPNOTSUPP } : answer;
    const advice = remains || answer.error === -EOPNOTSUPP
      ? "it belongs to a device, and disappears when the device is unplugged or its driver unloaded"
      : undefined;
    throw this.#error(requests, `delete "${this.#name}"`, refusal, advice);
  }

  /**
   * Moves the link to another network namespace, where it is down. It can then no longer be reached from this one.
   *
   * @param netns The namespace's name, as `ip netns` lists it, the path of its file, or the ID of a process in it.
   * @throws {CanInitializationError} The namespace does not exist or cannot be opened.
   * @throws {CanOperationError} The namespace has a link with that name, CAP_NET_ADMIN is missing, or the link no
   * longer exists.
   */
  moveTo(netns: string | number): void {
    checkNamespace("netns", netns);
    using requests = this.#open();
    const answer = withNamespace(this.#libc, netns, (namespace) => requests.change(this.index, namespace));
    if (answer.error !== 0) {
      const where = typeof netns === "string" ? `"${netns}"` : `of process ${netns}`;
      const advice = answer.error === -EEXIST
        ? `that network namespace has a link of this name: rename() this one first`
        : namespaceAdvice(netns, answer);
      throw this.#error(requests, `move "${this.#name}" to the network namespace ${where}`, answer, advice);
    }
  }

  /** Returns the name and index: `can0 (link 3)`. */
  toString(): string {
    return `${this.#name} (link ${this.index})`;
  }

  #open(): LinkRequests {
    return new LinkRequests(this.#libc);
  }

  #status(requests: LinkRequests): LinkStatus {
    const status = requests.status(this.index, this.#name);
    this.#name = status.name;
    return status;
  }

  #error(requests: LinkRequests, action: string, answer: Answer, advice?: string): Error {
    return requests.error(action, answer, { channel: this.#name, ...advice !== undefined && { advice } });
  }
}

function libcOf({ libc }: LinkOptions): Libc {
  return openLibc(libc);
}
