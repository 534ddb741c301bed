/**
 * CAN links: made, configured and looked at without `ip`.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { openLibc } from "../../ffi/open.ts";
import { checkWhole } from "../check.ts";
import { CanOperationError } from "../errors.ts";
import { EBUSY, EINVAL, EOPNOTSUPP } from "../kernel/errno.ts";
import { IFF_UP, isInterfaceName } from "../kernel/if.ts";
import { changeLink, TAKE_DOWN, withController } from "./change.ts";
import { controllerSettings } from "./controller.ts";
import { makeVcan, makeVxcan } from "./make.ts";
import { namespaceAdvice, withNamespace } from "./namespace.ts";
import type { Answer } from "./netlink_socket.ts";
import {
  checkChangeOptions,
  checkConfiguration,
  checkLinkName,
  checkLinkOptions,
  checkMaking,
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
 * A CAN interface of this host, as `ip link` sees it. It is known by its number: renaming it elsewhere does not lose it.
 * Holds nothing open. To look needs no permission; to change takes the capability CAP_NET_ADMIN.
 *
 * @example Looking
 * ```ts
 * import { Link } from "@socketcan/bus";
 *
 * for (const { name, kind, isUp, state, bitTiming } of Link.statuses()) {
 *   console.log(name, kind, isUp, state, bitTiming?.bitrate);
 * }
 * ```
 *
 * @example A virtual link
 * ```ts ignore
 * const link = Link.create("vcan7", { up: true });
 * using bus = new Bus("vcan7");
 * link.delete();
 * ```
 *
 * @example A device
 * ```ts ignore
 * const can0 = Link.open("can0");
 * can0.configure({ bitrate: 500_000, restartMs: 100, modes: { "berr-reporting": true } }, { restartLink: true });
 * can0.up();
 * ```
 */
export class Link {
  /** The kernel's number of the link. */
  readonly index: number;
  readonly #libc: Libc;
  #name: string;

  private constructor(libc: Libc, { index, name }: LinkStatus) {
    this.#libc = libc;
    this.index = index;
    this.#name = name;
  }

  /**
   * Makes a virtual link, a vcan.
   *
   * @param name 1 to 15 bytes, without spaces, `/`, `:` and `%`.
   * @returns The link; null if it was made in another network namespace, as it cannot be reached from this one.
   * @throws {CanInitializationError} There is a link of that name, this kernel has no vcan, this process may not.
   * @throws {RangeError} The name or an option is out of range.
   * @throws {TypeError} An option is unknown or of the wrong type.
   */
  static create(name: string, options?: VcanOptions & { readonly netns?: undefined }): Link;
  /** Makes a vcan in another network namespace. */
  static create(name: string, options: VcanOptions): Link | null;
  static create(name: string, options: VcanOptions = {}): Link | null {
    const libc = libcOf(checkMaking("Link.create", options, "vcan", "netns"));
    checkLinkName("name", name);
    using requests = new LinkRequests(libc);
    const status = makeVcan(libc, requests, name, options);
    return status && new Link(libc, status);
  }

  /**
   * Makes two virtual links, a vxcan: what goes into one comes out of the other. Frames pass while both are up.
   *
   * @param name As for `create`.
   * @param peerName The same for the other one, which may be in another network namespace: `peerNetns`.
   * @returns Both; null for the second one if `peerNetns` says where it is.
   * @throws {CanInitializationError} There is a link of such a name, this kernel has no vxcan, this process may not.
   * @throws {RangeError} A name or an option is out of range.
   * @throws {TypeError} An option is unknown or of the wrong type.
   */
  static createPair(
    name: string,
    peerName: string,
    options?: VxcanOptions & { readonly peerNetns?: undefined },
  ): [Link, Link];
  /** Makes a pair of which one is in another network namespace. */
  static createPair(name: string, peerName: string, options: VxcanOptions): [Link, Link | null];
  static createPair(name: string, peerName: string, options: VxcanOptions = {}): [Link, Link | null] {
    const libc = libcOf(checkMaking("Link.createPair", options, "vxcan", "peerNetns"));
    checkLinkName("name", name);
    checkLinkName("peerName", peerName);
    if (name === peerName && options.peerNetns === undefined) {
      throw new RangeError(`peerName is "${peerName}": the two links must have different names`);
    }
    using requests = new LinkRequests(libc);
    const [status, peer] = makeVxcan(libc, requests, [name, peerName], options);
    return [new Link(libc, status), peer && new Link(libc, peer)];
  }

