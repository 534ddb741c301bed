// <linux/if_link.h>

import {
  type AttributeTable,
  bareStringCodec,
  type Codec,
  list,
  nested,
  rawCodec,
  stringCodec,
  u32,
  u8,
  viewOf,
} from "./nlattr.ts";
import { AF_INET6 } from "./socket.ts";

export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
/** Index of the lower interface, or of the peer. */
export const IFLA_LINK = 5;
export const IFLA_QDISC = 6;
/** `struct rtnl_link_stats`: IFLA_STATS64 in 32 bits. */
export const IFLA_STATS = 7;
export const IFLA_MASTER = 10;
export const IFLA_TXQLEN = 13;
export const IFLA_MAP = 14;
export const IFLA_OPERSTATE = 16;
export const IFLA_LINKMODE = 17;
export const IFLA_LINKINFO = 18;
/** The network namespace of the process with this number. */
export const IFLA_NET_NS_PID = 19;
export const IFLA_IFALIAS = 20;
export const IFLA_NUM_VF = 21;
export const IFLA_STATS64 = 23;
/** Settings by address family. */
export const IFLA_AF_SPEC = 26;
export const IFLA_GROUP = 27;
/** The network namespace of this open file. */
export const IFLA_NET_NS_FD = 28;
/** RTEXT_FILTER_* flags. */
export const IFLA_EXT_MASK = 29;
export const IFLA_PROMISCUITY = 30;
export const IFLA_NUM_TX_QUEUES = 31;
export const IFLA_NUM_RX_QUEUES = 32;
export const IFLA_CARRIER = 33;
export const IFLA_CARRIER_CHANGES = 35;
/** This network namespace's number for the namespace of IFLA_LINK. */
export const IFLA_LINK_NETNSID = 37;
export const IFLA_PROTO_DOWN = 39;
export const IFLA_GSO_MAX_SEGS = 40;
export const IFLA_GSO_MAX_SIZE = 41;
export const IFLA_XDP = 43;
export const IFLA_CARRIER_UP_COUNT = 47;
export const IFLA_CARRIER_DOWN_COUNT = 48;
export const IFLA_MIN_MTU = 50;
export const IFLA_MAX_MTU = 51;
export const IFLA_PROP_LIST = 52;
export const IFLA_ALT_IFNAME = 53;
/** Name of the device behind the interface, such as `0000:00:02.0`. Since Linux 5.14. */
export const IFLA_PARENT_DEV_NAME = 56;
/** Name of the bus that the device is on, such as `pci`. Since Linux 5.14. */
export const IFLA_PARENT_DEV_BUS_NAME = 57;
export const IFLA_GRO_MAX_SIZE = 58;
export const IFLA_TSO_MAX_SIZE = 59;
export const IFLA_TSO_MAX_SEGS = 60;
export const IFLA_ALLMULTI = 61;

export const IFLA_INET6_ADDR_GEN_MODE = 8;

export const IFLA_INFO_KIND = 1;
/** Attributes specific to the kind: IFLA_CAN_*, VXCAN_INFO_*. */
export const IFLA_INFO_DATA = 2;
/** Statistics specific to the kind: `struct can_device_stats`. */
export const IFLA_INFO_XSTATS = 3;

/*
 * struct rtnl_link_stats64 (25 x __u64; older kernels have fewer)
 */
const counterNames = [
  "rxPackets",
  "txPackets",
  "rxBytes",
  "txBytes",
  "rxErrors",
  "txErrors",
  "rxDropped",
  "txDropped",
  "multicast",
  "collisions",
  "rxLengthErrors",
  "rxOverErrors",
  "rxCrcErrors",
  "rxFrameErrors",
  "rxFifoErrors",
  "rxMissedErrors",
  "txAbortedErrors",
  "txCarrierErrors",
  "txFifoErrors",
  "txHeartbeatErrors",
  "txWindowErrors",
  "rxCompressed",
  "txCompressed",
  "rxNohandler",
  "rxOtherhostDropped",
] as const;

