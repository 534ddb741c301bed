/**
 * The filters of all programs' sockets, which the kernel lists.
 *
 *      device   can_id   can_mask  function          userdata          matches  ident
 *       vcan0     123    c00007ff  00000000a1b2c3d4  00000000d4c3b2a1        0  raw
 *
 * Source: `can_rcv_list_proc_show` in net/can/proc.c of Linux.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import type { Report } from "./finding.ts";

const FOLDER = "/proc/net/can";

/** A filter that a socket has. */
export interface SocketFilter {
  readonly device: string;
  readonly canId: number;
  readonly canMask: number;
  /** Which socket it is of; the same for all where the kernel does not say. */
  readonly socket: string;
  /** How many frames have passed it. */
  readonly matches: number;
  readonly inverted: boolean;
}

/** Reads the filters of raw sockets. Empty where the kernel has no CAN. */
export function readFilters(): SocketFilter[] {
  const lists = readdirSync(FOLDER).filter((name) => name.startsWith("rcvlist_") && name !== "rcvlist_err");
  return lists.flatMap((list) => filtersIn(readFileSync(`${FOLDER}/${list}`, "latin1"), list === "rcvlist_inv"));
}

/** Returns the filters of raw sockets in a list. */
export function filtersIn(text: string, inverted: boolean): SocketFilter[] {
  return text.split("\n").flatMap((line) => {
    const [device, id, mask, , socket, matches, ident] = line.trim().split(/\s+/);
    if (ident !== "raw") return [];
    return [{
      device,
      canId: parseInt(id, 16),
      canMask: parseInt(mask, 16),
      socket,
      matches: Number(matches),
      inverted,
    }];
  });
}

/**
 * Finds the sockets which none of the frames of a while has reached, nor any before.
 *
 * @param frames How many frames there were.
 * @param after The filters at the end of the while.
 */
export function examineFilters(device: string, frames: number, after: readonly SocketFilter[], report: Report): void {
  if (frames === 0) return;
  const sockets = Map.groupBy(
    after.filter((filter) => filter.device === device || filter.device === "any"),
    ({ socket }) => socket,
  );
  for (const filters of sockets.values()) {
    if (filters.some(({ matches, canMask, inverted }) => matches > 0 || (canMask === 0 && !inverted))) continue;
    const list = filters.map(text).join(",");
    report({
      level: "warning",
      subject: device,
      text: `the filters ${list} of a program's socket have let nothing pass`,
      meaning: `There were ${frames} frames, with other identifiers: that program has received none of them.`,
      fix: `can dump ${device}   # which identifiers there are`,
    });
  }
}

/** As candump takes it. */
function text({ canId, canMask, inverted }: SocketFilter): string {
  return `${hex(canId)}${inverted ? "~" : ":"}${hex(canMask)}`;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase();
}