  /**
   * A CAN link that there is, by its name or number.
   *
   * @throws {CanInitializationError} There is none, or it is not CAN.
   * @throws {RangeError} No link can have that name or number.
   */
  static open(link: string | number, options: LinkOptions = {}): Link {
    if (typeof link === "number") checkWhole("index", link, 1, 0x7fffffff);
    else if (typeof link !== "string") throw new TypeError(`Link.open takes a name or an index, not ${String(link)}`);
    else if (link === "" || !isInterfaceName(link)) {
      throw new RangeError(`name is ${JSON.stringify(link)}: it must have 1 to 15 bytes, none of them zero`);
    }
    const libc = libcOf(checkLinkOptions("Link.open", options));
    using requests = new LinkRequests(libc);
    return new Link(libc, requests.status(link));
  }

  /**
   * All CAN links of this network namespace, by their numbers.
   *
   * @throws {CanOperationError} They could not be listed.
   */
  static list(options: LinkOptions = {}): Link[] {
    const libc = libcOf(checkLinkOptions("Link.list", options));
    using requests = new LinkRequests(libc);
    return requests.list().sort((a, b) => a.index - b.index).map((status) => new Link(libc, status));
  }

  /**
   * The status of each CAN link of this network namespace, by their numbers: all as they were at one time, where `status`
   * of a link of `list` fails if the link has gone meanwhile.
   *
   * @throws {CanOperationError} They could not be listed.
   */
  static statuses(options: LinkOptions = {}): LinkStatus[] {
    using requests = new LinkRequests(libcOf(checkLinkOptions("Link.statuses", options)));
    return requests.list().sort((a, b) => a.index - b.index);
  }

  /** What a link counted between two readings of `statistics`. */
  static delta(before: LinkStatistics, after: LinkStatistics): LinkStatisticsDelta {
    return statisticsDelta(before, after);
  }

  /** The name, such as `"can0"`, as it was when this object last looked: `status` looks. */
  get name(): string {
    return this.#name;
  }

  /**
   * Everything that the kernel tells of the link now.
   *
   * @throws {CanOperationError} The link is gone.
   */
  status(): LinkStatus {
    using requests = this.#ask();
    return this.#status(requests);
  }

