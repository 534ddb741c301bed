/**
 * The message flags of CANFD and CANXL lines in Vector ASC files.
 *
 * Source: `asc2log.c` of https://github.com/linux-can/can-utils.
 *
 * @module
 */

export const RTR = 0x10;
export const FDF = 0x1000;
export const BRS = 0x2000;
export const ESI = 0x4000;
export const XLF = 0x400000;
export const SEC = 0x1000000;
