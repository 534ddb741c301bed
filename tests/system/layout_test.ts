import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { openLibc } from "../../ffi/open.ts";
import { Message, type MessageInit } from "../../mod.ts";
import { BCM_MSG_HEAD_SIZE, type BcmHead, decodeBcmHead, encodeBcmHead } from "../../src/kernel/bcm.ts";
import { decodeFilters, encodeAddress, encodeFilters } from "../../src/kernel/can.ts";
import { canTable, deviceStats } from "../../src/kernel/can_netlink.ts";
import { encodeEpollEvent, epollEventSize, EPOLLIN, EPOLLOUT, eventFd } from "../../src/kernel/epoll.ts";
import { errnoName, errnoText } from "../../src/kernel/errno.ts";
import { decodeExtendedError } from "../../src/kernel/errqueue.ts";
import { decodeDriver } from "../../src/kernel/ethtool.ts";
import { decodeIfreqName, encodeIfreq } from "../../src/kernel/if.ts";
import { linkTable } from "../../src/kernel/if_link.ts";
import { encodeFlowControl, encodeIsoTpAddress, encodeLinkLayer, encodeOptions } from "../../src/kernel/isotp.ts";
import {
  decodeJ1939Address,
  decodeJ1939Filters,
  decodeTransferStats,
  encodeJ1939Address,
  encodeJ1939Filters,
} from "../../src/kernel/j1939.ts";
import {
  decodeAcknowledgement,
  encodeMessage,
  encodeNetlinkAddress,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_ERROR,
} from "../../src/kernel/netlink.ts";
import type { Codec } from "../../src/kernel/nlattr.ts";
import { decodeLinkMessage, encodeLinkMessage, RTM_GETLINK } from "../../src/kernel/rtnetlink.ts";
import { AF_NETLINK, encodePollfd, POLLIN, POLLOUT } from "../../src/kernel/socket.ts";
import { copyFrame, frameLength } from "../../src/message/message.ts";

const headers = [
  "errno.h",
  "fcntl.h",
  "signal.h",
  "stddef.h",
  "stdio.h",
  "string.h",
  "time.h",
  "poll.h",
  "sys/epoll.h",
  "sys/eventfd.h",
  "sys/socket.h",
  "sys/uio.h",
  "net/if.h",
  "linux/can.h",
  "linux/can/bcm.h",
  "linux/can/error.h",
  "linux/can/netlink.h",
  "linux/can/isotp.h",
  "linux/can/j1939.h",
  "linux/can/raw.h",
  "linux/can/vxcan.h",
  "linux/errqueue.h",
  "linux/ethtool.h",
  "linux/gen_stats.h",
  "linux/if.h",
  "linux/if_arp.h",
  "linux/if_link.h",
  "linux/net_tstamp.h",
  "linux/netlink.h",
  "linux/rtnetlink.h",
  "linux/sock_diag.h",
  "linux/sockios.h",
  "linux/version.h",
];

/** The kernel version whose headers first have a constant, for those newer than Linux 6.1: `KERNEL_VERSION(...)`. */
const younger: Record<string, string> = {
  CANXL_VCID_OFFSET: "6, 9, 0",
  CANXL_VCID_MASK: "6, 9, 0",
  CAN_RAW_XL_VCID_OPTS: "6, 9, 0",
  CAN_RAW_XL_VCID_TX_PASS: "6, 9, 0",
  CAN_RAW_XL_VCID_RX_FILTER: "6, 9, 0",
};

