/**
 * Network namespaces, by name.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanInitializationError } from "../errors.ts";
import { EACCES, EINVAL, ENOENT } from "../kernel/errno.ts";
import { O_CLOEXEC, O_NONBLOCK, O_RDONLY } from "../kernel/fcntl.ts";
import type { linkTable } from "../kernel/if_link.ts";
import type { Attributes } from "../kernel/nlattr.ts";
import { systemError } from "../socket/system_error.ts";
import type { Answer } from "./netlink_socket.ts";

/** Where `ip netns add` puts them. */
const FOLDER = "/run/netns";

/**
 * Runs something with the attribute that names a network namespace.
 *
 * @param netns A name, a path, a process's number; undefined for this process's own, which needs no attribute.
 * @throws {CanInitializationError} There is no such namespace.
 */
export function withNamespace<T>(
  libc: Libc,
  netns: string | number | undefined,
  run: (attribute: Attributes<typeof linkTable>) => T,
): T {
  if (netns === undefined) return run({});
  if (typeof netns === "number") return run({ netnsPid: netns });
  const fd = libc.open(netns.startsWith("/") ? netns : `${FOLDER}/${netns}`, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    const advice = fd === -ENOENT && !netns.startsWith("/")
      ? `"ip netns list" shows those that there are, "sudo ip netns add ${netns}" makes one`
      : fd === -EACCES
      ? "that takes root"
      : undefined;
    throw systemError(CanInitializationError, `open the network namespace "${netns}"`, "open", fd, undefined, advice);
  }
  try {
    return run({ netnsFd: fd });
  } finally {
    libc.close(fd);
  }
}

/** What to do about a refusal that may have come of the namespace. */
export function namespaceAdvice(netns: string | number | undefined, { error }: Answer): string | undefined {
  return typeof netns === "string" && error === -EINVAL ? `is "${netns}" a network namespace?` : undefined;
}
