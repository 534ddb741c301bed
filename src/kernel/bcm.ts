// <linux/can/bcm.h>

/** Creates or updates a cyclic transmission. */
export const TX_SETUP = 1;
/** Ends a cyclic transmission. */
export const TX_DELETE = 2;
/** Requests the state of a cyclic transmission; the answer is TX_STATUS. */
export const TX_READ = 3;
/** Sends one frame. */
export const TX_SEND = 4;
/** Creates or updates a subscription. */
export const RX_SETUP = 5;
/** Ends a subscription. */
export const RX_DELETE = 6;
/** Requests the state of a subscription; the answer is RX_STATUS. */
export const RX_READ = 7;
/** Answer to TX_READ. */
export const TX_STATUS = 8;
/** The last of `count` frames was sent. */
export const TX_EXPIRED = 9;
/** Answer to RX_READ. */
export const RX_STATUS = 10;
/** No frame arrived for `ival1`. */
export const RX_TIMEOUT = 11;
/** A frame with changed content arrived. */
export const RX_CHANGED = 12;

/** Sets the timers to `ival1`, `ival2` and `count`. */
export const SETTIMER = 0x0001;
/** Starts the timer now; when sending, the first frame is sent at once. */
export const STARTTIMER = 0x0002;
/** Sending: report with TX_EXPIRED when `count` has reached 0. */
export const TX_COUNTEVT = 0x0004;
/** Sending: send a changed frame at once, in addition to the timer's. */
export const TX_ANNOUNCE = 0x0008;
/** Copies the head's `can_id` into all frames. */
export const TX_CP_CAN_ID = 0x0010;
/** Receiving: filter by `can_id` only, so that every frame counts as changed. */
export const RX_FILTER_ID = 0x0020;
/** Receiving: a frame of another length counts as changed. */
export const RX_CHECK_DLC = 0x0040;
/** Receiving: do not start the timer when a frame arrives. */
export const RX_NO_AUTOTIMER = 0x0080;
/** Receiving: after RX_TIMEOUT the next frame counts as changed, whatever its content. */
export const RX_ANNOUNCE_RESUME = 0x0100;
/** Sending: restart the sequence at its first frame. */
export const TX_RESET_MULTI_IDX = 0x0200;
/** Receiving: the frame after the head is the reply to remote frames. */
export const RX_RTR_FRAME = 0x0400;
/** The frames are `struct canfd_frame`. */
export const CAN_FD_FRAME = 0x0800;

/*
 * struct bcm_msg_head (56 bytes), followed by frames
 *   0  __u32   opcode
 *   4  __u32   flags
 *   8  __u32   count      frames to send with ival1
 *  16  long    ival1.tv_sec, 24  long ival1.tv_usec
 *  32  long    ival2.tv_sec, 40  long ival2.tv_usec
 *  48  canid_t can_id     identifies the transmission or subscription
 *  52  __u32   nframes
 */

/** Size of `struct bcm_msg_head`. */
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

/** Writes a head to the beginning of a message. */
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
