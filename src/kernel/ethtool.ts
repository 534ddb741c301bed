// <linux/ethtool.h>

import { decodeString } from "./nlattr.ts";

/** Command: get information about the driver. */
export const ETHTOOL_GDRVINFO = 3;

/*
 * struct ethtool_drvinfo (196 bytes)
 *   0  __u32 cmd
 *   4  char  driver[32]
 *  36  ...                 versions and numbers, unused here
 */
export const ETHTOOL_DRVINFO_SIZE = 196;
export const ETHTOOL_DRVINFO_DRIVER = 4;

/** Returns the driver's name from `struct ethtool_drvinfo`. */
export function decodeDriver(info: Uint8Array): string {
  return decodeString(info.subarray(ETHTOOL_DRVINFO_DRIVER, ETHTOOL_DRVINFO_DRIVER + 32));
}
