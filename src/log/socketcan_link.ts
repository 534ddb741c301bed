/**
 * CAN frames in captures: LINKTYPE_CAN_SOCKETCAN, and Linux cooked captures of CAN interfaces.
 *
 * Sources: https://www.tcpdump.org/linktypes/LINKTYPE_CAN_SOCKETCAN.html, LINKTYPE_LINUX_SLL.html,
 * LINKTYPE_LINUX_SLL2.html; and `pcap-linux.c` of libpcap, which writes such captures.
 *
 *     classic and FD                        XL
 *      0  u32 be  identifier and flags       0  u32 be  VCID and priority
 *      4  u8      length                     4  u8      flags, CANXL_XLF set
 *      5  u8      FD flags                   5  u8      SDU type
 *      7  u8      raw DLC, classic only      6  u16 le  length
 *      8          data                       8  u32 le  acceptance field, then data
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_MTU,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_FDF,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  CANXL_HDR_SIZE,
  CANXL_MAX_DLEN,
  CANXL_PRIO_MASK,
  CANXL_VCID_MASK,
  CANXL_XLF,
  fdLength,
  FRAME_DATA,
  FRAME_LEN,
} from "../kernel/can.ts";
import { wordsOf } from "../message/fields.ts";
import { fieldsOf, type Message } from "../message/message.ts";
import type { Records } from "./records.ts";

/** Link types of captures. */
const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_CAN_SOCKETCAN = 227;
const LINKTYPE_LINUX_SLL2 = 276;

/** Whether captures of a link type can be read. */
export function isCanLink(linkType: number): boolean {
  return linkType === LINKTYPE_CAN_SOCKETCAN || linkType === LINKTYPE_LINUX_SLL || linkType === LINKTYPE_LINUX_SLL2;
}

/** The protocols of CAN frames in cooked captures: classic, FD, XL. */
const LINUX_SLL_P_CAN = 0x000c;
const LINUX_SLL_P_CANFD = 0x000d;
const LINUX_SLL_P_CANXL = 0x000e;
const PACKET_OUTGOING = 4;

/** Where the frame is in a captured packet, and the metadata of the packet. */
interface Located {
  /** The offset of the frame in the packet, in bytes. */
  readonly at: number;
  /** Whether the identifier is in the byte order of the capture instead of big-endian. */
  readonly native: boolean;
  /** Whether the packet says that it is an FD frame; if false, the frame itself shows it. */
  readonly fd: boolean;
  /** Whether the capturing host sent the frame; null if the packet does not state it. */
  readonly outgoing: boolean | null;
}

const plain: Located = { at: 0, native: false, fd: false, outgoing: null };

/**
 * Finds the frame in a packet.
 *
 * @returns The reason, as a string, if the packet contains none.
 */
export function locateFrame(linkType: number, bytes: Uint8Array, from: number, to: number): Located | string {
  if (linkType === LINKTYPE_CAN_SOCKETCAN) return plain;
  const u16 = (at: number) => bytes[at] << 8 | bytes[at + 1];
  if (linkType === LINKTYPE_LINUX_SLL) {
    if (to - from < 16) return "packet is shorter than its header";
    const protocol = u16(from + 14);
    if (!isCan(protocol)) return `packet of protocol ${protocol}, which is not CAN`;
    return { at: 16, native: true, fd: protocol === LINUX_SLL_P_CANFD, outgoing: u16(from) === PACKET_OUTGOING };
  }
  if (to - from < 20) return "packet is shorter than its header";
  const protocol = u16(from);
  if (!isCan(protocol)) return `packet of protocol ${protocol}, which is not CAN`;
  return { at: 20, native: true, fd: protocol === LINUX_SLL_P_CANFD, outgoing: bytes[from + 10] === PACKET_OUTGOING };
}

function isCan(protocol: number): boolean {
  return protocol >= LINUX_SLL_P_CAN && protocol <= LINUX_SLL_P_CANXL;
}

/**
 * Decodes a frame.
 *
 * @param littleEndian Whether the identifier is little-endian.
 * @param isFd Whether it is an FD frame even if nothing in it shows that.
 * @returns The reason, as a string, if the frame is invalid.
 */
export function decodeFrame(
  records: Records,
  view: DataView,
  from: number,
  to: number,
  littleEndian: boolean,
  isFd: boolean,
  seconds: number,
  nanoseconds: number,
  channel: string | null,
  outgoing: boolean,
): Message | string {
  const size = to - from;
  if (size < FRAME_DATA) return `frame of ${size} bytes is shorter than its header`;
  let id = view.getUint32(from, littleEndian);
  const word = view.getUint32(from + FRAME_LEN, true);
  const error = (id & CAN_ERR_FLAG) !== 0;
  if (error) id = (id & ~CAN_RTR_FLAG) >>> 0; // no frame is both
  if (word & CANXL_XLF) {
    const length = word >>> 16;
    if (length < 1 || length > CANXL_MAX_DLEN || size < CANXL_HDR_SIZE + length) {
      return `invalid length: ${length} bytes of data in a CAN XL frame of ${size} bytes`;
    }
    records.begin(CANXL_HDR_SIZE + length);
    records.copy(view, from + FRAME_LEN, FRAME_LEN, CANXL_HDR_SIZE + length - FRAME_LEN);
    records.words[0] = id & (CANXL_PRIO_MASK | CANXL_VCID_MASK);
    return records.finish(seconds, nanoseconds, outgoing, CANXL_HDR_SIZE + length, channel);
  }
  let length = word & 0xff;
  const flags = word >>> 8 & 0xff;
  // Kernels before 6.1 and older versions of libpcap mark FD frames only by their size.
  const fd = !error &&
    (isFd || (flags & CANFD_FDF) !== 0 || size === CANFD_MTU || length > CAN_MAX_DLEN);
  const carried = id & CAN_RTR_FLAG && !fd ? 0 : length;
  if (length > (fd ? CANFD_MAX_DLEN : CAN_MAX_DLEN) || size < FRAME_DATA + carried) {
    return `invalid length: ${length} bytes of data in a frame of ${size} bytes`;
  }
  if ((id & (CAN_EFF_FLAG | CAN_ERR_FLAG)) === 0 && (id & ~CAN_RTR_FLAG) > CAN_SFF_MASK) {
    return `standard identifier 0x${(id & ~CAN_RTR_FLAG).toString(16)} is greater than 0x7ff`;
  }
  const mtu = fd ? CANFD_MTU : CAN_MTU;
  records.begin(mtu);
  records.copy(view, from + FRAME_DATA, FRAME_DATA, carried);
  const { words } = records;
  words[0] = fd ? id & ~CAN_RTR_FLAG : id;
  if (fd) length = fdLength(length);
  words[1] = fd ? length | ((flags & 3) | CANFD_FDF) << 8 : length | word & 0xff000000;
  return records.finish(seconds, nanoseconds, outgoing, mtu, channel);
}

/** Writes the frame of a message at an offset: `length` bytes, rounded up to a multiple of 4. */
export function encodeFrame(message: Message, length: number, data: DataView, at: number): void {
  const { idWord, lenWord, word0, word1, more } = fieldsOf(message);
  data.setInt32(at, idWord, false);
  data.setInt32(at + 4, lenWord, true);
  data.setInt32(at + 8, word0, true);
  data.setInt32(at + 12, word1, true);
  for (let i = 4; i < wordsOf(length); i++) data.setInt32(at + 4 * i, more?.[i - 4] ?? 0, true);
}
