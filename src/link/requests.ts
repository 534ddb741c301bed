/**
 * Requests to the kernel about links, and the errors for its refusals.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { type CanError, type CanErrorDetails, CanInitializationError, CanOperationError } from "../errors.ts";
import { EEXIST, ENODEV, EOPNOTSUPP, EPERM, ESRCH } from "../kernel/errno.ts";
import type { QueueStats } from "../kernel/gen_stats.ts";
import { linkTable } from "../kernel/if_link.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../kernel/netlink.ts";
import { type Attributes, decodeAttributes, encodeAttributes } from "../kernel/nlattr.ts";
import {
  decodeLinkMessage,
  decodeQueueMessage,
  encodeLinkMessage,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_GETQDISC,
  RTM_NEWLINK,
  TCMSG_SIZE,
} from "../kernel/rtnetlink.ts";
import { canInterfaces, interfaceDriver } from "../socket/interfaces.ts";
import { systemError } from "../socket/system_error.ts";
import type { ControllerMode } from "./names.ts";
import { type Answer, NetlinkSocket } from "./netlink_socket.ts";
import { type LinkStatistics, readStatistics } from "./statistics.ts";
import { type LinkStatus, readStatus } from "./status.ts";

/** How to get the privilege to change links. */
const CAPABILITY =
  `changing links requires the capability CAP_NET_ADMIN: run with sudo, or give it to the runtime with ` +
  `"sudo setcap cap_net_admin+ep $(readlink -f $(command -v deno))" (or bun), or to a container with ` +
  `"--cap-add=NET_ADMIN", or to a systemd unit with ` +
  `"AmbientCapabilities=CAP_NET_ADMIN"`;

/** A link's attributes in a request. */
export type LinkValues = Attributes<typeof linkTable>;

/** A link's name or index. */
export type LinkKey = string | number;

/** What an error says in addition to the kernel's answer. */
export interface RefusalDetails {
  /** Default: CanOperationError. */
  readonly Class?: new (message: string, details: CanErrorDetails) => CanError;
  /** The link's name. */
  readonly channel?: string;
  /** What to do. Default: what follows from the errno alone. */
  readonly advice?: string;
  /** The link's state after the refusal. */
  readonly outcome?: string;
}

/** Requests about links over one netlink socket, open until the end of a `using` block. */
export class LinkRequests implements Disposable {
  readonly #libc: Libc;
  readonly #socket: NetlinkSocket;

