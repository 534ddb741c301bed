/**
 * Network namespaces, by name, path or process.
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

/** Where `ip netns add` creates them. */
const DIRECTORY = "/run/netns";

/**
 * Runs a function with the netlink attribute for a network namespace.
 *
 * @param netns A name, a path or a process ID; undefined for this process's own namespace, which needs no attribute.
 * @throws {CanInitializationError} The namespace does not exist or cannot be opened.
 */
export function withNamespace<T>(
  libc: Libc,
  netns: string | number | undefined,
  run: (attribute: Attributes<typeof linkTable>) => T,
): T {
  if (netns === undefined) return run({});
  if (typeof netns === "number") return run({ netnsPid: netns });
  const fd = libc.open(netns.startsWith("/") ? netns : `${DIRECTORY}/${netns}`, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    const advice = fd === -ENOENT && !netns.startsWith("/")
      ? `"ip netns list" shows the existing ones, "sudo ip netns add ${netns}" creates it`
      : fd === -EACCES
      ? "that requires root"
      : undefined;
    throw systemError(CanInitializationError, `open the network namespace "${netns}"`, "open", fd, undefined, advice);
  }
  try {
    return run({ netnsFd: fd });
  } finally {
    libc.close(fd);
  }
}

/** Advice where the namespace may be the reason for a refusal. */
export function namespaceAdvice(netns: string | number | undefined, { error }: Answer): string | undefined {
  return typeof netns === "string" && error === -EINVAL ? `is "${netns}" a network namespace?` : undefined;
}
