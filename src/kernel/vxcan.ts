// <linux/can/vxcan.h>

import { type AttributeTable, rawCodec } from "./nlattr.ts";

/** `struct ifinfomsg` and IFLA_* of the other end. */
export const VXCAN_INFO_PEER = 1;

/** What a vxcan is made with. */
export const vxcanTable = { peer: [VXCAN_INFO_PEER, rawCodec] } as const satisfies AttributeTable;
