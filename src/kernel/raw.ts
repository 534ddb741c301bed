// <linux/can/raw.h>

/** Level of a raw socket's options. */
export const SOL_CAN_RAW = 101;

/** `struct can_filter[]`: which frames to receive. */
export const CAN_RAW_FILTER = 1;
/** `can_err_mask_t`: which classes of error frames to receive. */
export const CAN_RAW_ERR_FILTER = 2;
/** `int`: whether the host's other sockets receive what this one sends; 1 by default. */
export const CAN_RAW_LOOPBACK = 3;
/** `int`: whether this socket receives what it sends; 0 by default. */
export const CAN_RAW_RECV_OWN_MSGS = 4;
/** `int`: whether FD frames may be sent and received. */
export const CAN_RAW_FD_FRAMES = 5;
/** `int`: whether a frame must pass all filters instead of one. */
export const CAN_RAW_JOIN_FILTERS = 6;

/** Most filters that one socket takes. */
export const CAN_RAW_FILTER_MAX = 512;
