/**
 * Virtual links that are made.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { CanInitializationError } from "../errors.ts";
import { EEXIST, EOPNOTSUPP } from "../kernel/errno.ts";
import { IFF_UP } from "../kernel/if.ts";
import { encodeAttributes } from "../kernel/nlattr.ts";
import { vxcanTable } from "../kernel/vxcan.ts";
import { namespaceAdvice, withNamespace } from "./namespace.ts";
import type { Answer } from "./netlink_socket.ts";
import type { LinkCreateOptions, VcanOptions, VxcanOptions } from "./options.ts";
import { type LinkRequests, type LinkValues, request } from "./requests.ts";
import type { LinkStatus } from "./status.ts";

/**
 * Makes a vcan.
 *
 * @returns Null if it is in another network namespace.
 * @throws {CanInitializationError} The kernel refused.
 */
export function makeVcan(libc: Libc, requests: LinkRequests, name: string, options: VcanOptions): LinkStatus | null {
  const { netns, up } = options;
  const values = { ...common(options), name, info: { kind: "vcan" } };
  const answer = withNamespace(libc, netns, (place) => requests.create({ ...values, ...place }, up ? IFF_UP : 0));
  if (answer.error !== 0) throw refusal(requests, "vcan", [name], answer, netns);
  return netns === undefined ? requests.status(name) : null;
}

/**
 * Makes a vxcan.
 *
 * @returns Both ends; null for the second one if it is in another network namespace.
 * @throws {CanInitializationError} The kernel refused.
 */
export function makeVxcan(
  libc: Libc,
  requests: LinkRequests,
  names: readonly [string, string],
  options: VxcanOptions,
): [LinkStatus, LinkStatus | null] {
  const { peerNetns, up } = options;
  const [one, other] = names.map((name) => ({ ...common(options), name }));
  const answer = withNamespace(libc, peerNetns, (place) => {
    const data = encodeAttributes(vxcanTable, { peer: request(0, { ...other, ...place }) });
    return requests.create({ ...one, info: { kind: "vxcan", data } });
  });
  if (answer.error !== 0) throw refusal(requests, "vxcan", names, answer, peerNetns);
  const made = requests.status(names[0]);
  const peer = peerNetns === undefined ? requests.status(names[1]) : null;
  if (!up) return [made, peer];
  // Not earlier: an end without its peer cannot come up.
  for (const { index, name } of [made, ...peer ? [peer] : []]) {
    const raised = requests.change(index, {}, IFF_UP, IFF_UP);
    if (raised.error === 0) continue;
    requests.delete(made.index);
    throw refusal(requests, "vxcan", [name], raised);
  }
  return [made, peer];
}

function common({ mtu, txQueueLength }: LinkCreateOptions): LinkValues {
  return { mtu, txQueueLength };
}

function refusal(
  requests: LinkRequests,
  kind: string,
  names: readonly string[],
  answer: Answer,
  netns?: string | number,
): Error {
  const advice = answer.error === -EOPNOTSUPP
    ? `this kernel has no ${kind}: load it with "sudo modprobe ${kind}"`
    : answer.error === -EEXIST && names.length > 1
    ? "there is a link of one of these names already"
    : namespaceAdvice(netns, answer);
  const details = { Class: CanInitializationError, channel: names[0], ...advice && { advice } };
  return requests.error(`make the ${kind} "${names.join(`" and "`)}"`, answer, details);
}
