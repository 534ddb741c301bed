// <linux/ethtool.h>

import { decodeString } from "./nlattr.ts";

/** Command: tells of the driver. */
export const ETHTOOL_GDRVINFO = 3;

/*
 * struct ethtool_drvinfo (196 bytes)
 *   0  __u32 cmd
 *   4  char  driver[32]
 *  36  ...                 versions, and numbers of no use here
 */
export const ETHTOOL_DRVINFO_SIZE = 196;
export const ETHTOOL_DRVINFO_DRIVER = 4;

/** The name of the driver. */
export function decodeDriver(info: Uint8Array): string {
  return decodeString(info.subarray(ETHTOOL_DRVINFO_DRIVER, ETHTOOL_DRVINFO_DRIVER + 32));
}
