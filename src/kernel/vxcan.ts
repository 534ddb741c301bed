// <linux/can/vxcan.h>

import { type AttributeTable, rawCodec } from "./nlattr.ts";

/** `struct ifinfomsg` and IFLA_* attributes of the peer. */
export const VXCAN_INFO_PEER = 1;

/** The attributes with which a vxcan pair is created. */
export const vxcanTable = { peer: [VXCAN_INFO_PEER, rawCodec] } as const satisfies AttributeTable;
