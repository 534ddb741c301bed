/**
 * The socket options of an ISO-TP socket, and the kernel's limit of a PDU's length.
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

/** Sets all socket options; throws if the kernel refuses one. */
export function configureIsoTp(settings: SocketOptions, options: FullIsoTpOptions): void {
  const set = (label: string, name: number, value: Uint8Array) => settings.set(label, SOL_CAN_ISOTP, name, value);
  const { kernel, blockSize, stMin, wftMax, mtu, txDl, txFlags, forceTxStMin, forceRxStMin } = options;
  set("CAN_ISOTP_OPTS", CAN_ISOTP_OPTS, encodeOptions(kernel));
  set("CAN_ISOTP_RECV_FC", CAN_ISOTP_RECV_FC, encodeFlowControl(blockSize, stMin, wftMax));
  set("CAN_ISOTP_LL_OPTS", CAN_ISOTP_LL_OPTS, encodeLinkLayer(mtu, txDl, txFlags));
  if (forceTxStMin !== undefined) set("CAN_ISOTP_TX_STMIN", CAN_ISOTP_TX_STMIN, u32(forceTxStMin));
  if (forceRxStMin !== undefined) {
    set("CAN_ISOTP_RX_STMIN", CAN_ISOTP_RX_STMIN, u32(forceRxStMin));
    // The kernel compares timestamps, which it takes only if some socket asks for them: otherwise every frame is ignored.
    settings.set("SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
  }
  settings.setBuffers(options);
}

/** What to do if `bind` failed with `-errno`. */
export function bindAdvice(libc: Libc, fd: number, options: FullIsoTpOptions, result: number): string | undefined {
  const { channel, mtu, txWord, rxWord } = options;
  // A kernel that does not know the flag of a broadcast refuses it, as both identifiers are the same.
  if (result === -EADDRNOTAVAIL && rxWord === txWord) {
    return "this kernel does not support this broadcast: cfBroadcast needs Linux 6.0";
  }
  const actual = result === -EINVAL ? interfaceMtu(libc, fd, channel) : -1;
  return actual >= 0 && actual < mtu ? mtuAdvice(channel, actual, "FD") : undefined;
}

/**
 * Finds the longest PDU, in bytes, that the kernel takes, which cannot be read: a longer one is EINVAL even without a valid
 * address, a shorter one is EFAULT. Nothing is sent. No PDU may be in transmission.
 *
 * @param refused A number of bytes that the kernel does not take.
 * @returns 0 if it cannot be found.
 */
export function longestPdu(libc: Libc, fd: number, refused: number): number {
  // Small typed arrays may move in memory; an ArrayBuffer of its own does not.
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