/** Our own names and their C expressions. Every other constant of src/kernel has the name that the headers use. */
const ours: Record<string, string[]> = {
  FRAME_LEN: ["offsetof(struct can_frame, len)", "offsetof(struct canfd_frame, len)"],
  FRAME_LEN8_DLC: ["offsetof(struct can_frame, len8_dlc)"],
  CANXL_SDT: ["offsetof(struct canxl_frame, sdt)"],
  CANXL_LEN: ["offsetof(struct canxl_frame, len)"],
  CANXL_AF: ["offsetof(struct canxl_frame, af)"],
  FRAME_DATA: ["offsetof(struct can_frame, data)", "offsetof(struct canfd_frame, data)"],
  SOCKADDR_CAN_SIZE: ["sizeof(struct sockaddr_can)"],
  SOCKADDR_CAN_IFINDEX: ["offsetof(struct sockaddr_can, can_ifindex)"],
  SOCKADDR_CAN_NAME: ["offsetof(struct sockaddr_can, can_addr.j1939.name)"],
  SOCKADDR_CAN_PGN: ["offsetof(struct sockaddr_can, can_addr.j1939.pgn)"],
  SOCKADDR_CAN_ADDR: ["offsetof(struct sockaddr_can, can_addr.j1939.addr)"],
  J1939_FILTER_SIZE: ["sizeof(struct j1939_filter)"],
  EXTENDED_ERR_SIZE: ["sizeof(struct sock_extended_err)"],
  FILTER_SIZE: ["sizeof(struct can_filter)"],
  BCM_MSG_HEAD_SIZE: ["sizeof(struct bcm_msg_head)", "offsetof(struct bcm_msg_head, frames)"],
  IFREQ_SIZE: ["sizeof(struct ifreq)"],
  IFREQ_VALUE: ["ifr_ifindex", "ifr_mtu", "ifr_flags", "ifr_hwaddr.sa_family", "ifr_data"].map((field) =>
    `offsetof(struct ifreq, ${field})`
  ),
  SOCKADDR_NL_SIZE: ["sizeof(struct sockaddr_nl)"],
  GNET_STATS_QUEUE_SIZE: ["sizeof(struct gnet_stats_queue)"],
  IFINFOMSG_SIZE: ["sizeof(struct ifinfomsg)"],
  TCMSG_SIZE: ["sizeof(struct tcmsg)"],
  CAN_BITTIMING_SIZE: ["sizeof(struct can_bittiming)"],
  CAN_BITTIMING_CONST_SIZE: ["sizeof(struct can_bittiming_const)"],
  CAN_CTRLMODE_SIZE: ["sizeof(struct can_ctrlmode)"],
  CAN_BERR_COUNTER_SIZE: ["sizeof(struct can_berr_counter)"],
  CAN_DEVICE_STATS_SIZE: ["sizeof(struct can_device_stats)"],
  ETHTOOL_DRVINFO_SIZE: ["sizeof(struct ethtool_drvinfo)"],
  ETHTOOL_DRVINFO_DRIVER: ["offsetof(struct ethtool_drvinfo, driver)"],
  SIGACTION_SIZE: ["sizeof(struct sigaction)"],
  SIGACTION_HANDLER: ["offsetof(struct sigaction, sa_handler)"],
  SIGACTION_FLAGS: ["offsetof(struct sigaction, sa_flags)"],
  SO_MEMINFO_SIZE: ["sizeof(__u32[SK_MEMINFO_VARS])"],
  MMSGHDR_SIZE: ["sizeof(struct mmsghdr)"],
  MSG_NAME: ["offsetof(struct mmsghdr, msg_hdr.msg_name)"],
  MSG_NAMELEN: ["offsetof(struct mmsghdr, msg_hdr.msg_namelen)"],
  MSG_IOV: ["offsetof(struct mmsghdr, msg_hdr.msg_iov)"],
  MSG_IOVLEN: ["offsetof(struct mmsghdr, msg_hdr.msg_iovlen)"],
  MSG_CONTROL: ["offsetof(struct mmsghdr, msg_hdr.msg_control)"],
  MSG_CONTROLLEN: ["offsetof(struct mmsghdr, msg_hdr.msg_controllen)"],
  MSG_FLAGS: ["offsetof(struct mmsghdr, msg_hdr.msg_flags)"],
  MSG_LEN: ["offsetof(struct mmsghdr, msg_len)"],
  IOVEC_SIZE: ["sizeof(struct iovec)"],
  IOV_BASE: ["offsetof(struct iovec, iov_base)"],
  IOV_LEN: ["offsetof(struct iovec, iov_len)"],
  CMSG_LEVEL: ["offsetof(struct cmsghdr, cmsg_level)"],
  CMSG_TYPE: ["offsetof(struct cmsghdr, cmsg_type)"],
  CMSG_DATA: ["CMSG_LEN(0)"],
  TIMESTAMPING_SPACE: ["CMSG_SPACE(sizeof(struct scm_timestamping))"],
  TIMESTAMPING_HARDWARE: ["offsetof(struct scm_timestamping, ts[2])"],
  RXQ_OVFL_SPACE: ["CMSG_SPACE(sizeof(__u32))"],
  TIMESTAMPNS_SPACE: ["CMSG_SPACE(sizeof(struct timespec))"],
};

