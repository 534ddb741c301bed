/**
 * Creating virtual links.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanInitializationError } from "../errors.ts";
import { CANFD_MTU } from "../kernel/can.ts";
import { EEXIST, EINVAL, EOPNOTSUPP } from "../kernel/errno.ts";
import { IFF_UP } from "../kernel/if.ts";
import { encodeAttributes } from "../kernel/nlattr.ts";
import { vxcanTable } from "../kernel/vxcan.ts";
import { NO_XL } from "./change.ts";
import { namespaceAdvice, withNamespace } from "./namespace.ts";
import type { Answer } from "./netlink_socket.ts";
import type { LinkCreateOptions, VcanOptions, VxcanOptions } from "./options.ts";
import { type LinkRequests, type LinkValues, request } from "./requests.ts";
import type { LinkStatus } from "./status.ts";

/**
 * Creates a vcan.
 *
 * @returns Its status; null if it is in another network namespace.
 * @throws {CanInitializationError} The kernel refused.
 */
export function createVcan(libc: Libc, requests: LinkRequests, name: string, options: VcanOptions): LinkStatus | null {
  const { netns, up } = options;
  const values = { ...common(options), name, info: { kind: "vcan" } };
  const answer = withNamespace(
    libc,
    netns,
    (namespace) => requests.create({ ...values, ...namespace }, up ? IFF_UP : 0),
  );
  if (answer.error !== 0) throw refusal(requests, "vcan", [name], answer, options, netns === undefined ? [name] : []);
  return netns === undefined ? requests.status(name) : null;
}

/**
 * Creates a vxcan pair.
 *
 * @returns The status of both ends; null for the second one if it is in another network namespace.
 * @throws {CanInitializationError} The kernel refused.
 */
export function createVxcan(
  libc: Libc,
  requests: LinkRequests,
  names: readonly [string, string],
  options: VxcanOptions,
): [LinkStatus, LinkStatus | null] {
  const { peerNetns, up } = options;
  const [one, other] = names.map((name) => ({ ...common(options), name }));
  const answer = withNamespace(libc, peerNetns, (namespace) => {
    const data = encodeAttributes(vxcanTable, { peer: request(0, { ...other, ...namespace }) });
    return requests.create({ ...one, info: { kind: "vxcan", data } });
  });
  if (answer.error !== 0) {
    throw refusal(
      requests,
      "vxcan",
      names,
      answer,
      { mtu: options.mtu, netns: peerNetns },
      peerNetns === undefined ? names : [names[0]],
    );
  }
  const first = requests.status(names[0]);
  const peer = peerNetns === undefined ? requests.status(names[1]) : null;
  if (!up) return [first, peer];
  // Only now: an end cannot come up before its peer exists.
  for (const { index, name } of [first, ...peer ? [peer] : []]) {
    const raised = requests.change(index, {}, IFF_UP, IFF_UP);
    if (raised.error === 0) continue;
    requests.delete(first.index);
    throw refusal(requests, "vxcan", [name], raised, {}, [name]);
  }
  return [first, peer];
}

function common({ mtu, txQueueLength }: LinkCreateOptions): LinkValues {
  return { mtu, txQueueLength };
}

/** The error of a refused creation. @param local The names that were to be used in this process's network namespace. */
function refusal(
  requests: LinkRequests,
  kind: "vcan" | "vxcan",
  names: readonly string[],
  answer: Answer,
  { mtu = 0, netns }: { readonly mtu?: number; readonly netns?: string | number },
  local: readonly string[],
): Error {
  const advice = answer.error === -EOPNOTSUPP
    ? `this kernel has no ${kind} driver loaded: load it with "sudo modprobe ${kind}"`
    : answer.error === -EEXIST
    ? existsAdvice(requests, names, local)
    : answer.error === -EINVAL && mtu > CANFD_MTU
    ? NO_XL
    : namespaceAdvice(netns, answer);
  const details = { Class: CanInitializationError, channel: names[0], ...advice && { advice } };
  return requests.error(`create the ${kind} "${names.join(`" and "`)}"`, answer, details);
}

/** Advice where a name is taken: says by what, as far as it is in this process's network namespace. */
function existsAdvice(requests: LinkRequests, names: readonly string[], local: readonly string[]): string {
  for (const name of local) {
    const existing = requests.find(name);
    if (existing === "none") continue;
    return existing === "can"
      ? `"${name}" exists already: Link.open("${name}") opens it`
      : `"${name}" exists already and is not a CAN interface: choose another name`;
  }
  const [name] = names.filter((each) => !local.includes(each));
  return `${
    name === undefined ? "the name" : `"${name}"`
  } exists already in that network namespace: choose another name`;
}
