// <linux/can/isotp.h>

import { encodeAddress } from "./can.ts";

/** Level of an ISO-TP socket's options. All of them must be set before bind. */
export const SOL_CAN_ISOTP = 106;

/** `struct can_isotp_options`. */
export const CAN_ISOTP_OPTS = 1;
/** `struct can_isotp_fc_options`: the parameters in this socket's flow control frames. */
export const CAN_ISOTP_RECV_FC = 2;
/** `__u32`, nanoseconds: the gap between consecutive frames, regardless of the STmin that the receiver asks for. */
export const CAN_ISOTP_TX_STMIN = 3;
/** `__u32`, nanoseconds: consecutive frames that arrive sooner after the last one are ignored. */
export const CAN_ISOTP_RX_STMIN = 4;
/** `struct can_isotp_ll_options`. */
export const CAN_ISOTP_LL_OPTS = 5;

// Flags of struct can_isotp_options.

/** Send no flow control. */
export const CAN_ISOTP_LISTEN_MODE = 0x0001;
/** The first data byte of each frame is an extended address. */
export const CAN_ISOTP_EXTEND_ADDR = 0x0002;
/** Pad sent frames. */
export const CAN_ISOTP_TX_PADDING = 0x0004;
/** Expect received frames to be padded. */
export const CAN_ISOTP_RX_PADDING = 0x0008;
/** Ignore received frames whose length is not the padded one (without RX_PADDING: not the shortest one). */
export const CAN_ISOTP_CHK_PAD_LEN = 0x0010;
/** Ignore received frames whose padding has other content than expected. */
export const CAN_ISOTP_CHK_PAD_DATA = 0x0020;
/** Do not receive while sending, nor send while receiving. */
export const CAN_ISOTP_HALF_DUPLEX = 0x0040;
/** Apply CAN_ISOTP_TX_STMIN. */
export const CAN_ISOTP_FORCE_TXSTMIN = 0x0080;
/** Apply CAN_ISOTP_RX_STMIN. */
export const CAN_ISOTP_FORCE_RXSTMIN = 0x0100;
/** Received frames have a different extended address. */
export const CAN_ISOTP_RX_EXT_ADDR = 0x0200;
/** A write returns only when everything was sent. It then blocks even with O_NONBLOCK, so the library does not set this. */
export const CAN_ISOTP_WAIT_TX_DONE = 0x0400;
/** 1-to-N: send single frames only; the socket receives nothing. */
export const CAN_ISOTP_SF_BROADCAST = 0x0800;
/** 1-to-N: send consecutive frames without flow control; the socket receives nothing. Since Linux 6.0. */
export const CAN_ISOTP_CF_BROADCAST = 0x1000;

/** As `frame_txtime`: zero. (The value 0 leaves the setting unchanged.) */
export const CAN_ISOTP_FRAME_TXTIME_ZERO = 0xffffffff;

/*
 * struct can_isotp_options (12 bytes)    struct can_isotp_fc_options (3 bytes)
 *   0  __u32 flags                         0  __u8 bs         frames per block, 0 for no limit
 *   4  __u32 frame_txtime   ns             1  __u8 stmin      see encodeStMin
 *   8  __u8  ext_address                   2  __u8 wftmax
 *   9  __u8  txpad_content
 *  10  __u8  rxpad_content               struct can_isotp_ll_options (3 bytes)
 *  11  __u8  rx_ext_address                0  __u8 mtu        CAN_MTU or CANFD_MTU
 *                                          1  __u8 tx_dl      bytes of data in a full frame
 *                                          2  __u8 tx_flags   CANFD_BRS
 */

/** `struct can_isotp_options`. */
export interface RawIsoTpOptions {
  /** Bytes 0 to 3. */
  readonly flags: number;
  /** Bytes 4 to 7: nanoseconds, 0 to leave the setting unchanged. */
  readonly frameTxTime: number;
  /** Byte 8. */
  readonly extAddress: number;
  /** Byte 9. */
  readonly txPadContent: number;
  /** Byte 10. */
  readonly rxPadContent: number;
  /** Byte 11. */
  readonly rxExtAddress: number;
}

/** Encodes `struct can_isotp_options`. */
export function encodeOptions(options: RawIsoTpOptions): Uint8Array {
  const { extAddress, txPadContent, rxPadContent, rxExtAddress } = options;
  const bytes = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, extAddress, txPadContent, rxPadContent, rxExtAddress);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, options.flags, true);
  view.setUint32(4, options.frameTxTime, true);
  return bytes;
}

/** Encodes `struct can_isotp_fc_options`. */
export function encodeFlowControl(blockSize: number, stMin: number, wftMax: number): Uint8Array {
  return Uint8Array.of(blockSize, stMin, wftMax);
}

/** Encodes `struct can_isotp_ll_options`. */
export function encodeLinkLayer(mtu: number, txDl: number, txFlags: number): Uint8Array {
  return Uint8Array.of(mtu, txDl, txFlags);
}

/**
 * Encodes STmin, the minimum time between consecutive frames, for a flow control frame (ISO 15765-2): 0x00 to 0x7f are
 * 0 to 127 ms, 0xf1 to 0xf9 are 100 to 900 µs.
 *
 * @returns Undefined for a time that STmin cannot express.
 */
export function encodeStMin(seconds: number): number | undefined {
  const tenths = Math.round(seconds * 1e4);
  if (!(Math.abs(seconds * 1e4 - tenths) < 1e-6) || tenths < 0) return undefined; // in tenths of a millisecond
  if (tenths > 0 && tenths < 10) return 0xf0 + tenths;
  return tenths % 10 === 0 && tenths <= 1270 ? tenths / 10 : undefined;
}

/*
 * struct sockaddr_can (24 bytes) for ISO-TP
 *   0  __kernel_sa_family_t can_family
 *   4  int                  can_ifindex
 *   8  canid_t              can_addr.tp.rx_id
 *  12  canid_t              can_addr.tp.tx_id
 */

/** Encodes the address of an ISO-TP socket; extended identifiers carry CAN_EFF_FLAG. */
export function encodeIsoTpAddress(ifindex: number, rxId: number, txId: number): Uint8Array {
  const bytes = encodeAddress(ifindex);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, rxId, true);
  view.setUint32(12, txId, true);
  return bytes;
}