/** `struct rtnl_link_stats64`; counters that the kernel lacks are 0. */
export type LinkCounters = { readonly [Name in (typeof counterNames)[number]]: bigint };

const counters: Codec<LinkCounters> = {
  decode(bytes) {
    const view = viewOf(bytes);
    const value = (i: number) => bytes.length < 8 * (i + 1) ? 0n : view.getBigUint64(8 * i, true);
    return Object.fromEntries(counterNames.map((name, i) => [name, value(i)])) as LinkCounters;
  },
  encode: (values) => new Uint8Array(BigUint64Array.from(counterNames, (name) => values[name]).buffer),
};

const linkInfoTable = {
  kind: [IFLA_INFO_KIND, bareStringCodec],
  data: [IFLA_INFO_DATA, rawCodec],
  xstats: [IFLA_INFO_XSTATS, rawCodec],
} as const;

const inet6Table = { addressMode: [IFLA_INET6_ADDR_GEN_MODE, u8] } as const;
const addressFamilies = { inet6: [AF_INET6, nested(inet6Table)] } as const;

/** The attributes of a link. */
export const linkTable = {
  name: [IFLA_IFNAME, stringCodec],
  mtu: [IFLA_MTU, u32],
  link: [IFLA_LINK, u32],
  qdisc: [IFLA_QDISC, stringCodec],
  master: [IFLA_MASTER, u32],
  txQueueLength: [IFLA_TXQLEN, u32],
  operState: [IFLA_OPERSTATE, u8],
  linkMode: [IFLA_LINKMODE, u8],
  info: [IFLA_LINKINFO, nested(linkInfoTable)],
  netnsPid: [IFLA_NET_NS_PID, u32],
  alias: [IFLA_IFALIAS, stringCodec],
  counters: [IFLA_STATS64, counters],
  group: [IFLA_GROUP, u32],
  netnsFd: [IFLA_NET_NS_FD, u32],
  filter: [IFLA_EXT_MASK, u32],
  promiscuity: [IFLA_PROMISCUITY, u32],
  txQueues: [IFLA_NUM_TX_QUEUES, u32],
  rxQueues: [IFLA_NUM_RX_QUEUES, u32],
  carrier: [IFLA_CARRIER, u8],
  carrierChanges: [IFLA_CARRIER_CHANGES, u32],
  linkNetnsId: [IFLA_LINK_NETNSID, u32],
  gsoMaxSegs: [IFLA_GSO_MAX_SEGS, u32],
  gsoMaxSize: [IFLA_GSO_MAX_SIZE, u32],
  minMtu: [IFLA_MIN_MTU, u32],
  maxMtu: [IFLA_MAX_MTU, u32],
  altNames: [IFLA_PROP_LIST, list(IFLA_ALT_IFNAME, stringCodec)],
  parent: [IFLA_PARENT_DEV_NAME, stringCodec],
  parentBus: [IFLA_PARENT_DEV_BUS_NAME, stringCodec],
  groMaxSize: [IFLA_GRO_MAX_SIZE, u32],
  tsoMaxSize: [IFLA_TSO_MAX_SIZE, u32],
  tsoMaxSegs: [IFLA_TSO_MAX_SEGS, u32],
  allMulti: [IFLA_ALLMULTI, u32],
  families: [IFLA_AF_SPEC, nested(addressFamilies)],
  // Without a meaning for CAN, or covered by other attributes.
  stats: [IFLA_STATS, rawCodec],
  map: [IFLA_MAP, rawCodec],
  numVf: [IFLA_NUM_VF, u32],
  protoDown: [IFLA_PROTO_DOWN, u8],
  xdp: [IFLA_XDP, rawCodec],
  carrierUpCount: [IFLA_CARRIER_UP_COUNT, u32],
  carrierDownCount: [IFLA_CARRIER_DOWN_COUNT, u32],
} as const satisfies AttributeTable;
