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
/** Identifier of a standard frame. */
export const CAN_SFF_MASK = 0x7ff;
/** Identifier of an extended frame. */
export const CAN_EFF_MASK = 0x1fffffff;
/** Classes of an error frame. */
export const CAN_ERR_MASK = 0x1fffffff;
/** In a filter: let through what does not match. */
export const CAN_INV_FILTER = 0x20000000;

/** Most bytes of data in a classic frame. */
export const CAN_MAX_DLEN = 8;
/** Greatest four-bit length code of a classic frame: 9 to 15 mean 8 bytes too. */
export const CAN_MAX_RAW_DLC = 15;
/** Most bytes of data in an FD frame. */
export const CANFD_MAX_DLEN = 64;
/** Least bytes of data in an XL frame. */
export const CANXL_MIN_DLEN = 1;
/** Most bytes of data in an XL frame. */
export const CANXL_MAX_DLEN = 2048;
/** Bytes of `struct can_frame`, and MTU of a link that carries only such. */
export const CAN_MTU = 16;
/** Bytes of `struct canfd_frame`, and MTU of a link that carries both. */
export const CANFD_MTU = 72;
/** Most bytes of `struct canxl_frame`: a frame is as long as its data makes it. */
export const CANXL_MTU = 2060;
/** Least MTU of a link that carries XL frames. */
export const CANXL_MIN_MTU = 76;

/** FD: the data was sent at the data bitrate. */
export const CANFD_BRS = 0x01;
/** FD: the sender is error passive. */
export const CANFD_ESI = 0x02;
/** FD: marks the frame as FD where both kinds share one structure. */
export const CANFD_FDF = 0x04;

/** XL: 11-bit priority, where other frames have the identifier. */
export const CANXL_PRIO_MASK = 0x7ff;
/** XL: where the virtual CAN network's identifier is in the priority's word, */
export const CANXL_VCID_OFFSET = 16;
/** and its 8 bits there. */
export const CANXL_VCID_MASK = 0xff0000;
/** XL: marks the frame as XL, where other frames have their length. */
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
 *   0  canid_t prio      with the VCID
 *   4  __u8    flags     CANXL_XLF is always set
 *   5  __u8    sdt       SDU type
 *   6  __u16   len
 *   8  __u32   af        acceptance field
 *  12  __u8    data[2048]
 */

/** Where `len` is in a frame. */
export const FRAME_LEN = 4;
/** Where a classic frame has the length code that its length does not tell. */
export const FRAME_LEN8_DLC = 7;
/** Where the data begins in a classic or FD frame. */
export const FRAME_DATA = 8;
/** XL: where the SDU type is, */
export const CANXL_SDT = 5;
/** the length of the data, */
export const CANXL_LEN = 6;
/** the acceptance field, */
export const CANXL_AF = 8;
/** and where the data begins. */
export const CANXL_HDR_SIZE = 12;

/** The lengths of data that an FD frame can have on the wire, by their four-bit code. */
const fdLengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64] as const;

/** The shortest length of an FD frame that holds `length` bytes, 0 to 64. */
export function fdLength(length: number): number {
  return fdLengths.find((each) => each >= length) ?? CANFD_MAX_DLEN;
}

/*
 * struct sockaddr_can (24 bytes)
 *   0  __kernel_sa_family_t can_family
 *   4  int                  can_ifindex    0 for every CAN interface
 *   8  union                can_addr       isotp and j1939 only
 */

/** Bytes of `struct sockaddr_can`. */
export const SOCKADDR_CAN_SIZE = 24;
/** Where the interface's index is in the address. */
export const SOCKADDR_CAN_IFINDEX = 4;

/** The address of a raw socket on an interface, or on all CAN interfaces for index 0. */
export function encodeAddress(ifindex: number): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_CAN_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_CAN, true);
  view.setInt32(SOCKADDR_CAN_IFINDEX, ifindex, true);
  return bytes;
}

/** Bytes of `struct can_filter`. */
export const FILTER_SIZE = 8;

/** `struct can_filter`: a frame passes where `(id & mask) === (canId & mask)`, bit 29 of `canId` turns that round. */
export interface RawFilter {
  /** Bytes 0 to 3. */
  readonly canId: number;
  /** Bytes 4 to 7. */
  readonly canMask: number;
}

/** An array of `struct can_filter`. */
export function encodeFilters(filters: readonly RawFilter[]): Uint8Array {
  const bytes = new Uint8Array(FILTER_SIZE * filters.length);
  const view = new DataView(bytes.buffer);
  filters.forEach(({ canId, canMask }, i) => {
    view.setUint32(FILTER_SIZE * i, canId, true);
    view.setUint32(FILTER_SIZE * i + 4, canMask, true);
  });
  return bytes;
}

/** Reads an array of `struct can_filter` back. */
export function decodeFilters(bytes: Uint8Array): RawFilter[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from(
    { length: bytes.length / FILTER_SIZE },
    (_, i) => ({ canId: view.getUint32(FILTER_SIZE * i, true), canMask: view.getUint32(FILTER_SIZE * i + 4, true) }),
  );
}

/** Whether the kernel lets a data or remote frame with this identifier word (flags and all) through a filter. */
export function filterMatches({ canId, canMask }: RawFilter, idWord: number): boolean {
  const inverted = (canId & CAN_INV_FILTER) !== 0;
  // As in the kernel, a filter that asks for standard frames looks at no more than a standard frame has.
  const standardOnly = (canMask & CAN_EFF_FLAG) !== 0 && (canId & CAN_EFF_FLAG) === 0;
  const mask = standardOnly ? canMask & (CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG) : canMask;
  return ((idWord & mask) === (canId & mask)) !== inverted;
}
