// <linux/netlink.h>

import { align, type Attributes, decodeAttributes, stringCodec, u16, u32 } from "./nlattr.ts";

/** Protocol of the sockets that query and change links. */
export const NETLINK_ROUTE = 0;

/** `int`: joins a multicast group. */
export const NETLINK_ADD_MEMBERSHIP = 1;
/** `int`: whether an acknowledgement repeats only the request's header. */
export const NETLINK_CAP_ACK = 10;
/** `int`: whether acknowledgements contain a text about the error. Since Linux 4.12. */
export const NETLINK_EXT_ACK = 11;
/** `int`: whether the kernel refuses a request with unknown filters instead of ignoring them. Since Linux 4.20. */
export const NETLINK_GET_STRICT_CHK = 12;

/*
 * struct sockaddr_nl (12 bytes)
 *   0  __kernel_sa_family_t nl_family
 *   2  unsigned short       nl_pad
 *   4  __u32                nl_pid       0: the kernel chooses
 *   8  __u32                nl_groups
 */
export const SOCKADDR_NL_SIZE = 12;

/** Encodes an address that lets the kernel choose the socket's port number. */
export function encodeNetlinkAddress(family: number): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_NL_SIZE);
  new DataView(bytes.buffer).setUint16(0, family, true);
  return bytes;
}

export const NLM_F_REQUEST = 0x01;
/** One of several messages that answer a request; NLMSG_DONE ends them. */
export const NLM_F_MULTI = 0x02;
/** Requests an NLMSG_ERROR even if there is no error. */
export const NLM_F_ACK = 0x04;
/** The list changed while it was being read. */
export const NLM_F_DUMP_INTR = 0x10;
/** Requests a list of all objects. */
export const NLM_F_DUMP = 0x300;
/** Fail if the object exists. */
export const NLM_F_EXCL = 0x200;
/** Create the object if it does not exist. */
export const NLM_F_CREATE = 0x400;
/** On NLMSG_ERROR: only the request's header is repeated. */
export const NLM_F_CAPPED = 0x100;
/** On NLMSG_ERROR: attributes follow. */
export const NLM_F_ACK_TLVS = 0x200;

export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
/** Messages were lost. */
export const NLMSG_OVERRUN = 4;

export const NLMSGERR_ATTR_MSG = 1;
export const NLMSGERR_ATTR_OFFS = 2;
export const NLMSGERR_ATTR_MISS_TYPE = 5;
export const NLMSGERR_ATTR_MISS_NEST = 6;

/*
 * struct nlmsghdr (16 bytes), aligned to 4
 *   0  __u32 nlmsg_len     including this header
 *   4  __u16 nlmsg_type
 *   6  __u16 nlmsg_flags
 *   8  __u32 nlmsg_seq
 *  12  __u32 nlmsg_pid
 */
export const NLMSG_HDRLEN = 16;

/** One netlink message. */
export interface NetlinkMessage {
  /** NLMSG_* or RTM_*. */
  readonly type: number;
  /** NLM_F_* flags. */
  readonly flags: number;
  /** The number that an answer has in common with its request. */
  readonly sequence: number;
  /** The port number of the socket that an answer is for; 0 in a request. */
  readonly pid: number;
  /** The bytes after the header. */
  readonly payload: Uint8Array;
}

/** Encodes a message; its end is aligned to 4 bytes. */
export function encodeMessage({ type, flags, sequence, pid, payload }: NetlinkMessage): Uint8Array {
  const bytes = new Uint8Array(align(NLMSG_HDRLEN + payload.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, NLMSG_HDRLEN + payload.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  view.setUint32(12, pid, true);
  bytes.set(payload, NLMSG_HDRLEN);
  return bytes;
}

/**
 * Decodes the messages of one read; their payloads are views of `bytes`.
 *
 * @throws {RangeError} A message's length exceeds the bytes that were read, or is less than that of its header.
 */
export function decodeMessages(bytes: Uint8Array): NetlinkMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.length - at;
    const length = rest < NLMSG_HDRLEN ? rest : view.getUint32(at, true);
    if (length < NLMSG_HDRLEN || length > rest) {
      throw new RangeError(`Netlink message at byte ${at} has a length of ${length}, but ${rest} bytes remain`);
    }
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      pid: view.getUint32(at + 12, true),
      payload: bytes.subarray(at + NLMSG_HDRLEN, at + length),
    });
    at += align(length);
  }
  return messages;
}

const acknowledgementTable = {
  message: [NLMSGERR_ATTR_MSG, stringCodec],
  offset: [NLMSGERR_ATTR_OFFS, u32],
  missingType: [NLMSGERR_ATTR_MISS_TYPE, u16],
  missingNest: [NLMSGERR_ATTR_MISS_NEST, u32],
} as const;

/** The kernel's acknowledgement of a request. */
export interface Acknowledgement extends Attributes<typeof acknowledgementTable> {
  /** 0, or `-errno`. */
  readonly error: number;
}

/*
 * struct nlmsgerr (20 bytes)
 *   0  int             error           0, or -errno
 *   4  struct nlmsghdr msg             of the request; followed by its payload, unless NLM_F_CAPPED
 *  20  NLMSGERR_ATTR_*                 if NLM_F_ACK_TLVS; in NLMSG_DONE at 4, after the `int`
 */

/**
 * Decodes the payload of NLMSG_ERROR or NLMSG_DONE.
 *
 * @throws {RangeError} The payload is too short.
 */
export function decodeAcknowledgement({ type, flags, payload }: NetlinkMessage): Acknowledgement {
  const least = type === NLMSG_DONE ? 4 : 4 + NLMSG_HDRLEN;
  if (payload.length < least) throw new RangeError(`Netlink acknowledgement has ${payload.length} of ${least} bytes`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const error = view.getInt32(0, true);
  if ((flags & NLM_F_ACK_TLVS) === 0) return { error };
  const repeated = type === NLMSG_DONE ? 0 : flags & NLM_F_CAPPED ? NLMSG_HDRLEN : view.getUint32(4, true);
  return { error, ...decodeAttributes(acknowledgementTable, payload.subarray(4 + align(repeated))) };
}