/** All constants that the files of src/kernel export. */
const constants: { file: string; name: string; value: unknown }[] = [];
const kernel = new URL("../../src/kernel/", import.meta.url);
for (const file of readdirSync(fileURLToPath(kernel)).filter((name) => name.endsWith(".ts"))) {
  const module: Record<string, unknown> = await import(new URL(file, kernel).href);
  for (const [name, value] of Object.entries(module)) {
    if (/^[A-Z][A-Z0-9_]*$/.test(name) || ["number", "bigint"].includes(typeof value)) {
      constants.push({ file, name, value });
    }
  }
}

const errnos = Array.from({ length: 4096 }, (_, number) => number)
  .filter((number) => errnoName(number) !== `errno ${number}`);

const { packedEpollEvent } = openLibc();

/** The initializer in C, and our bytes. */
const bcmHeadInC = "struct bcm_msg_head value = { .opcode = RX_SETUP, .flags = SETTIMER | RX_CHECK_DLC, .count = 7, " +
  ".ival1 = { 1, 2 }, .ival2 = { 34560000, 999999 }, .can_id = CAN_EFF_FLAG | 3, .nframes = 257 }";
const bcm: Required<BcmHead> = {
  opcode: 5,
  flags: 0x41,
  count: 7,
  ival1: 1_000_002,
  ival2: 34_560_000_999_999,
  canId: 0x80000003,
  nframes: 257,
};
const j1939Filters = [
  {
    name: 0x0102030405060708n,
    nameMask: 0xff00000000000001n,
    pgn: 0xea00,
    pgnMask: 0x3ffff,
    address: 1,
    addressMask: 2,
  },
  { name: 0n, nameMask: 0n, pgn: 0, pgnMask: 0, address: 3, addressMask: 255 },
];

