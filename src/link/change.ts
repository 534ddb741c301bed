/**
 * Changes of links, undone when they fail.
 *
 * @module
 */

import { CanError, CanOperationError } from "../errors.ts";
import { CANFD_MTU } from "../kernel/can.ts";
import { canTable } from "../kernel/can_netlink.ts";
import { EBUSY, EDOM, EINVAL, ERANGE, errnoName } from "../kernel/errno.ts";
import { IFF_UP } from "../kernel/if.ts";
import { encodeAttributes } from "../kernel/nlattr.ts";
import { type CanSettings, settingsToRestore } from "./controller.ts";
import type { Answer } from "./netlink_socket.ts";
import type { LinkRequests, LinkValues } from "./requests.ts";
import type { LinkStatus } from "./status.ts";

/** Advice where an MTU is refused. */
export const NO_XL = `this kernel may have no CAN XL, which needs Linux 6.1: an mtu of ${CANFD_MTU} carries CAN FD`;

/** Advice where a change is refused because the link is up. */
export const TAKE_DOWN = "call down() first, or pass { restartLink: true } as the last argument";

/** Adds a controller's settings to a request. */
export function withController(values: LinkValues, settings: CanSettings | undefined): LinkValues {
  if (settings === undefined || Object.keys(settings).length === 0) return values;
  return { ...values, info: { kind: "can", data: encodeAttributes(canTable, settings) } };
}

/**
 * Changes a link. With `restart`, a link that is up is taken down first and brought up again afterwards. If a step
 * fails, restores the earlier settings as far as possible.
 *
 * @param before The link's status before the change.
 * @throws {CanOperationError} Says what was refused, and what state the link is in now.
 */
export function changeLink(requests: LinkRequests, before: LinkStatus, values: LinkValues, restart: boolean): void {
  const { index, name } = before;
  const restarting = restart && before.isUp;
  if (restarting) {
    const down = requests.change(index, {}, 0, IFF_UP);
    if (down.error !== 0) throw requests.error(`take down "${name}" to configure it`, down, { channel: name });
  }
  const changed = attempt(() => requests.change(index, values), requests, before, restarting);
  if (changed.error !== 0) {
    const advice = adviceFor(changed.error, before, values, restarting);
    const outcome = restore(requests, before, restarting);
    throw requests.error(`configure "${name}"`, changed, { channel: name, ...advice && { advice }, outcome });
  }
  if (!restarting) return;
  const up = attempt(() => requests.change(index, {}, IFF_UP, IFF_UP), requests, before, restarting);
  if (up.error === 0) return;
  const outcome = restore(requests, before, restarting);
  throw requests.error(`bring up "${name}" with its new settings`, up, { channel: name, outcome });
}

/** A request's answer. If the request itself fails, restores the link as far as possible, as after a refusal. */
function attempt(request: () => Answer, requests: LinkRequests, before: LinkStatus, restarting: boolean): Answer {
  try {
    return request();
  } catch (error) {
    if (!(error instanceof CanError)) throw error;
    const { code, errno, syscall } = error;
    const text = `${error.message}; "${before.name}": ${restore(requests, before, restarting)}`;
    throw new CanOperationError(text, { code, errno, syscall, channel: before.name, cause: error });
  }
}

/** Restores a link's earlier settings and brings it up again; returns the outcome in words. */
function restore(requests: LinkRequests, before: LinkStatus, restarting: boolean): string {
  const { index, name } = before;
  try {
    const { values, lost } = valuesToRestore(before, requests.status(index, name));
    const changed = Object.keys(values).length > 0 ? requests.change(index, values) : null;
    const outcome = changed === null
      ? "its settings are unchanged"
      : changed.error === 0
      ? "its settings were restored"
      : `its settings could not be restored (${errnoName(-changed.error)})`;
    const detailed = lost.length > 0 ? `${outcome}, but it keeps the new ${lost.join(", ")}` : outcome;
    if (!restarting) return detailed;
    const up = requests.change(index, {}, IFF_UP, IFF_UP);
    return up.error === 0
      ? `${detailed}, and it is up again`
      : `${detailed}, and it stays down (${errnoName(-up.error)})`;
  } catch (error) {
    if (!(error instanceof CanError)) throw error;
    return `the state of its settings is unknown: ${error.message}`;
  }
}

/** The values that restore an earlier status, and the names of settings that cannot be restored. */
function valuesToRestore(before: LinkStatus, now: LinkStatus): { values: LinkValues; lost: readonly string[] } {
  const { settings, lost } = before.kind === "can" ? settingsToRestore(before, now) : { settings: {}, lost: [] };
  const values = {
    ...before.mtu !== now.mtu && { mtu: before.mtu },
    ...before.txQueueLength !== now.txQueueLength && { txQueueLength: before.txQueueLength },
  };
  return { values: withController(values, settings), lost };
}

/** Advice where the kernel refused a setting. */
function adviceFor(
  error: number,
  { bitTimingConst, clock }: LinkStatus,
  { info, mtu = 0 }: LinkValues,
  restarting: boolean,
): string | undefined {
  if (error === -EBUSY) return restarting ? undefined : TAKE_DOWN;
  if (!info && mtu > CANFD_MTU && error === -EINVAL) return NO_XL;
  if (!info || ![-EINVAL, -EDOM, -ERANGE].includes(error) || bitTimingConst === null) return undefined;
  const { name, tseg1Min, tseg1Max, tseg2Min, tseg2Max, sjwMax, brpMin, brpMax } = bitTimingConst;
  return `${name} accepts tseg1 ${tseg1Min} to ${tseg1Max}, tseg2 ${tseg2Min} to ${tseg2Max}, sjw 1 to ${sjwMax}, ` +
    `brp ${brpMin} to ${brpMax}, with a clock of ${clock} Hz`;
}
