// <linux/errqueue.h>

/** What is told comes from this host's protocol. */
export const SO_EE_ORIGIN_LOCAL = 1;
/** What is told is how far a message has come. */
export const SO_EE_ORIGIN_TIMESTAMPING = 4;

/** In `ee_info`: data has left for the interface. */
export const SCM_TSTAMP_SCHED = 1;
/** In `ee_info`: the message has been acknowledged. */
export const SCM_TSTAMP_ACK = 2;

/*
 * struct sock_extended_err (16 bytes)
 *   0  __u32 ee_errno
 *   4  __u8  ee_origin
 *   5  __u8  ee_type
 *   6  __u8  ee_code
 *   7  __u8  ee_pad
 *   8  __u32 ee_info       what happened
 *  12  __u32 ee_data       the message's number
 */

/** Bytes of `struct sock_extended_err`. */
export const EXTENDED_ERR_SIZE = 16;

/** What the error queue tells. */
export interface ExtendedError {
  readonly errno: number;
  readonly origin: number;
  readonly info: number;
  readonly data: number;
}

/** Reads a `struct sock_extended_err`. */
export function decodeExtendedError(bytes: Uint8Array): ExtendedError {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    errno: view.getUint32(0, true),
    origin: view.getUint8(4),
    info: view.getUint32(8, true),
    data: view.getUint32(12, true),
  };
}
