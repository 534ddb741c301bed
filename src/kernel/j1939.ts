// <linux/can/j1939.h>

import { encodeAddress } from "./can.ts";

/** Level of a J1939 socket's options and control messages. */
export const SOL_CAN_J1939 = 107;

/** Maximum address of a node. */
export const J1939_MAX_UNICAST_ADDR = 0xfd;
/** The NULL address: that of a node without an address. */
export const J1939_IDLE_ADDR = 0xfe;
/** As a destination: the global address, all nodes. As a source: no address. */
export const J1939_NO_ADDR = 0xff;
/** No NAME. */
export const J1939_NO_NAME = 0;
/** PGN of a request for another PGN. */
export const J1939_PGN_REQUEST = 0x0ea00;
/** PGN of Address Claimed and of Cannot Claim Address. */
export const J1939_PGN_ADDRESS_CLAIMED = 0x0ee00;
/** PGN of Commanded Address. */
export const J1939_PGN_ADDRESS_COMMANDED = 0x0fed8;
/** The bits of a PDU1 PGN that are not its destination; also the maximum of the PGNs without low byte. */
export const J1939_PGN_PDU1_MAX = 0x3ff00;
/** Maximum PGN. */
export const J1939_PGN_MAX = 0x3ffff;
/** No PGN. */
export const J1939_NO_PGN = 0x40000;

/** `struct j1939_filter[]`: which messages to receive. */
export const SO_J1939_FILTER = 1;
/** `int`: whether to receive messages for other nodes, too. */
export const SO_J1939_PROMISC = 2;
/** `int`, 0 to 7: the priority of subsequently sent messages; 0 and 1 need CAP_NET_ADMIN. */
export const SO_J1939_SEND_PRIO = 3;
/** `int`: whether to report transfers in the error queue. */
export const SO_J1939_ERRQUEUE = 4;
/** Maximum number of a socket's filters. */
export const J1939_FILTER_MAX = 512;

/** Control message of a received message: `__u8`, the destination's address; absent if the message was for all nodes. */
export const SCM_J1939_DEST_ADDR = 1;
/** Control message of a received message: `__u64`, the destination's NAME, if it is known. */
export const SCM_J1939_DEST_NAME = 2;
/** Control message of a received message: `__u8`, the priority. */
export const SCM_J1939_PRIO = 3;
/** Control message of the error queue: `struct sock_extended_err`. */
export const SCM_J1939_ERRQUEUE = 4;

// In ee_info, if ee_origin is SO_EE_ORIGIN_LOCAL.

/** Sending was aborted. */
export const J1939_EE_INFO_TX_ABORT = 1;
/** A node begins to send a long message. */
export const J1939_EE_INFO_RX_RTS = 2;
/** A node begins a part of an ETP message. */
export const J1939_EE_INFO_RX_DPO = 3;
/** Receiving was aborted. */
export const J1939_EE_INFO_RX_ABORT = 4;

// Attributes of SCM_TIMESTAMPING_OPT_STATS.

/** `__u32`: bytes acknowledged so far. */
export const J1939_NLA_BYTES_ACKED = 1;
/** `__u32`: the message's length. */
export const J1939_NLA_TOTAL_SIZE = 2;
/** `__u32`: the message's PGN. */
export const J1939_NLA_PGN = 3;
/** `__u64`: the source's NAME. */
export const J1939_NLA_SRC_NAME = 4;
/** `__u64`: the destination's NAME. */
export const J1939_NLA_DEST_NAME = 5;
/** `__u8`: the source's address. */
export const J1939_NLA_SRC_ADDR = 6;
/** `__u8`: the destination's address. */
export const J1939_NLA_DEST_ADDR = 7;

/*
 * struct sockaddr_can (24 bytes) for J1939
 *   0  __kernel_sa_family_t can_family
 *   4  int                  can_ifindex
 *   8  __u64                can_addr.j1939.name     0 for none
 *  16  __u32                can_addr.j1939.pgn      without the destination
 *  20  __u8                 can_addr.j1939.addr
 */

/** Offset of the NAME. */
export const SOCKADDR_CAN_NAME = 8;
/** Offset of the PGN. */
export const SOCKADDR_CAN_PGN = 16;
/** Offset of the node's address. */
export const SOCKADDR_CAN_ADDR = 20;

/** A node, by NAME and address, and a PGN. */
export interface J1939Address {
  readonly name: bigint;
  readonly pgn: number;
  readonly address: number;
}

