/**
 * Limits of the kernel's broadcast manager (`net/can/bcm.c`), which its header does not name.
 *
 * @module
 */

/** Frames that one TX_SETUP takes. RX_SETUP takes one more: the mask that tells the others apart. */
export const MAX_NFRAMES = 256;

/** The longest interval, in seconds: 400 days. */
export const BCM_TIMER_SEC_MAX = 400 * 24 * 60 * 60;
