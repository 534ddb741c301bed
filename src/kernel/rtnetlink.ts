// <linux/rtnetlink.h>

import { concat, viewOf } from "./nlattr.ts";

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