  /**
   * What the link has counted by now.
   *
   * @throws {CanOperationError} The link is gone.
   */
  statistics(): LinkStatistics {
    using requests = this.#ask();
    return requests.statistics(this.index, this.#name);
  }

  /**
   * Changes settings, those that are given, in one step. If it fails, they are set back to what they were as far as that
   * can be, and the error says so.
   *
   * @throws {RangeError} The controller cannot do it; the message tells what it can. Nothing was changed.
   * @throws {TypeError} A setting is unknown, of the wrong type, or missing beside others. Nothing was changed.
   * @throws {CanOperationError} The link is up and must be down for that, this process may not, or the kernel refused.
   */
  configure(configuration: LinkConfiguration, options: LinkChangeOptions = {}): void {
    const wanted = checkConfiguration(configuration);
    const { restartLink = false } = checkChangeOptions("configure", options);
    using requests = this.#ask();
    const before = this.#status(requests);
    const { mtu, txQueueLength } = wanted;
    const values = withController({ mtu, txQueueLength }, controllerSettings(wanted, before));
    const needDown = settingsThatNeedDown(wanted);
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
   * Brings the link up; nothing happens if it is.
   *
   * @throws {CanOperationError} A device has no bitrate yet, this process may not, the link is gone.
   */
  up(): void {
    using requests = this.#ask();
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
   * Takes the link down; nothing happens if it is. Sockets on it are told `ENETDOWN` once, and work again when it is up.
   *
   * @throws {CanOperationError} This process may not, the link is gone.
   */
  down(): void {
    using requests = this.#ask();
    const answer = requests.change(this.index, {}, 0, IFF_UP);
    if (answer.error !== 0) throw this.#error(requests, `take down "${this.#name}"`, answer);
  }

  /**
   * Restarts a controller that went bus-off, at once. Where `restartMs` is set the kernel does that itself.
   *
   * @throws {CanOperationError} It is not bus-off, restarts itself, is down or no device; this process may not.
   */
  restart(): void {
    using requests = this.#ask();
    const answer = requests.change(this.index, withController({}, { restart: 1 }));
    if (answer.error === 0) return;
    const { kind, isUp, restartMs, state } = this.#status(requests);
    const why = kind !== "can"
      ? "only a device's controller goes bus-off"
      : !isUp
      ? "it is down: up() starts it"
      : restartMs
      ? `it restarts itself after ${restartMs} ms: only with a restartMs of 0 it can be done by hand`
      : state !== "BUS-OFF" && [-EBUSY, -EINVAL].includes(answer.error)
      ? `its state is ${state}: only a controller that is BUS-OFF can be restarted`
      : undefined;
    throw this.#error(requests, `restart "${this.#name}"`, answer, why);
  }

  /**
   * Gives the link another name. Before Linux 6.2 it must be down for that.
   *
   * @param name As for `create`.
   * @throws {CanOperationError} Another one has it, the link is up, this process may not, the link is gone.
   * @throws {RangeError} No link can have it.
   */
  rename(name: string, options: LinkChangeOptions = {}): void {
    checkLinkName("name", name);
    const { restartLink } = checkChangeOptions("rename", options);
    using requests = this.#ask();
    let answer = requests.change(this.index, { name });
    let up: Answer | null = null;
    if (answer.error === -EBUSY && restartLink) {
      const down = requests.change(this.index, {}, 0, IFF_UP);
      if (down.error !== 0) throw this.#error(requests, `take down "${this.#name}" to rename it`, down);
      answer = requests.change(this.index, { name });
      up = requests.change(this.index, {}, IFF_UP, IFF_UP);
    }
    const advice = answer.error === -EBUSY ? `it is up: ${TAKE_DOWN}` : undefined;
    if (answer.error !== 0) throw this.#error(requests, `rename "${this.#name}" to "${name}"`, answer, advice);
    this.#name = name;
    if (up !== null && up.error !== 0) {
      throw this.#error(requests, `bring up "${name}" again, which has its new name`, up);
    }
  }

  /**
   * Removes a virtual link; of a vxcan, both ends. A device's link goes with the device, and not otherwise.
   *
   * @throws {CanOperationError} It is a device's, this process may not, the link is gone.
   */
  delete(): void {
    using requests = this.#ask();
    const answer = requests.delete(this.index);
    // The kernel says yes to the removal of a device's link, and does not do it.
    const kept = answer.error === 0 && requests.exists(this.index);
    if (answer.error === 0 && !kept) return;
    const refusal = kept ? { ...answer, error: -EOPNOTSUPP } : answer;
    const advice = kept || answer.error === -EOPNOTSUPP
      ? "it is a device's, and goes when the device is unplugged or its driver unloaded"
      : undefined;
    throw this.#error(requests, `delete "${this.#name}"`, refusal, advice);
  }

  /**
   * Moves the link to another network namespace, where it is down. It cannot be reached from this one any more.
   *
   * @param netns A name, as `ip netns` has it, the path of its file, or the number of a process that is in it.
   * @throws {CanInitializationError} There is no such namespace.
   * @throws {CanOperationError} There is a link of its name already, this process may not, the link is gone.
   */
  moveTo(netns: string | number): void {
    checkNamespace("netns", netns);
    using requests = this.#ask();
    const answer = withNamespace(this.#libc, netns, (namespace) => requests.change(this.index, namespace));
    if (answer.error !== 0) {
      const where = typeof netns === "string" ? `"${netns}"` : `of process ${netns}`;
      const advice = namespaceAdvice(netns, answer);
      throw this.#error(requests, `move "${this.#name}" to the network namespace ${where}`, answer, advice);
    }
  }

  /** `can0 (link 3)`. */
  toString(): string {
    return `${this.#name} (link ${this.index})`;
  }

  #ask(): LinkRequests {
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
