/**
 * Controllers in listen-only mode.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanError, CanOperationError } from "../errors.ts";
import { EOPNOTSUPP, errnoName, errnoText } from "../kernel/errno.ts";
import { type LinkKey, LinkRequests } from "./requests.ts";

/** Whether an interface has a controller in listen-only mode; false also if that cannot be read. */
export function isListenOnly(libc: Libc, key: LinkKey): boolean {
  try {
    using requests = new LinkRequests(libc);
    return requests.modes(key).includes("listen-only");
  } catch (error) {
    // Sending reports by itself that the interface is gone, and needs no netlink.
    if (error instanceof CanError) return false;
    throw error;
  }
}

/**
 * Refuses to send on a listen-only controller. The kernel (since Linux 6.1, before then the controller) accepts every frame
 * there and drops it, which only the link's `tx.dropped` shows.
 */
export class SendGuard {
  readonly #libc: Libc;
  readonly #index: number;
  /** The interfaces that are known to send. */
  readonly #passed = new Set<number>();

  /** @param index The interface's index; 0 for a socket on every interface. */
  constructor(libc: Libc, index: number) {
    this.#libc = libc;
    this.#index = index;
  }

  /**
   * Checks the socket's interface. A socket on every interface has none, and asks `refuses` for each message's.
   *
   * @param action The action, for the error's text: "send to".
   * @throws {CanOperationError} The controller is in listen-only mode (`EOPNOTSUPP`).
   */
  check(action: string, channel: string): void {
    if (this.#index !== 0 && this.refuses(this.#index)) throw listenOnlyError(action, channel);
  }

  /** Whether an interface's controller is in listen-only mode, which is read unless it is known that it can send. */
  refuses(index: number): boolean {
    if (this.#passed.has(index)) return false;
    if (isListenOnly(this.#libc, index)) return true;
    this.#passed.add(index);
    return false;
  }

  /** A link went down, and only then can its mode change: modes are read again. */
  linkWentDown(): void {
    this.#passed.clear();
  }
}

/** The error of sending on a listen-only controller. @param action The action: "send to". */
export function listenOnlyError(action: string, channel: string): CanOperationError {
  const text =
    `Cannot ${action} "${channel}": ${errnoName(EOPNOTSUPP)} (${errnoText(EOPNOTSUPP)}); its controller is in ` +
    `listen-only mode and would drop the frame; to send, clear that mode: Link.open("${channel}").configure(` +
    `{ modes: { "listen-only": false } }, { restartLink: true })`;
  return new CanOperationError(text, { code: errnoName(EOPNOTSUPP), errno: EOPNOTSUPP, channel });
}