/** Structures that are only encoded: the initializer in C, and our bytes. */
const structures: readonly (readonly [definition: string, bytes: Uint8Array])[] = [
  ["struct sockaddr_can value = { .can_family = AF_CAN, .can_ifindex = 0 }", encodeAddress(0)],
  ["struct sockaddr_can value = { .can_family = AF_CAN, .can_ifindex = 0x12345678 }", encodeAddress(0x12345678)],
  [
    "struct sockaddr_can value = { .can_family = AF_CAN, .can_ifindex = 0x12345678, " +
    ".can_addr.tp = { .rx_id = 0x7e8, .tx_id = CAN_EFF_FLAG | 0x18da10f1 } }",
    encodeIsoTpAddress(0x12345678, 0x7e8, 0x98da10f1),
  ],
  [
    "struct can_isotp_options value = { .flags = 0x12345678, .frame_txtime = 0xfedcba98, .ext_address = 1, " +
    ".txpad_content = 2, .rxpad_content = 3, .rx_ext_address = 4 }",
    encodeOptions({
      flags: 0x12345678,
      frameTxTime: 0xfedcba98,
      extAddress: 1,
      txPadContent: 2,
      rxPadContent: 3,
      rxExtAddress: 4,
    }),
  ],
  ["struct can_isotp_fc_options value = { .bs = 1, .stmin = 2, .wftmax = 3 }", encodeFlowControl(1, 2, 3)],
  [
    "struct can_isotp_ll_options value = { .mtu = CANFD_MTU, .tx_dl = 64, .tx_flags = CANFD_BRS }",
    encodeLinkLayer(72, 64, 1),
  ],
  [
    "struct sockaddr_can value = { .can_family = AF_CAN, .can_ifindex = 0x12345678, .can_addr.j1939 = { " +
    ".name = 0x0102030405060708, .pgn = J1939_PGN_ADDRESS_CLAIMED, .addr = J1939_IDLE_ADDR } }",
    encodeJ1939Address(0x12345678, { name: 0x0102030405060708n, pgn: 0xee00, address: 0xfe }),
  ],
  [
    "struct j1939_filter value[] = { { 0x0102030405060708, 0xff00000000000001, J1939_PGN_REQUEST, J1939_PGN_MAX, 1, 2 }, " +
    "{ .addr = 3, .addr_mask = 0xff } }",
    encodeJ1939Filters(j1939Filters),
  ],
  ["struct can_filter value[] = { { 0, 0 } }", encodeFilters([{ canId: 0, canMask: 0 }])],
  [
    "struct can_filter value[] = { { 0x123, CAN_SFF_MASK }, { 0x1abcdef0 | CAN_EFF_FLAG, CAN_EFF_MASK | CAN_EFF_FLAG }, " +
    "{ 0x7ff | CAN_INV_FILTER | CAN_RTR_FLAG, 0xffffffff } }",
    encodeFilters([
      { canId: 0x123, canMask: 0x7ff },
      { canId: 0x9abcdef0, canMask: 0x9fffffff },
      { canId: 0x600007ff, canMask: 0xffffffff },
    ]),
  ],
  ["struct sockaddr_nl value = { .nl_family = AF_NETLINK }", encodeNetlinkAddress(AF_NETLINK)],
  [
    "struct nlmsghdr value = { .nlmsg_len = 16, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, " +
    ".nlmsg_seq = 0x12345678, .nlmsg_pid = 7 }",
    encodeMessage({
      type: RTM_GETLINK,
      flags: NLM_F_REQUEST | NLM_F_DUMP,
      sequence: 0x12345678,
      pid: 7,
      payload: new Uint8Array(0),
    }),
  ],
  [bcmHeadInC, bcmHead(bcm)],
  ["struct epoll_event value = { .events = EPOLLIN | EPOLLOUT, .data.fd = 7 }", epollEvent(7)],
  ["struct epoll_event value = { .events = EPOLLIN | EPOLLOUT, .data.fd = 0x12345678 }", epollEvent(0x12345678)],
  [
    "struct pollfd value = { .fd = 0x12345678, .events = POLLIN | POLLOUT }",
    encodePollfd(0x12345678, POLLIN | POLLOUT),
  ],
  ['struct ifreq value = { .ifr_name = "vcan0" }', encodeIfreq("vcan0")],
  ['struct ifreq value = { .ifr_name = "fifteen-bytes-x" }', encodeIfreq("fifteen-bytes-x")],
  ["struct can_frame value = { .can_id = 0x7ff }", frame({ arbitrationId: 0x7ff, isExtendedId: false })],
  [
    "struct can_frame value = { .can_id = 0x123 | CAN_EFF_FLAG, .len = 8, .data = { 1, 2, 3, 4, 5, 6, 7, 8 } }",
    frame({ arbitrationId: 0x123, data: [1, 2, 3, 4, 5, 6, 7, 8] }),
  ],
  [
    "struct can_frame value = { .can_id = 0x1fffffff | CAN_EFF_FLAG | CAN_RTR_FLAG, .len = 4 }",
    frame({ arbitrationId: 0x1fffffff, isRemoteFrame: true, dlc: 4 }),
  ],
  [
    "struct can_frame value = { .can_id = 4 | CAN_ERR_FLAG, .len = CAN_MAX_DLEN, .data = { [1] = 0x30, [7] = 9 } }",
    frame({ arbitrationId: 4, isErrorFrame: true, data: [0, 0x30, 0, 0, 0, 0, 0, 9] }),
  ],
  [
    "struct canfd_frame value = { .can_id = 0x123, .len = 64, .flags = CANFD_FDF | CANFD_BRS, .data = { 1, [63] = 2 } }",
    frame({
      arbitrationId: 0x123,
      isExtendedId: false,
      isFd: true,
      bitrateSwitch: true,
      data: [1, ...new Array(62).fill(0), 2],
    }),
  ],
  [
    "struct canfd_frame value = { .can_id = CAN_EFF_FLAG, .flags = CANFD_FDF | CANFD_ESI }",
    frame({ isFd: true, errorStateIndicator: true }),
  ],
];

