// <linux/can/raw.h>

/** Level of a raw socket's options. */
export const SOL_CAN_RAW = 101;

/** `struct can_filter[]`: which frames to receive. */
export const CAN_RAW_FILTER = 1;
/** `can_err_mask_t`: which classes of error frames to receive. */
export const CAN_RAW_ERR_FILTER = 2;
/** `int`: whether other sockets of this host receive what this one sends; 1 by default. */
export const CAN_RAW_LOOPBACK = 3;
/** `int`: whether this socket receives what it sends; 0 by default. */
export const CAN_RAW_RECV_OWN_MSGS = 4;
/** `int`: whether FD frames may be sent and received. */
export const CAN_RAW_FD_FRAMES = 5;
/** `int`: whether a frame must pass all filters instead of one. */
export const CAN_RAW_JOIN_FILTERS = 6;

/** `int`: whether XL frames (and FD frames) may be sent and received. Since Linux 6.1. */
export const CAN_RAW_XL_FRAMES = 7;
/** `struct can_raw_vcid_options`: how to handle XL frames' VCIDs. Since Linux 6.9; before, they pass unchanged. */
export const CAN_RAW_XL_VCID_OPTS = 8;

/*
 * struct can_raw_vcid_options (4 bytes)
 *   0  __u8 flags
 *   1  __u8 tx_vcid
 *   2  __u8 rx_vcid
 *   3  __u8 rx_vcid_mask
 */

/** Send the frame's own VCID. */
export const CAN_RAW_XL_VCID_TX_PASS = 0x02;
/** Receive frames with `(vcid & rx_vcid_mask) === (rx_vcid & rx_vcid_mask)`; without this flag, only VCID 0. */
export const CAN_RAW_XL_VCID_RX_FILTER = 0x04;

/** Encodes options that pass every VCID in both directions. */
export function encodeVcidOptions(): Uint8Array {
  return Uint8Array.of(CAN_RAW_XL_VCID_TX_PASS | CAN_RAW_XL_VCID_RX_FILTER, 0, 0, 0);
}

/** Maximum number of a socket's filters. */
export const CAN_RAW_FILTER_MAX = 512;
