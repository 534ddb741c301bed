// <linux/rtnetlink.h>

import { type QueueStats, queueStatsTable } from "./gen_stats.ts";
import { type AttributeTable, concat, decodeAttributes, nested, viewOf } from "./nlattr.ts";

/** Creates or changes a link; from the kernel: describes one. */
export const RTM_NEWLINK = 16;
/** Removes a link; from the kernel: reports a removal. */
export const RTM_DELLINK = 17;
/** Requests one link, or all links. */
export const RTM_GETLINK = 18;

/** Multicast group: links that were created, changed or removed. */
export const RTNLGRP_LINK = 1;

/** In IFLA_EXT_MASK: leave out statistics. */
export const RTEXT_FILTER_SKIP_STATS = 8;

/*
 * struct ifinfomsg (16 bytes)
 *   0  unsigned char  ifi_family
 *   2  unsigned short ifi_type       ARPHRD_*
 *   4  int            ifi_index
 *   8  unsigned       ifi_flags      IFF_*
 *  12  unsigned       ifi_change     mask of the flags to change
 */
export const IFINFOMSG_SIZE = 16;

/** `struct ifinfomsg` and the attributes after it. */
export interface LinkMessage {
  /** ARPHRD_*; 0 in a request. */
  readonly type: number;
  /** The interface's index; 0 if the attributes identify it by name. */
  readonly index: number;
  /** IFF_* flags. */
  readonly flags: number;
  /** Mask of the flags that a request sets or clears. */
  readonly change: number;
  /** IFLA_*. */
  readonly attributes: Uint8Array;
}

/** Encodes the payload of RTM_*LINK, or of VXCAN_INFO_PEER. */
export function encodeLinkMessage({ type, index, flags, change, attributes }: LinkMessage): Uint8Array {
  const header = new DataView(new ArrayBuffer(IFINFOMSG_SIZE));
  header.setUint16(2, type, true);
  header.setInt32(4, index, true);
  header.setUint32(8, flags, true);
  header.setUint32(12, change, true);
  return concat([new Uint8Array(header.buffer), attributes]);
}

/**
 * Decodes the payload of RTM_*LINK, or of VXCAN_INFO_PEER.
 *
 * @throws {RangeError} The payload is too short.
 */
export function decodeLinkMessage(payload: Uint8Array): LinkMessage {
  if (payload.length < IFINFOMSG_SIZE) throw new RangeError(`Link message has ${payload.length} of 16 bytes`);
  const view = viewOf(payload);
  return {
    type: view.getUint16(2, true),
    index: view.getInt32(4, true),
    flags: view.getUint32(8, true),
    change: view.getUint32(12, true),
    attributes: payload.subarray(IFINFOMSG_SIZE),
  };
}

/** Requests the queues of links. */
export const RTM_GETQDISC = 38;

/** In the answer: statistics, as attributes TCA_STATS_*. */
const TCA_STATS2 = 7;

const queueTable = { statistics: [TCA_STATS2, nested(queueStatsTable)] } as const satisfies AttributeTable;

/*
 * struct tcmsg (20 bytes)
 *   0  unsigned char  tcm_family
 *   4  int            tcm_ifindex
 *   8  __u32          tcm_handle
 *  12  __u32          tcm_parent     TC_H_ROOT: the whole queue of a link
 *  16  __u32          tcm_info
 */
export const TCMSG_SIZE = 20;

/** In tcm_parent. */
const TC_H_ROOT = 0xffffffff;

/**
 * Decodes the payload of an answer to RTM_GETQDISC: the link, and its queue; null for a part of a queue.
 *
 * @throws {RangeError} The payload is too short.
 */
export function decodeQueueMessage(payload: Uint8Array): { index: number; queue: QueueStats } | null {
  if (payload.length < TCMSG_SIZE) throw new RangeError(`Queue message has ${payload.length} of 20 bytes`);
  const view = viewOf(payload);
  const { statistics } = decodeAttributes(queueTable, payload.subarray(TCMSG_SIZE));
  if (view.getUint32(12, true) !== TC_H_ROOT || !statistics?.queue) return null;
  return { index: view.getInt32(4, true), queue: statistics.queue };
}
