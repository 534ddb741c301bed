/**
 * What is asked of the kernel about links, and what it says when it refuses.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { type CanError, type CanErrorDetails, CanInitializationError, CanOperationError } from "../errors.ts";
import { EEXIST, ENODEV, EOPNOTSUPP, EPERM, ESRCH } from "../kernel/errno.ts";
import { linkTable } from "../kernel/if_link.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../kernel/netlink.ts";
import { type Attributes, decodeAttributes, encodeAttributes } from "../kernel/nlattr.ts";
import {
  decodeLinkMessage,
  encodeLinkMessage,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
} from "../kernel/rtnetlink.ts";
import { canInterfaces, interfaceDriver } from "../socket/interfaces.ts";
import { systemError } from "../socket/system_error.ts";
import { type Answer, NetlinkSocket } from "./netlink_socket.ts";
import { type LinkStatistics, readStatistics } from "./statistics.ts";
import { type LinkStatus, readStatus } from "./status.ts";

/** How somebody comes to be allowed to change links. */
const CAPABILITY =
  `changing links takes the capability CAP_NET_ADMIN: run it with sudo, or give it to the runtime with ` +
  `"sudo setcap cap_net_admin+ep $(readlink -f $(command -v deno))" (or bun), or to a systemd unit with ` +
  `"AmbientCapabilities=CAP_NET_ADMIN"`;

/** What a request says of a link. */
export type LinkValues = Attributes<typeof linkTable>;

/** A link by its name or its number. */
export type Which = string | number;

/** What an error says beside what the kernel answered. */
export interface RefusalDetails {
  /** Default: CanOperationError. */
  readonly Class?: new (message: string, details: CanErrorDetails) => CanError;
  /** The link's name. */
  readonly channel?: string;
  /** What to do, where the errno alone does not tell. */
  readonly advice?: string;
  /** What the link is like now. */
  readonly outcome?: string;
}

/** The kernel's side of links, over one socket, until the end of a `using` block. */
export class LinkRequests implements Disposable {
  readonly #libc: Libc;
  readonly #socket: NetlinkSocket;

  /**
   * @throws {CanInitializationError} No socket can be opened.
   * @throws {CanInterfaceNotImplementedError} The system has none.
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
   * @param known The name that it had, for errors.
   * @throws {CanError} There is none, or it is not CAN.
   */
  status(which: Which, known?: string): LinkStatus {
    const payload = this.#get(which, known, RTEXT_FILTER_SKIP_STATS);
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

  /** What a link has counted. */
  statistics(index: number, known: string): LinkStatistics {
    return readStatistics(this.#get(index, known, 0), performance.now() / 1000);
  }

  /** All CAN links. */
  list(): LinkStatus[] {
    const answer = this.#socket.dump(RTM_GETLINK, request(0, { filter: RTEXT_FILTER_SKIP_STATS }));
    if (answer.error !== 0) throw this.error("list the links", answer);
    return answer.messages.map(({ payload }) => this.#readStatus(payload)).filter((status) => status !== null);
  }

  /** Whether there is a link of that number. */
  exists(index: number): boolean {
    return this.#socket.request(RTM_GETLINK, 0, request(index, { filter: RTEXT_FILTER_SKIP_STATS })).error !== -ENODEV;
  }

  /** Makes a link. */
  create(values: LinkValues, flags = 0): Answer {
    return this.#socket.request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, request(0, values, flags));
  }

  /**
   * Changes a link.
   *
   * @param flags IFF_* bits to set or clear: those in `change`.
   */
  change(index: number, values: LinkValues, flags = 0, change = 0): Answer {
    return this.#socket.request(RTM_NEWLINK, 0, request(index, values, flags, change));
  }

  /** Removes a link. */
  delete(index: number): Answer {
    return this.#socket.request(RTM_DELLINK, 0, request(index, {}));
  }

  /** An error for a refusal: the kernel's own words, if it has any, and what to do. */
  error(action: string, { error, message }: Answer, details: RefusalDetails = {}): CanError {
    const { Class = CanOperationError, channel, advice = adviceFor(error), outcome } = details;
    const words = [message && `the kernel says "${message}"`, advice, outcome].filter(Boolean).join("; ");
    return systemError(Class, action, "netlink", error, channel, words || undefined);
  }

  #get(which: Which, known: string | undefined, filter: number): Uint8Array {
    const byName = typeof which === "string";
    const values = byName ? { filter, name: which } : { filter };
    const answer = this.#socket.request(RTM_GETLINK, 0, request(byName ? 0 : which, values));
    const [message] = answer.messages;
    if (answer.error === 0 && message) return message.payload;
    const name = known ?? (byName ? which : undefined);
    const listed = canInterfaces(this.#libc, this.#socket.fd);
    const make = byName && /^vcan/.test(which) ? `Link.create("${which}") makes a virtual one; ` : "";
    const [Class, advice] = known === undefined
      ? [CanInitializationError, `${make}${listed}`] as const
      : [CanOperationError, `the link is gone; ${listed}`] as const;
    const refusal = answer.error === 0 ? { ...answer, error: -ENODEV } : answer;
    const text = name === undefined ? `${which}` : `"${name}"`;
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

/** What to do, where it does not depend on what was tried. */
function adviceFor(error: number): string | undefined {
  switch (-error) {
    case EPERM:
      return CAPABILITY;
    case ENODEV:
      return "the link is gone";
    case EEXIST:
      return "there is a link of that name already";
    case ESRCH:
      return "there is no such process";
    case EOPNOTSUPP:
      return "the link's driver does not do that";
  }
}