/** Structures that are encoded and decoded: the initializer in C, and our value. */
const bothWays: readonly (readonly [definition: string, value: unknown, codec: Codec<unknown>])[] = [
  [
    "struct can_bittiming value = { .bitrate = 500000, .sample_point = 875, .tq = 125, .prop_seg = 6, " +
    ".phase_seg1 = 7, .phase_seg2 = 2, .sjw = 3, .brp = 0x12345678 }",
    { bitrate: 500000, samplePoint: 875, tq: 125, propSeg: 6, phaseSeg1: 7, phaseSeg2: 2, sjw: 3, brp: 0x12345678 },
    canTable.bittiming[1],
  ],
  [
    'struct can_bittiming_const value = { .name = "sja1000", .tseg1_min = 1, .tseg1_max = 16, .tseg2_min = 2, ' +
    ".tseg2_max = 8, .sjw_max = 4, .brp_min = 3, .brp_max = 64, .brp_inc = 5 }",
    {
      name: "sja1000",
      tseg1Min: 1,
      tseg1Max: 16,
      tseg2Min: 2,
      tseg2Max: 8,
      sjwMax: 4,
      brpMin: 3,
      brpMax: 64,
      brpInc: 5,
    },
    canTable.bittimingConst[1],
  ],
  [
    "struct can_ctrlmode value = { .mask = 0x87654321, .flags = 7 }",
    { mask: 0x87654321, flags: 7 },
    canTable.ctrlmode[1],
  ],
  ["struct can_clock value = { .freq = 80000000 }", 80_000_000, canTable.clock[1]],
  [
    "struct can_berr_counter value = { .txerr = 128, .rxerr = 0x1234 }",
    { tx: 128, rx: 0x1234 },
    canTable.berrCounter[1],
  ],
  [
    "struct can_device_stats value = { .bus_error = 1, .error_warning = 2, .error_passive = 3, .bus_off = 4, " +
    ".arbitration_lost = 5, .restarts = 0xffffffff }",
    { busError: 1, errorWarning: 2, errorPassive: 3, busOff: 4, arbitrationLost: 5, restarts: 0xffffffff },
    deviceStats,
  ],
  [
    "struct rtnl_link_stats64 value = { .rx_packets = 1, .tx_packets = 2, .rx_bytes = 3, .tx_bytes = 4, .rx_errors = 5, " +
    ".tx_errors = 6, .rx_dropped = 7, .tx_dropped = 8, .multicast = 9, .collisions = 10, .rx_length_errors = 11, " +
    ".rx_over_errors = 12, .rx_crc_errors = 13, .rx_frame_errors = 14, .rx_fifo_errors = 15, .rx_missed_errors = 16, " +
    ".tx_aborted_errors = 17, .tx_carrier_errors = 18, .tx_fifo_errors = 19, .tx_heartbeat_errors = 20, " +
    ".tx_window_errors = 21, .rx_compressed = 22, .tx_compressed = 23, .rx_nohandler = 24, " +
    ".rx_otherhost_dropped = 0xfedcba9876543210 }",
    {
      rxPackets: 1n,
      txPackets: 2n,
      rxBytes: 3n,
      txBytes: 4n,
      rxErrors: 5n,
      txErrors: 6n,
      rxDropped: 7n,
      txDropped: 8n,
      multicast: 9n,
      collisions: 10n,
      rxLengthErrors: 11n,
      rxOverErrors: 12n,
      rxCrcErrors: 13n,
      rxFrameErrors: 14n,
      rxFifoErrors: 15n,
      rxMissedErrors: 16n,
      txAbortedErrors: 17n,
      txCarrierErrors: 18n,
      txFifoErrors: 19n,
      txHeartbeatErrors: 20n,
      txWindowErrors: 21n,
      rxCompressed: 22n,
      txCompressed: 23n,
      rxNohandler: 24n,
      rxOtherhostDropped: 0xfedcba9876543210n,
    },
    linkTable.counters[1],
  ],
  [
    "struct ifinfomsg value = { .ifi_type = ARPHRD_CAN, .ifi_index = 0x12345678, .ifi_flags = IFF_UP, .ifi_change = 3 }",
    { type: 280, index: 0x12345678, flags: 1, change: 3, attributes: new Uint8Array(0) },
    {
      decode: decodeLinkMessage,
      encode: (value) => encodeLinkMessage(value as Parameters<typeof encodeLinkMessage>[0]),
    },
  ],
];

const filters = [{ canId: 0x80000001, canMask: 0xffffffff }, { canId: 0x7ff, canMask: 0xc00007ff }];

