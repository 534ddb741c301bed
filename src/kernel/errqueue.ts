// <linux/errqueue.h>

/** The report comes from this host's protocol implementation. */
export const SO_EE_ORIGIN_LOCAL = 1;
/** The report is about the progress of a sent message. */
export const SO_EE_ORIGIN_TIMESTAMPING = 4;

/** In `ee_info`: data was passed to the interface. */
export const SCM_TSTAMP_SCHED = 1;
/** In `ee_info`: the message was acknowledged. */
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

/** Size of `struct sock_extended_err`. */
export const EXTENDED_ERR_SIZE = 16;

/** A report of the error queue: `struct sock_extended_err`. */
export interface ExtendedError {
  readonly errno: number;
  readonly origin: number;
  readonly info: number;
  readonly data: number;
}

/** Decodes `struct sock_extended_err`. */
export function decodeExtendedError(bytes: Uint8Array): ExtendedError {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    errno: view.getUint32(0, true),
    origin: view.getUint8(4),
    info: view.getUint32(8, true),
    data: view.getUint32(12, true),
  };
}
