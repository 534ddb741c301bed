// <linux/can/bcm.h>

/** Make or update what sends messages again and again. */
export const TX_SETUP = 1;
/** End it. */
export const TX_DELETE = 2;
/** Ask for it: TX_STATUS answers. */
export const TX_READ = 3;
/** Send one frame. */
export const TX_SEND = 4;
/** Make or update a subscription. */
export const RX_SETUP = 5;
/** End it. */
export const RX_DELETE = 6;
/** Ask for it: RX_STATUS answers. */
export const RX_READ = 7;
/** Answer to TX_READ. */
export const TX_STATUS = 8;
/** The last of `count` frames has been sent. */
export const TX_EXPIRED = 9;
/** Answer to RX_READ. */
export const RX_STATUS = 10;
/** No frame came for `ival1`. */
export const RX_TIMEOUT = 11;
/** A frame came whose content has changed. */
export const RX_CHANGED = 12;

/** `ival1`, `ival2` and `count` are to be taken over. */
export const SETTIMER = 0x0001;
/** Start the timer now; sending, a frame goes at once. */
export const STARTTIMER = 0x0002;
/** Sending: tell with TX_EXPIRED when `count` has come to 0. */
export const TX_COUNTEVT = 0x0004;
/** Sending: a changed frame goes at once, beside the timer's. */
export const TX_ANNOUNCE = 0x0008;
/** All frames get the head's `can_id`. */
export const TX_CP_CAN_ID = 0x0010;
/** Receiving: every frame is a change. */
export const RX_FILTER_ID = 0x0020;
/** Receiving: a change of length is a change. */
export const RX_CHECK_DLC = 0x0040;
/** Receiving: a frame does not start the timer. */
export const RX_NO_AUTOTIMER = 0x0080;
/** Receiving: after RX_TIMEOUT the next frame is a change, whatever its content. */
export const RX_ANNOUNCE_RESUME = 0x0100;
/** Sending: the sequence begins anew. */
export const TX_RESET_MULTI_IDX = 0x0200;
/** Receiving: the frame that follows answers remote frames. */
export const RX_RTR_FRAME = 0x0400;
/** The frames are `struct canfd_frame`. */
export const CAN_FD_FRAME = 0x0800;

/*
 * struct bcm_msg_head (56 bytes), frames after it
 *   0  __u32   opcode
 *   4  __u32   flags
 *   8  __u32   count      frames to send with ival1
 *  16  long    ival1.tv_sec, 24  long ival1.tv_usec
 *  32  long    ival2.tv_sec, 40  long ival2.tv_usec
 *  48  canid_t can_id     names the subscription or what is sent
 *  52  __u32   nframes
 */

/** Bytes of `struct bcm_msg_head`. */
export const BCM_MSG_HEAD_SIZE = 56;

/** `struct bcm_msg_head`. */
export interface BcmHead {
  readonly opcode: number;
  readonly flags?: number;
  readonly count?: number;
  /** Microseconds. */
  readonly ival1?: number;
  /** Microseconds. */
  readonly ival2?: number;
  readonly canId: number;
  readonly nframes?: number;
}

/** Writes a head to where a message begins. */
export function encodeBcmHead(into: Uint8Array, head: BcmHead): void {
  const view = new DataView(into.buffer, into.byteOffset, BCM_MSG_HEAD_SIZE);
  const { opcode, flags = 0, count = 0, ival1 = 0, ival2 = 0, canId, nframes = 0 } = head;
  into.fill(0, 0, BCM_MSG_HEAD_SIZE);
  view.setUint32(0, opcode, true);
  view.setUint32(4, flags, true);
  view.setUint32(8, count, true);
  encodeTimeval(view, 16, ival1);
  encodeTimeval(view, 32, ival2);
  view.setUint32(48, canId, true);
  view.setUint32(52, nframes, true);
}

/** Reads the head of a message. */
export function decodeBcmHead(bytes: Uint8Array): Required<BcmHead> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, BCM_MSG_HEAD_SIZE);
  return {
    opcode: view.getUint32(0, true),
    flags: view.getUint32(4, true),
    count: view.getUint32(8, true),
    ival1: decodeTimeval(view, 16),
    ival2: decodeTimeval(view, 32),
    canId: view.getUint32(48, true),
    nframes: view.getUint32(52, true),
  };
}

function encodeTimeval(view: DataView, at: number, microseconds: number): void {
  view.setBigInt64(at, BigInt(Math.floor(microseconds / 1e6)), true);
  view.setBigInt64(at + 8, BigInt(microseconds % 1e6), true);
}

function decodeTimeval(view: DataView, at: number): number {
  return Number(view.getBigInt64(at, true)) * 1e6 + Number(view.getBigInt64(at + 8, true));
}