/** Structures that are only decoded: the initializer in C, and our value. */
const decoded: readonly (readonly [definition: string, (bytes: Uint8Array) => unknown, expected: unknown])[] = [
  ["struct can_filter value[] = { { CAN_EFF_FLAG | 1, 0xffffffff }, { 0x7ff, 0xc00007ff } }", decodeFilters, filters],
  [
    "struct epoll_event value[] = { { EPOLLIN, { .fd = 5 } }, { EPOLLOUT, { .fd = 0x12345678 } }, { 0, { .fd = 6 } } }",
    (bytes) => [0, 1, 2].map((i) => eventFd(packedEpollEvent, new DataView(bytes.slice().buffer), i)),
    [5, 0x12345678, 6],
  ],
  [bcmHeadInC, decodeBcmHead, bcm],
  [
    "struct sockaddr_can value = { .can_addr.j1939 = { .name = 1, .pgn = J1939_PGN_MAX, .addr = J1939_NO_ADDR } }",
    decodeJ1939Address,
    { name: 1n, pgn: 0x3ffff, address: 255 },
  ],
  [
    "struct j1939_filter value[] = { { 0x0102030405060708, 0xff00000000000001, J1939_PGN_REQUEST, J1939_PGN_MAX, 1, 2 }, " +
    "{ .addr = 3, .addr_mask = 0xff } }",
    decodeJ1939Filters,
    j1939Filters,
  ],
  [
    "struct sock_extended_err value = { 113, SO_EE_ORIGIN_LOCAL, 2, 3, 4, J1939_EE_INFO_TX_ABORT, 0x12345678 }",
    decodeExtendedError,
    { errno: 113, origin: 1, info: 1, data: 0x12345678 },
  ],
  [
    "struct { struct nlattr a; __u32 acked; struct nlattr b; __u8 address; } __attribute__((packed)) value = " +
    "{ { 8, J1939_NLA_BYTES_ACKED }, 7, { 5, J1939_NLA_DEST_ADDR }, 9 }",
    decodeTransferStats,
    { bytesAcked: 7, destination: 9 },
  ],
  ['struct ifreq value = { .ifr_name = "fifteen-bytes-x", .ifr_mtu = -1 }', decodeIfreqName, "fifteen-bytes-x"],
  ['struct ethtool_drvinfo value = { .driver = "kvaser_pci", .version = "1" }', decodeDriver, "kvaser_pci"],
  [
    "struct nlmsgerr value = { .error = -EBUSY, .msg = { .nlmsg_len = 99, .nlmsg_type = RTM_NEWLINK } }",
    (payload) => decodeAcknowledgement({ type: NLMSG_ERROR, flags: 0, sequence: 0, pid: 0, payload }),
    { error: -16 },
  ],
];

function bcmHead(head: BcmHead): Uint8Array {
  const bytes = new Uint8Array(BCM_MSG_HEAD_SIZE);
  encodeBcmHead(bytes, head);
  return bytes;
}

function epollEvent(fd: number): Uint8Array {
  const bytes = new Uint8Array(epollEventSize(packedEpollEvent));
  encodeEpollEvent(bytes, packedEpollEvent, EPOLLIN | EPOLLOUT, fd);
  return bytes;
}

function frame(init: MessageInit): Uint8Array {
  const message = new Message(init);
  const words = new Uint32Array(frameLength(message) / 4);
  copyFrame(message, frameLength(message), words, 0);
  return new Uint8Array(words.buffer);
}

function expressionsOf(name: string): string[] {
  return ours[name] ?? [name];
}

/** The statement that prints a constant, if the headers are new enough to have it. */
function print(name: string): string {
  const statement = `  printf("${name}\\t%lld\\n", (long long) (${name}));`;
  const since = younger[name];
  return since ? `#if LINUX_VERSION_CODE >= KERNEL_VERSION(${since})\n${statement}\n#endif` : statement;
}

