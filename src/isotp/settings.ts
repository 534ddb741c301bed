/**
 * The options of an ISO-TP socket, and the limit of its kernel.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { EADDRNOTAVAIL, EFAULT, EINVAL } from "../kernel/errno.ts";
import {
  CAN_ISOTP_LL_OPTS,
  CAN_ISOTP_OPTS,
  CAN_ISOTP_RECV_FC,
  CAN_ISOTP_RX_STMIN,
  CAN_ISOTP_TX_STMIN,
  encodeFlowControl,
  encodeLinkLayer,
  encodeOptions,
  SOL_CAN_ISOTP,
} from "../kernel/isotp.ts";
import {
  IOV_LEN,
  IOVEC_SIZE,
  MMSGHDR_SIZE,
  MSG_IOV,
  MSG_IOVLEN,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
} from "../kernel/socket.ts";
import { interfaceMtu, mtuAdvice } from "../socket/interfaces.ts";
import { type SocketOptions, u32 } from "../socket/socket_options.ts";
import type { FullIsoTpOptions } from "./options.ts";

/** Sets all that the options ask for; a refusal is an error. */
export function configureIsoTp(settings: SocketOptions, options: FullIsoTpOptions): void {
  const set = (label: string, name: number, value: Uint8Array) => settings.set(label, SOL_CAN_ISOTP, name, value);
  const { kernel, blockSize, stMin, wftMax, mtu, txDl, txFlags, forceTxStMin, forceRxStMin } = options;
  set("CAN_ISOTP_OPTS", CAN_ISOTP_OPTS, encodeOptions(kernel));
  set("CAN_ISOTP_RECV_FC", CAN_ISOTP_RECV_FC, encodeFlowControl(blockSize, stMin, wftMax));
  set("CAN_ISOTP_LL_OPTS", CAN_ISOTP_LL_OPTS, encodeLinkLayer(mtu, txDl, txFlags));
  if (forceTxStMin !== undefined) set("CAN_ISOTP_TX_STMIN", CAN_ISOTP_TX_STMIN, u32(forceTxStMin));
  if (forceRxStMin !== undefined) {
    set("CAN_ISOTP_RX_STMIN", CAN_ISOTP_RX_STMIN, u32(forceRxStMin));
    // It compares the frames' times, which the kernel notes only where some socket asks for them: else all come too soon.
    settings.set("SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
  }
  settings.setBuffers(options);
}

/** What to do about a refusal to bind, `-errno`. */
export function bindAdvice(libc: Libc, fd: number, options: FullIsoTpOptions, result: number): string | undefined {
  const { channel, mtu, txWord, rxWord } = options;
  // A kernel that does not know a broadcast's flag takes the two identifiers, which are the same, for those of two ends.
  if (result === -EADDRNOTAVAIL && rxWord === txWord) return "this kernel knows no such broadcast: it takes Linux 6.0";
  const actual = result === -EINVAL ? interfaceMtu(libc, fd, channel) : -1;
  return actual >= 0 && actual < mtu ? mtuAdvice(channel, actual, "FD") : undefined;
}

/**
 * The most bytes that the kernel takes as one PDU, which it tells nobody: more are EINVAL even if they are at no address,
 * which else is EFAULT. Nothing is sent. No PDU may be under way.
 *
 * @param refused A number of bytes that it does not take.
 * @returns 0 if it cannot be found out.
 */
export function longestPdu(libc: Libc, fd: number, refused: number): number {
  // Small typed arrays may move; a buffer of its own, asked for as such, does not.
  const header = new Uint8Array(new ArrayBuffer(1024), 0, MMSGHDR_SIZE + IOVEC_SIZE);
  const view = new DataView(header.buffer);
  view.setBigUint64(MSG_IOV, libc.address(header) + BigInt(MMSGHDR_SIZE), true);
  view.setUint32(MSG_IOVLEN, 1, true);
  let taken = 0;
  while (refused - taken > 1) {
    const length = (taken + refused) >>> 1;
    view.setUint32(MMSGHDR_SIZE + IOV_LEN, length, true);
    const result = libc.sendmmsg(fd, header, 1, 0);
    if (result === -EFAULT) taken = length;
    else if (result === -EINVAL) refused = length;
    else return 0;
  }
  return taken;
}