/** Encodes the address of a J1939 socket, or of a message's destination, where the index may be 0. */
export function encodeJ1939Address(ifindex: number, { name, pgn, address }: J1939Address): Uint8Array {
  const bytes = encodeAddress(ifindex);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(SOCKADDR_CAN_NAME, name, true);
  view.setUint32(SOCKADDR_CAN_PGN, pgn, true);
  view.setUint8(SOCKADDR_CAN_ADDR, address);
  return bytes;
}

/** Decodes the address of a received message's source. */
export function decodeJ1939Address(bytes: Uint8Array): J1939Address {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    name: view.getBigUint64(SOCKADDR_CAN_NAME, true),
    pgn: view.getUint32(SOCKADDR_CAN_PGN, true),
    address: view.getUint8(SOCKADDR_CAN_ADDR),
  };
}

/*
 * struct j1939_filter (32 bytes)
 *   0  name_t name
 *   8  name_t name_mask
 *  16  pgn_t  pgn
 *  20  pgn_t  pgn_mask
 *  24  __u8   addr
 *  25  __u8   addr_mask
 */

/** Size of `struct j1939_filter`. */
export const J1939_FILTER_SIZE = 32;

/** `struct j1939_filter`: a message passes if NAME, PGN and address of its source are equal in the bits of their masks. */
export interface RawJ1939Filter {
  readonly name: bigint;
  readonly nameMask: bigint;
  readonly pgn: number;
  readonly pgnMask: number;
  readonly address: number;
  readonly addressMask: number;
}

/** Encodes an array of `struct j1939_filter`. */
export function encodeJ1939Filters(filters: readonly RawJ1939Filter[]): Uint8Array {
  const bytes = new Uint8Array(J1939_FILTER_SIZE * filters.length);
  const view = new DataView(bytes.buffer);
  filters.forEach((filter, i) => {
    const at = J1939_FILTER_SIZE * i;
    view.setBigUint64(at, filter.name, true);
    view.setBigUint64(at + 8, filter.nameMask, true);
    view.setUint32(at + 16, filter.pgn, true);
    view.setUint32(at + 20, filter.pgnMask, true);
    view.setUint8(at + 24, filter.address);
    view.setUint8(at + 25, filter.addressMask);
  });
  return bytes;
}

/** Decodes an array of `struct j1939_filter`. */
export function decodeJ1939Filters(bytes: Uint8Array): RawJ1939Filter[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / J1939_FILTER_SIZE }, (_, i) => {
    const at = J1939_FILTER_SIZE * i;
    return {
      name: view.getBigUint64(at, true),
      nameMask: view.getBigUint64(at + 8, true),
      pgn: view.getUint32(at + 16, true),
      pgnMask: view.getUint32(at + 20, true),
      address: view.getUint8(at + 24),
      addressMask: view.getUint8(at + 25),
    };
  });
}

/** The error queue's attributes of a transfer; those that were not reported are absent. */
export interface TransferStats {
  readonly bytesAcked?: number;
  readonly totalSize?: number;
  readonly pgn?: number;
  readonly sourceName?: bigint;
  readonly destinationName?: bigint;
  readonly source?: number;
  readonly destination?: number;
}

/*
 * struct nlattr (4 bytes), aligned to 4: __u16 nla_len (header and payload), __u16 nla_type
 */
const fields: Record<number, readonly [name: keyof TransferStats, size: 1 | 4 | 8]> = {
  [J1939_NLA_BYTES_ACKED]: ["bytesAcked", 4],
  [J1939_NLA_TOTAL_SIZE]: ["totalSize", 4],
  [J1939_NLA_PGN]: ["pgn", 4],
  [J1939_NLA_SRC_NAME]: ["sourceName", 8],
  [J1939_NLA_DEST_NAME]: ["destinationName", 8],
  [J1939_NLA_SRC_ADDR]: ["source", 1],
  [J1939_NLA_DEST_ADDR]: ["destination", 1],
};

/** Decodes the payload of SCM_TIMESTAMPING_OPT_STATS up to the first malformed attribute. */
export function decodeTransferStats(bytes: Uint8Array): TransferStats {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stats: { -readonly [K in keyof TransferStats]: number | bigint } = {};
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    const [name, size] = fields[view.getUint16(at + 2, true)] ?? [];
    if (name && length === 4 + size!) {
      stats[name] = size === 8
        ? view.getBigUint64(at + 4, true)
        : size === 4
        ? view.getUint32(at + 4, true)
        : view.getUint8(at + 4);
    }
    at += (length + 3) & ~3;
  }
  return stats as TransferStats;
}