/** A C program that prints a line for each of the above: key, tab, value. */
function source(): string {
  const numbers = constants.flatMap(({ name }) => expressionsOf(name)).concat(errnos.map(errnoName));
  const definitions = [...structures, ...bothWays, ...decoded].map(([definition]) => definition);
  return `
#define _GNU_SOURCE
${headers.map((header) => `#include <${header}>`).join("\n")}

static void dump(const char *key, const unsigned char *bytes, size_t size) {
  printf("%s\\t", key);
  while (size--) printf("%02x", *bytes++);
  printf("\\n");
}

int main(void) {
${[...new Set(numbers)].map(print).join("\n")}
${
    definitions.map((each) => `  { static ${each}; dump(${JSON.stringify(each)}, (void *) &value, sizeof value); }`)
      .join("\n")
  }
  printf("packed\\t%d\\n", sizeof(struct epoll_event) == sizeof(uint32_t) + sizeof(epoll_data_t));
  for (int i = 1; i < 4096; i++)
    if (strncmp(strerror(i), "Unknown error", 13) != 0) printf("strerror %d\\t%s\\n", i, strerror(i));
  return 0;
}
`;
}

let answers: Map<string, string> | undefined;

/** Compiles and runs the program. */
function answersOfC(): Map<string, string> {
  if (answers) return answers;
  const folder = mkdtempSync(join(tmpdir(), "layout-"));
  try {
    const program = join(folder, "layout");
    run("cc", ["-x", "c", "-o", program, "-"], source());
    const lines = run(program, []).trimEnd().split("\n");
    return answers = new Map(lines.map((line) => line.split("\t") as [string, string]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(command: string, args: string[], input = ""): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: "utf8", timeout: 60_000 });
  assert(status === 0, `${command} failed (${error?.message ?? `status ${status}`}):\n${stderr}`);
  return stdout;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const noCompiler = spawnSync("cc", ["--version"]).status !== 0 && "no C compiler here";
const options = { skip: noCompiler, timeout: 120_000 };

describe("Layouts, compared with the system's headers", () => {
  it("constants, sizes and offsets", options, () => {
    const c = answersOfC();
    const rows = constants.flatMap(({ file, name, value }) =>
      expressionsOf(name).map((expression) => ({ label: `${file} ${name}`, value, expression }))
    );
    assertEquals(
      rows.map(({ label, value }) => `${label} = ${value}`),
      rows.map(({ label, value, expression }) =>
        `${label} = ${expression in younger ? c.get(expression) ?? value : c.get(expression)}`
      ),
    );
  });

  it("linux/can/error.h: none of its constants is missing", options, () => {
    const macros = run("cc", ["-x", "c", "-E", "-dM", "-"], "#include <linux/can/error.h>\n");
    const defined = [...macros.matchAll(/^#define (CAN_\w+) /gm)].map(([, name]) => name);
    assert(defined.length > 50, macros);
    const known = new Set(constants.map(({ name }) => name));
    assertEquals(defined.filter((name) => !known.has(name)), []);
  });

  it("our own names are in use", () => {
    const names = [...Object.keys(ours), ...Object.keys(younger)];
    assertEquals(names.filter((each) => !constants.some(({ name }) => name === each)), []);
  });

  it("structures that we encode", options, () => {
    const c = answersOfC();
    for (const [definition, bytes] of structures) assertEquals(bytes, bytesOf(c.get(definition)!), definition);
  });

  it("structures that we encode and decode", options, () => {
    const c = answersOfC();
    for (const [definition, value, { decode, encode }] of bothWays) {
      assertEquals(encode(value), bytesOf(c.get(definition)!), definition);
      assertEquals(decode(bytesOf(c.get(definition)!)), value, definition);
    }
  });

  it("structures that we decode", options, () => {
    const c = answersOfC();
    for (const [definition, decode, expected] of decoded) {
      assertEquals(decode(bytesOf(c.get(definition)!)), expected, definition);
    }
  });

  it("struct epoll_event is packed where we expect it", options, () => {
    assertEquals(packedEpollEvent, answersOfC().get("packed") === "1");
    assertEquals(epollEventSize(packedEpollEvent), packedEpollEvent ? 12 : 16);
  });

  it("every errno's name and text", options, () => {
    const c = answersOfC();
    for (const number of errnos) assertEquals(c.get(errnoName(number)), `${number}`, errnoName(number));
    const texts = [...c].flatMap(([key, text]) => key.startsWith("strerror ") ? [[key.slice(9), text]] : []);
    assertEquals(
      errnos.map((number) => [`${number}`, lowerFirst(errnoText(number))]),
      texts.map(([number, text]) => [number, lowerFirst(text)]),
    );
  });
});
