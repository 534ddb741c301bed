/**
 * Changes that are taken back when they fail.
 *
 * @module
 */

import { CanError, CanOperationError } from "../errors.ts";
import { canTable } from "../kernel/can_netlink.ts";
import { EBUSY, EDOM, EINVAL, ERANGE, errnoName } from "../kernel/errno.ts";
import { IFF_UP } from "../kernel/if.ts";
import { encodeAttributes } from "../kernel/nlattr.ts";
import { type CanSettings, earlierSettings } from "./controller.ts";
import type { Answer } from "./netlink_socket.ts";
import type { LinkRequests, LinkValues } from "./requests.ts";
import type { LinkStatus } from "./status.ts";

/** What to do about a link that is up. */
export const TAKE_DOWN = "call down() before, or give { restartLink: true } as the last argument, which does that";

/** Adds what a controller is asked for to a request. */
export function withController(values: LinkValues, settings: CanSettings | undefined): LinkValues {
  if (settings === undefined || Object.keys(settings).length === 0) return values;
  return { ...values, info: { kind: "can", data: encodeAttributes(canTable, settings) } };
}

/**
 * Changes a link; if it is up and is to be restarted, takes it down before and up again afterwards. If that fails, sets
 * it back to what it was, as far as that can be.
 *
 * @param before The link as it was.
 * @throws {CanOperationError} With what was refused, and what the link is like now.
 */
export function changeLink(requests: LinkRequests, before: LinkStatus, values: LinkValues, restart: boolean): void {
  const { index, name } = before;
  const restarting = restart && before.isUp;
  if (restarting) {
    const down = requests.change(index, {}, 0, IFF_UP);
    if (down.error !== 0) throw requests.error(`take down "${name}" to configure it`, down, { channel: name });
  }
  const changed = tried(() => requests.change(index, values), requests, before, restarting);
  if (changed.error !== 0) {
    const advice = adviceFor(changed.error, before, values);
    const outcome = setBack(requests, before, restarting);
    throw requests.error(`configure "${name}"`, changed, { channel: name, ...advice && { advice }, outcome });
  }
  if (!restarting) return;
  const up = tried(() => requests.change(index, {}, IFF_UP, IFF_UP), requests, before, restarting);
  if (up.error === 0) return;
  const outcome = setBack(requests, before, restarting);
  throw requests.error(`bring up "${name}" with its new settings`, up, { channel: name, outcome });
}

/** A request's answer; where there is none, the link is set back as after a refusal, as far as that can be. */
function tried(request: () => Answer, requests: LinkRequests, before: LinkStatus, restarting: boolean): Answer {
  try {
    return request();
  } catch (error) {
    if (!(error instanceof CanError)) throw error;
    const { code, errno, syscall } = error;
    const text = `${error.message}; "${before.name}": ${setBack(requests, before, restarting)}`;
    throw new CanOperationError(text, { code, errno, syscall, channel: before.name, cause: error });
  }
}

/** Sets a link back to what it was, and up again; returns what came of it, in words. */
function setBack(requests: LinkRequests, before: LinkStatus, restarting: boolean): string {
  const { index, name } = before;
  try {
    const { values, lost } = earlierValues(before, requests.status(index, name));
    const changed = Object.keys(values).length > 0 ? requests.change(index, values) : null;
    const outcome = changed === null
      ? "its settings are as they were"
      : changed.error === 0
      ? "its settings were set back to what they were"
      : `its settings could not be set back to what they were (${errnoName(-changed.error)})`;
    const but = lost.length > 0 ? `${outcome}, but it keeps the new ${lost.join(", ")}` : outcome;
    if (!restarting) return but;
    const up = requests.change(index, {}, IFF_UP, IFF_UP);
    return up.error === 0 ? `${but}, and it is up again` : `${but}, and it stays down (${errnoName(-up.error)})`;
  } catch (error) {
    if (!(error instanceof CanError)) throw error;
    return `what became of its settings is not known: ${error.message}`;
  }
}

/** What sets a link back to an earlier status, and what cannot be set back. */
function earlierValues(before: LinkStatus, now: LinkStatus): { values: LinkValues; lost: readonly string[] } {
  const { settings, lost } = before.kind === "can" ? earlierSettings(before, now) : { settings: {}, lost: [] };
  const values = {
    ...before.mtu !== now.mtu && { mtu: before.mtu },
    ...before.txQueueLength !== now.txQueueLength && { txQueueLength: before.txQueueLength },
  };
  return { values: withController(values, settings), lost };
}

/** What to do about a setting that the kernel did not take. */
function adviceFor(error: number, { bitTimingConst, clock }: LinkStatus, { info }: LinkValues): string | undefined {
  if (error === -EBUSY) return TAKE_DOWN;
  if (!info || ![-EINVAL, -EDOM, -ERANGE].includes(error) || bitTimingConst === null) return undefined;
  const { name, tseg1Min, tseg1Max, tseg2Min, tseg2Max, sjwMax, brpMin, brpMax } = bitTimingConst;
  return `${name} takes tseg1 ${tseg1Min} to ${tseg1Max}, tseg2 ${tseg2Min} to ${tseg2Max}, sjw 1 to ${sjwMax}, ` +
    `brp ${brpMin} to ${brpMax}, with a clock of ${clock} Hz`;
}
