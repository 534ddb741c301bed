// <linux/can.h>

/** Address and protocol family. */
export const AF_CAN = 29;
/** Protocol of raw sockets. */
export const CAN_RAW = 1;
/** Protocol of ISO-TP sockets. */
export const CAN_ISOTP = 6;
/** Protocol of the broadcast manager's sockets. */
export const CAN_BCM = 2;
/** Protocol of J1939 sockets. */
export const CAN_J1939 = 7;

/** Extended (29 bit) identifier. */
export const CAN_EFF_FLAG = 0x80000000;
/** Remote transmission request. */
export const CAN_RTR_FLAG = 0x40000000;
/** Error message frame. */
export const CAN_ERR_FLAG = 0x20000000;
/** Mask of a standard frame's identifier (11 bit). */
export const CAN_SFF_MASK = 0x7ff;
/** Mask of an extended frame's identifier (29 bit). */
export const CAN_EFF_MASK = 0x1fffffff;
/** Mask of an error frame's classes. */
export const CAN_ERR_MASK = 0x1fffffff;
/** In a filter's `can_id`: pass the frames that do not match. */
export const CAN_INV_FILTER = 0x20000000;

/** Maximum bytes of data in a classic frame. */
export const CAN_MAX_DLEN = 8;
/** Maximum 4-bit length code of a classic frame: 9 to 15 mean 8 bytes, too. */
export const CAN_MAX_RAW_DLC = 15;
/** Maximum bytes of data in an FD frame. */
export const CANFD_MAX_DLEN = 64;
/** Minimum bytes of data in an XL frame. */
export const CANXL_MIN_DLEN = 1;
/** Maximum bytes of data in an XL frame. */
export const CANXL_MAX_DLEN = 2048;
/** Size of `struct can_frame`, and the MTU of an interface that carries only classic frames. */
export const CAN_MTU = 16;
/** Size of `struct canfd_frame`, and the MTU of an interface that carries classic and FD frames. */
export const CANFD_MTU = 72;
/** Maximum size of `struct canxl_frame`: the structure is as long as its data requires. */
export const CANXL_MTU = 2060;
/** Minimum MTU of an interface that carries XL frames. */
export const CANXL_MIN_MTU = 76;

/** FD: bit rate switch; the data phase uses the data bitrate. */
export const CANFD_BRS = 0x01;
/** FD: error state indicator; the sender is error passive. */
export const CANFD_ESI = 0x02;
/** FD: marks an FD frame where both kinds share one structure. */
export const CANFD_FDF = 0x04;

/** XL: mask of the 11-bit priority, which takes the place of the identifier. */
export const CANXL_PRIO_MASK = 0x7ff;
/** XL: position of the virtual CAN network's identifier (VCID) in the word of the priority. */
export const CANXL_VCID_OFFSET = 16;
/** XL: mask of the 8-bit VCID in the word of the priority. */
export const CANXL_VCID_MASK = 0xff0000;
/** XL: marks an XL frame; the flag is in the byte where other frames have their length. */
export const CANXL_XLF = 0x80;
/** XL: simple extended content, for security and segmentation. */
export const CANXL_SEC = 0x01;

/*
 * struct can_frame (16 bytes)            struct canfd_frame (72 bytes)
 *   0  canid_t can_id                      0  canid_t can_id
 *   4  __u8    len                         4  __u8    len
 *   5  __u8    __pad                       5  __u8    flags
 *   6  __u8    __res0                      6  __u8    __res0
 *   7  __u8    len8_dlc                    7  __u8    __res1
 *   8  __u8    data[8]                     8  __u8    data[64]
 *
 * struct canxl_frame (12 bytes and the data)
 *   0  canid_t prio      and VCID
 *   4  __u8    flags     CANXL_XLF is always set
 *   5  __u8    sdt       SDU type
 *   6  __u16   len
 *   8  __u32   af        acceptance field
 *  12  __u8    data[2048]
 */

/** Offset of `len` in a classic or FD frame. */
export const FRAME_LEN = 4;
/** Offset of a classic frame's length code, if it is one of 9 to 15. */
export const FRAME_LEN8_DLC = 7;
/** Offset of the data in a classic or FD frame. */
export const FRAME_DATA = 8;
/** XL: offset of the SDU type. */
export const CANXL_SDT = 5;
/** XL: offset of the data's length. */
export const CANXL_LEN = 6;
/** XL: offset of the acceptance field. */
export const CANXL_AF = 8;
/** XL: offset of the data. */
export const CANXL_HDR_SIZE = 12;

/** The data lengths that an FD frame can have on the wire, by their 4-bit code. */
export const fdLengths: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];

/** Returns the shortest data length of an FD frame that holds `length` bytes, 0 to 64. */
export function fdLength(length: number): number {
  return fdLengths.find((each) => each >= length) ?? CANFD_MAX_DLEN;
}

/*
 * struct sockaddr_can (24 bytes)
 *   0  __kernel_sa_family_t can_family
 *   4  int                  can_ifindex    0 for every CAN interface
 *   8  union                can_addr       ISO-TP and J1939 only
 */

/** Size of `struct sockaddr_can`. */
export const SOCKADDR_CAN_SIZE = 24;
/** Offset of the interface's index in the address. */
export const SOCKADDR_CAN_IFINDEX = 4;

/** Encodes the address of a raw socket on one interface, or on every CAN interface for index 0. */
export function encodeAddress(ifindex: number): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_CAN_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_CAN, true);
  view.setInt32(SOCKADDR_CAN_IFINDEX, ifindex, true);
  return bytes;
}

/** Size of `struct can_filter`. */
export const FILTER_SIZE = 8;

/** `struct can_filter`: a frame passes if `(id & mask) === (canId & mask)`; bit 29 of `canId` inverts that. */
export interface RawFilter {
  /** Bytes 0 to 3. */
  readonly canId: number;
  /** Bytes 4 to 7. */
  readonly canMask: number;
}

/** Encodes an array of `struct can_filter`. */
export function encodeFilters(filters: readonly RawFilter[]): Uint8Array {
  const bytes = new Uint8Array(FILTER_SIZE * filters.length);
  const view = new DataView(bytes.buffer);
  filters.forEach(({ canId, canMask }, i) => {
    view.setUint32(FILTER_SIZE * i, canId, true);
    view.setUint32(FILTER_SIZE * i + 4, canMask, true);
  });
  return bytes;
}

/** Decodes an array of `struct can_filter`. */
export function decodeFilters(bytes: Uint8Array): RawFilter[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from(
    { length: bytes.length / FILTER_SIZE },
    (_, i) => ({ canId: view.getUint32(FILTER_SIZE * i, true), canMask: view.getUint32(FILTER_SIZE * i + 4, true) }),
  );
}

/** Whether a filter of the kernel passes a data or remote frame with this identifier word (which includes the flags). */
export function filterMatches({ canId, canMask }: RawFilter, idWord: number): boolean {
  const inverted = (canId & CAN_INV_FILTER) !== 0;
  // As in the kernel, a filter for standard frames compares only the bits that a standard frame has.
  const standardOnly = (canMask & CAN_EFF_FLAG) !== 0 && (canId & CAN_EFF_FLAG) === 0;
  const mask = standardOnly ? canMask & (CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG) : canMask;
  return ((idWord & mask) === (canId & mask)) !== inverted;
}
