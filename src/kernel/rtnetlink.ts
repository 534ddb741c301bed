// <linux/rtnetlink.h>

import { concat, viewOf } from "./nlattr.ts";

/** Makes or changes a link, or tells of one. */
export const RTM_NEWLINK = 16;
/** Removes a link, or tells of a removal. */
export const RTM_DELLINK = 17;
/** Asks about a link, or about all. */
export const RTM_GETLINK = 18;

/** Multicast group: links that are made, changed or removed. */
export const RTNLGRP_LINK = 1;

/** In IFLA_EXT_MASK: without statistics. */
export const RTEXT_FILTER_SKIP_STATS = 8;

/*
 * struct ifinfomsg (16 bytes)
 *   0  unsigned char  ifi_family
 *   2  unsigned short ifi_type       ARPHRD_*
 *   4  int            ifi_index
 *   8  unsigned       ifi_flags      IFF_*
 *  12  unsigned       ifi_change     which of them to change
 */
export const IFINFOMSG_SIZE = 16;

/** `struct ifinfomsg`, and the attributes behind it. */
export interface LinkMessage {
  /** ARPHRD_*; 0 in a request. */
  readonly type: number;
  /** The interface's number; 0 where a name says which. */
  readonly index: number;
  /** IFF_* bits. */
  readonly flags: number;
  /** Which of these bits a request sets or clears. */
  readonly change: number;
  /** IFLA_*. */
  readonly attributes: Uint8Array;
}

/** The payload of RTM_*LINK, and of VXCAN_INFO_PEER. */
export function encodeLinkMessage({ type, index, flags, change, attributes }: LinkMessage): Uint8Array {
  const header = new DataView(new ArrayBuffer(IFINFOMSG_SIZE));
  header.setUint16(2, type, true);
  header.setInt32(4, index, true);
  header.setUint32(8, flags, true);
  header.setUint32(12, change, true);
  return concat([new Uint8Array(header.buffer), attributes]);
}

/**
 * Reads such a payload.
 *
 * @throws {RangeError} It is too short.
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