  /**
   * @throws {CanInitializationError} The netlink socket cannot be opened.
   * @throws {CanInterfaceNotImplementedError} The system has no netlink sockets.
   */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#socket = new NetlinkSocket(libc);
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    this.#socket.close();
  }

  /**
   * The status of a CAN link.
   *
   * @param known The link's last known name, for errors; absent while a link is being opened.
   * @throws {CanError} There is no such link, or it is not a CAN interface.
   */
  status(key: LinkKey, known?: string): LinkStatus {
    const payload = this.#get(key, known, RTEXT_FILTER_SKIP_STATS);
    const status = this.#readStatus(payload);
    if (status !== null) return status;
    const { name } = decodeAttributes(linkTable, decodeLinkMessage(payload).attributes);
    const listed = canInterfaces(this.#libc, this.#socket.fd);
    throw new CanInitializationError(`Cannot open link "${name}": it is not a CAN interface; ${listed}`, {
      code: "ENODEV",
      errno: ENODEV,
      channel: name,
    });
  }

  /**
   * The modes of a link's controller; none for a link without a controller.
   *
   * @throws {CanError} There is no such link.
   */
  modes(key: LinkKey): readonly ControllerMode[] {
    return readStatus(this.#get(key, undefined, RTEXT_FILTER_SKIP_STATS), null)?.modes ?? [];
  }

  /** A link's statistics. */
  statistics(index: number, known: string): LinkStatistics {
    return readStatistics(this.#get(index, known, 0), performance.now() / 1000);
  }

  /** The queue of frames that a link is to send; null for one without, and from a kernel without traffic control. */
  queue(index: number): QueueStats | null {
    const answer = this.#socket.dump(RTM_GETQDISC, new Uint8Array(TCMSG_SIZE));
    if (answer.error === -EOPNOTSUPP) return null;
    if (answer.error !== 0) throw this.error("read the queues of the links", answer);
    const queues = answer.messages.map(({ payload }) => decodeQueueMessage(payload));
    return queues.find((each) => each?.index === index)?.queue ?? null;
  }

  /** The status of all CAN links. */
  list(): LinkStatus[] {
    const answer = this.#socket.dump(RTM_GETLINK, request(0, { filter: RTEXT_FILTER_SKIP_STATS }));
    if (answer.error !== 0) throw this.error("list the links", answer);
    return answer.messages.map(({ payload }) => this.#readStatus(payload)).filter((status) => status !== null);
  }

  /** What kind of interface has a name. */
  find(name: string): "can" | "other" | "none" {
    const { error, messages: [message] } = this.#socket.request(
      RTM_GETLINK,
      0,
      request(0, { filter: RTEXT_FILTER_SKIP_STATS, name }),
    );
    return error !== 0 || !message ? "none" : readStatus(message.payload, null) === null ? "other" : "can";
  }

  /** Whether there is a link with that index. */
  exists(index: number): boolean {
    return this.#socket.request(RTM_GETLINK, 0, request(index, { filter: RTEXT_FILTER_SKIP_STATS })).error !== -ENODEV;
  }

  /** Creates a link. */
  create(values: LinkValues, flags = 0): Answer {
    return this.#socket.request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, request(0, values, flags));
  }

  /**
   * Changes a link.
   *
   * @param flags IFF_* bits to set; those in `change` but not here are cleared.
   */
  change(index: number, values: LinkValues, flags = 0, change = 0): Answer {
    return this.#socket.request(RTM_NEWLINK, 0, request(index, values, flags, change));
  }

  /** Deletes a link. */
  delete(index: number): Answer {
    return this.#socket.request(RTM_DELLINK, 0, request(index, {}));
  }

  /** The error for a refusal, with the kernel's own message, if any, and advice. */
  error(action: string, { error, message }: Answer, details: RefusalDetails = {}): CanError {
    const { Class = CanOperationError, channel, advice = adviceFor(error), outcome } = details;
    const words = [message && `the kernel says "${message}"`, advice, outcome].filter(Boolean).join("; ");
    return systemError(Class, action, "netlink", error, channel, words || undefined);
  }

  #get(key: LinkKey, known: string | undefined, filter: number): Uint8Array {
    const byName = typeof key === "string";
    const values = byName ? { filter, name: key } : { filter };
    const answer = this.#socket.request(RTM_GETLINK, 0, request(byName ? 0 : key, values));
    const [message] = answer.messages;
    if (answer.error === 0 && message) return message.payload;
    const name = known ?? (byName ? key : undefined);
    const listed = canInterfaces(this.#libc, this.#socket.fd);
    const remedy = byName ? `${remedyFor(key)}; ` : "";
    const [Class, advice] = known === undefined
      ? [CanInitializationError, `${remedy}${listed}`] as const
      : [CanOperationError, `the link is gone; ${listed}`] as const;
    const refusal = answer.error === 0 ? { ...answer, error: -ENODEV } : answer;
    const text = name === undefined ? `${key}` : `"${name}"`;
    throw this.error(`read link ${text}`, refusal, {
      Class,
      channel: name,
      ...refusal.error === -ENODEV && { advice },
    });
  }

  #readStatus(payload: Uint8Array): LinkStatus | null {
    const status = readStatus(payload, null);
    if (status === null) return null;
    const driver = interfaceDriver(this.#libc, this.#socket.fd, status.name);
    return { ...status, driver: typeof driver === "string" && driver !== "" ? driver : null };
  }
}

/** The payload of a request. */
export function request(index: number, values: LinkValues, flags = 0, change = flags): Uint8Array {
  return encodeLinkMessage({ type: 0, index, flags, change, attributes: encodeAttributes(linkTable, values) });
}

/** What to do about a link that does not exist. */
function remedyFor(name: string): string {
  if (/^vcan/.test(name)) return `Link.create("${name}") creates a virtual one`;
  if (/^vxcan/.test(name)) return `Link.createPair("${name}", …) creates a virtual pair`;
  return `is its device connected, and the driver loaded? (Link.create("${name}") creates a virtual one)`;
}

/** Advice that follows from the errno alone. */
function adviceFor(error: number): string | undefined {
  switch (-error) {
    case EPERM:
      return CAPABILITY;
    case ENODEV:
      return "the link is gone: it was deleted or moved, or its device was unplugged";
    case EEXIST:
      return "a link with that name already exists: choose another name, or delete or rename that link first";
    case ESRCH:
      return "there is no such process";
    case EOPNOTSUPP:
      return "the link's driver does not support that";
  }
}
