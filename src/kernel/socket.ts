// <sys/socket.h>, <asm-generic/socket.h>, <poll.h>

export const AF_INET6 = 10;
/** Address family of netlink sockets, which read and change the kernel's settings. */
export const AF_NETLINK = 16;

export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
/** Reads and writes fail with EAGAIN instead of blocking. */
export const SOCK_NONBLOCK = 0o4000;
/** Programs that this one starts do not inherit the descriptor. */
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
/** Level of a netlink socket's options. */
export const SOL_NETLINK = 270;
/** `int`: the socket's pending error, which would fail its next call. Reading it clears it. */
export const SO_ERROR = 4;
/** `int`: whether broadcast messages may be sent and received. */
export const SO_BROADCAST = 6;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
/** Like SO_SNDBUF, but not bounded by the system's limit; needs CAP_NET_ADMIN. */
export const SO_SNDBUFFORCE = 32;
/** Like SO_RCVBUF, but not bounded by the system's limit; needs CAP_NET_ADMIN. */
export const SO_RCVBUFFORCE = 33;
/** `int`: whether each message carries the kernel's timestamp, a `struct timespec`; also that control message's type. */
export const SO_TIMESTAMPNS = 35;
/**
 * `int` of SOF_TIMESTAMPING flags: each message carries the timestamps of the controller and the kernel as
 * `struct timespec[3]`: the kernel's, an obsolete one, the controller's; zero if there is none. Also that control
 * message's type.
 */
export const SO_TIMESTAMPING = 37;
/** Controllers timestamp what they receive. */
export const SOF_TIMESTAMPING_RX_HARDWARE = 1 << 2;
/** The kernel timestamps what it receives. */
export const SOF_TIMESTAMPING_RX_SOFTWARE = 1 << 3;
/** Reports about sent messages carry a number, which counts the messages sent. */
export const SOF_TIMESTAMPING_OPT_ID = 1 << 7;
/** The error queue reports when a message, or a part of it, was passed to the interface. */
export const SOF_TIMESTAMPING_TX_SCHED = 1 << 8;
/** The error queue reports when a message was acknowledged. */
export const SOF_TIMESTAMPING_TX_ACK = 1 << 9;
/** Report the kernel's timestamps. */
export const SOF_TIMESTAMPING_SOFTWARE = 1 << 4;
/** Report the controllers' timestamps. */
export const SOF_TIMESTAMPING_RAW_HARDWARE = 1 << 6;
/**
 * `int`: whether each message carries a `__u32`, the number of messages that the socket had dropped when this one was queued,
 * unless it is 0; also that control message's type. It follows the one with the timestamp.
 */
export const SO_RXQ_OVFL = 40;
/** Type of the error queue's control message with a sent message's details, as netlink attributes. */
export const SCM_TIMESTAMPING_OPT_STATS = 54;
/** `__u32[9]`: how full the socket's buffers are, and how many messages were dropped. */
export const SO_MEMINFO = 55;
/** Index in SO_MEMINFO of the bytes that are still to be sent. */
export const SK_MEMINFO_WMEM_ALLOC = 2;
/** Index in SO_MEMINFO of the number of dropped messages. */
export const SK_MEMINFO_DROPS = 8;
/** Size of SO_MEMINFO in bytes. */
export const SO_MEMINFO_SIZE = 36;

/** Leave the received message in the queue. */
export const MSG_PEEK = 0x02;
/** A receive returns the message's full length, even if the buffer is shorter. */
export const MSG_TRUNC = 0x20;
/** Receive from the error queue. */
export const MSG_ERRQUEUE = 0x2000;
/** On a received frame: it was sent by this host. */
export const MSG_DONTROUTE = 0x04;
/** On a received frame: it was sent by this socket. */
export const MSG_CONFIRM = 0x800;

/*
 * struct mmsghdr (64 bytes)
 *   0  void         *msg_name          sockaddr_can of the frame
 *   8  socklen_t     msg_namelen
 *  16  struct iovec *msg_iov
 *  24  size_t        msg_iovlen
 *  32  void         *msg_control
 *  40  size_t        msg_controllen
 *  48  int           msg_flags
 *  56  unsigned int  msg_len           bytes of the frame
 */
export const MMSGHDR_SIZE = 64;
export const MSG_NAME = 0;
export const MSG_NAMELEN = 8;
export const MSG_IOV = 16;
export const MSG_IOVLEN = 24;
export const MSG_CONTROL = 32;
export const MSG_CONTROLLEN = 40;
export const MSG_FLAGS = 48;
export const MSG_LEN = 56;

/*
 * struct iovec (16 bytes)            struct cmsghdr (16 bytes), data at 16, all aligned to 8
 *   0  void  *iov_base                 0  size_t cmsg_len      of header and data
 *   8  size_t iov_len                  8  int    cmsg_level
 *                                     12  int    cmsg_type
 */
export const IOVEC_SIZE = 16;
export const IOV_BASE = 0;
export const IOV_LEN = 8;
export const CMSG_LEVEL = 8;
export const CMSG_TYPE = 12;
export const CMSG_DATA = 16;

/** Size of the control message SO_TIMESTAMPNS: a header and a `struct timespec`, which is two 64-bit integers. */
export const TIMESTAMPNS_SPACE = 32;
/** Size of the control message SO_TIMESTAMPING: a header and `struct timespec[3]`. */
export const TIMESTAMPING_SPACE = 64;
/** Size of the control message SO_RXQ_OVFL: a header and a `__u32`, padded. */
export const RXQ_OVFL_SPACE = 24;
/** Offset of the controller's timestamp in the data of SO_TIMESTAMPING. */
export const TIMESTAMPING_HARDWARE = 32;

export const POLLIN = 0x001;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;

/*
 * struct pollfd (8 bytes)
 *   0  int   fd
 *   4  short events
 *   6  short revents
 */
export function encodePollfd(fd: number, events: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, events, true);
  return bytes;
}

/** Returns the `revents` of a `struct pollfd`. */
export function pollfdEvents(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getInt16(6, true);
}
