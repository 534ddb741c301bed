// Messages as `ip` of iproute2 6.1 and Linux 6.1 exchanged them: strace -e trace=sendmsg,recvmsg -xx -s 65536 ip ...
import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { canTable, deviceStats } from "../../src/kernel/can_netlink.ts";
import { linkTable } from "../../src/kernel/if_link.ts";
import { decodeMessages, encodeMessage } from "../../src/kernel/netlink.ts";
import { type Attributes, decodeAttributes, encodeAttributes } from "../../src/kernel/nlattr.ts";
import { decodeLinkMessage, encodeLinkMessage } from "../../src/kernel/rtnetlink.ts";
import { vxcanTable } from "../../src/kernel/vxcan.ts";
import { bytes, zeros } from "./bytes.ts";

type LinkValues = Attributes<typeof linkTable>;

/** A request: the `ip` command, its message, and the values that encode to it. */
interface Request {
  readonly command: string;
  readonly wire: Uint8Array;
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly index?: number;
  readonly ifFlags?: number;
  readonly change?: number;
  readonly attributes?: LinkValues;
  /** The content of IFLA_INFO_DATA. */
  readonly can?: Attributes<typeof canTable>;
}

const bitrateOnly = { samplePoint: 0, tq: 0, propSeg: 0, phaseSeg1: 0, phaseSeg2: 0, sjw: 0, brp: 0 };

const requests: readonly Request[] = [
  {
    command: "ip link add dev vcan5 mtu 72 txqueuelen 33 type vcan",
    wire: bytes(
      "48 00 00 00 10 00 05 06 69 3e 03 6b 00 00 00 00", // RTM_NEWLINK, REQUEST|ACK|EXCL|CREATE
      "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", // struct ifinfomsg
      "08 00 04 00 48 00 00 00", // IFLA_MTU
      "08 00 0d 00 21 00 00 00", // IFLA_TXQLEN
      "0a 00 03 00 76 63 61 6e 35 00 00 00", // IFLA_IFNAME
      "0c 00 12 00", // IFLA_LINKINFO
      "08 00 01 00 76 63 61 6e", // IFLA_INFO_KIND
    ),
    type: 16,
    flags: 0x605,
    sequence: 0x6b033e69,
    attributes: { mtu: 72, txQueueLength: 33, name: "vcan5", info: { kind: "vcan" } },
  },
  {
    command: "ip link set vcan5 name engine",
    wire: bytes(
      "2c 00 00 00 10 00 05 00 6b 3e 03 6b 00 00 00 00", // RTM_NEWLINK, REQUEST|ACK
      "00 00 00 00 05 00 00 00 00 00 00 00 00 00 00 00", // index 5
      "0b 00 03 00 65 6e 67 69 6e 65 00 00", // IFLA_IFNAME
    ),
    type: 16,
    flags: 5,
    sequence: 0x6b033e6b,
    index: 5,
    attributes: { name: "engine" },
  },
  {
    command: "ip link set engine up",
    wire: bytes(
      "20 00 00 00 10 00 05 00 6b 3e 03 6b 00 00 00 00",
      "00 00 00 00 05 00 00 00 01 00 00 00 01 00 00 00", // index 5, IFF_UP of IFF_UP
    ),
    type: 16,
    flags: 5,
    sequence: 0x6b033e6b,
    index: 5,
    ifFlags: 1,
    change: 1,
  },
  {
    command: "ip link del engine",
    wire: bytes(
      "20 00 00 00 11 00 05 00 73 3e 03 6b 00 00 00 00", // RTM_DELLINK
      "00 00 00 00 05 00 00 00 00 00 00 00 00 00 00 00",
    ),
    type: 17,
    flags: 5,
    sequence: 0x6b033e73,
    index: 5,
  },
  {
    command: "ip -details link show can0",
    wire: bytes(
      "34 00 00 00 12 00 01 00 6c 3e 03 6b 00 00 00 00", // RTM_GETLINK
      "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
      "08 00 1d 00 09 00 00 00", // IFLA_EXT_MASK: VF, SKIP_STATS
      "09 00 03 00 63 61 6e 30 00 00 00 00", // IFLA_IFNAME
    ),
    type: 18,
    flags: 1,
    sequence: 0x6b033e6c,
    attributes: { filter: 9, name: "can0" },
  },
  {
    command: "ip link set can0 type can bitrate 500000 sample-point 0.8 restart-ms 100 loopback on one-shot off",
    wire: bytes(
      "68 00 00 00 10 00 05 00 6c 3e 03 6b 00 00 00 00",
      "00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00",
      "48 00 12 00", // IFLA_LINKINFO
      "07 00 01 00 63 61 6e 00", // IFLA_INFO_KIND
      "3c 00 02 00", // IFLA_INFO_DATA
      "08 00 06 00 64 00 00 00", // IFLA_CAN_RESTART_MS
      "24 00 01 00 20 a1 07 00 20 03 00 00", // IFLA_CAN_BITTIMING: bitrate, sample_point
      zeros(24), // tq, prop_seg, phase_seg1, phase_seg2, sjw, brp
      "0c 00 05 00 09 00 00 00 01 00 00 00", // IFLA_CAN_CTRLMODE: mask, flags
    ),
    type: 16,
    flags: 5,
    sequence: 0x6b033e6c,
    index: 2,
    can: {
      restartMs: 100,
      bittiming: { ...bitrateOnly, bitrate: 500_000, samplePoint: 800 },
      ctrlmode: { mask: 9, flags: 1 },
    },
  },
  {
    command: "ip link set can0 type can tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1",
    wire: bytes(
      "54 00 00 00 10 00 05 00 6d 3e 03 6b 00 00 00 00",
      "00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00",
      "34 00 12 00", // IFLA_LINKINFO
      "07 00 01 00 63 61 6e 00", // IFLA_INFO_KIND
      "28 00 02 00", // IFLA_INFO_DATA
      "24 00 01 00 00 00 00 00 00 00 00 00", // IFLA_CAN_BITTIMING
      "7d 00 00 00 06 00 00 00 07 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00", // tq to brp
    ),
    type: 16,
    flags: 5,
    sequence: 0x6b033e6d,
    index: 2,
    can: { bittiming: { ...bitrateOnly, bitrate: 0, tq: 125, propSeg: 6, phaseSeg1: 7, phaseSeg2: 2, sjw: 1 } },
  },
  {
    command: "ip link set can0 type can bitrate 500000 sample-point 0.875 dbitrate 2000000 dsample-point 0.75 dsjw 3 " +
      "tdco 10 tdcf 1 tdc-mode auto fd on fd-non-iso off",
    wire: bytes(
      "98 00 00 00 10 00 05 00 8d 41 03 6b 00 00 00 00",
      "00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00",
      "78 00 12 00", // IFLA_LINKINFO
      "07 00 01 00 63 61 6e 00", // IFLA_INFO_KIND
      "6c 00 02 00", // IFLA_INFO_DATA
      "24 00 01 00 20 a1 07 00 6b 03 00 00", // IFLA_CAN_BITTIMING
      zeros(24),
      "24 00 09 00 80 84 1e 00 ee 02 00 00", // IFLA_CAN_DATA_BITTIMING
      zeros(16),
      "03 00 00 00 00 00 00 00", // sjw, brp
      "0c 00 05 00 a0 02 00 00 20 02 00 00", // IFLA_CAN_CTRLMODE: FD_NON_ISO, FD, TDC_AUTO; the latter two
      "14 00 10 80", // IFLA_CAN_TDC, nested
      "08 00 08 00 0a 00 00 00", // IFLA_CAN_TDC_TDCO
      "08 00 09 00 01 00 00 00", // IFLA_CAN_TDC_TDCF
    ),
    type: 16,
    flags: 5,
    sequence: 0x6b03418d,
    index: 2,
    can: {
      bittiming: { ...bitrateOnly, bitrate: 500_000, samplePoint: 875 },
      dataBittiming: { ...bitrateOnly, bitrate: 2_000_000, samplePoint: 750, sjw: 3 },
      ctrlmode: { mask: 0x2a0, flags: 0x220 },
      tdc: { tdco: 10, tdcf: 1 },
    },
  },
  {
    command: "ip link set can0 type can termination 120",
    wire: bytes(
      "38 00 00 00 10 00 05 00 6e 3e 03 6b 00 00 00 00",
      "00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00",
      "18 00 12 00",
      "07 00 01 00 63 61 6e 00",
      "0c 00 02 00",
      "06 00 0b 00 78 00 00 00", // IFLA_CAN_TERMINATION
    ),
    type: 16,
    flags: 5,
    sequence: 0x6b033e6e,
    index: 2,
    can: { termination: 120 },
  },
  {
    command: "ip link set can0 type can restart",
    wire: bytes(
      "38 00 00 00 10 00 05 00 70 3e 03 6b 00 00 00 00",
      "00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00",
      "18 00 12 00",
      "07 00 01 00 63 61 6e 00",
      "0c 00 02 00",
      "08 00 07 00 01 00 00 00", // IFLA_CAN_RESTART
    ),
    type: 16,
    flags: 5,
    sequence: 0x6b033e70,
    index: 2,
    can: { restart: 1 },
  },
  {
    command: "ip link set can0 up txqueuelen 50 type can bitrate 500000 sjw 2",
    wire: bytes(
      "5c 00 00 00 10 00 05 00 8e 41 03 6b 00 00 00 00",
      "00 00 00 00 02 00 00 00 01 00 00 00 01 00 00 00",
      "08 00 0d 00 32 00 00 00", // IFLA_TXQLEN
      "34 00 12 00",
      "07 00 01 00 63 61 6e 00",
      "28 00 02 00",
      "24 00 01 00 20 a1 07 00",
      zeros(20),
      "02 00 00 00 00 00 00 00", // sjw, brp
    ),
    type: 16,
    flags: 5,
    sequence: 0x6b03418e,
    index: 2,
    ifFlags: 1,
    change: 1,
    attributes: { txQueueLength: 50 },
    can: { bittiming: { ...bitrateOnly, bitrate: 500_000, sjw: 2 } },
  },
];

function encodeRequest({ index = 0, ifFlags = 0, change = 0, attributes = {}, can, ...message }: Request): Uint8Array {
  const info = can && { info: { kind: "can", data: encodeAttributes(canTable, can) } };
  const values = encodeAttributes(linkTable, { ...attributes, ...info });
  const payload = encodeLinkMessage({ type: 0, index, flags: ifFlags, change, attributes: values });
  return encodeMessage({ ...message, pid: 0, payload });
}

/** The counters of an unused link, and what follows them. */
const noStatistics = [
  "cc 00 17 00", // IFLA_STATS64
  zeros(200),
  "64 00 07 00", // IFLA_STATS
  zeros(96),
] as const;

const afSpec = [
  "90 00 1a 00 8c 00 02 00 88 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00", // IFLA_AF_SPEC
  "01 00 00 00 01 00 00 00 01 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00",
  zeros(68),
  "10 27 00 00 e8 03 00 00",
  zeros(16),
  "01 00 00 00",
] as const;

/** IFLA_MIN_MTU to IFLA_NUM_RX_QUEUES: equal for all of these links. */
const sizes = bytes(
  "08 00 32 00 00 00 00 00", // IFLA_MIN_MTU
  "08 00 33 00 00 00 00 00", // IFLA_MAX_MTU
  "08 00 1b 00 00 00 00 00", // IFLA_GROUP
  "08 00 1e 00 00 00 00 00", // IFLA_PROMISCUITY
  "08 00 3d 00 00 00 00 00", // IFLA_ALLMULTI
  "08 00 1f 00 01 00 00 00", // IFLA_NUM_TX_QUEUES
  "08 00 28 00 ff ff 00 00", // IFLA_GSO_MAX_SEGS
  "08 00 29 00 00 00 01 00", // IFLA_GSO_MAX_SIZE
  "08 00 3a 00 00 00 01 00", // IFLA_GRO_MAX_SIZE
  "08 00 3b 00 00 00 01 00", // IFLA_TSO_MAX_SIZE
  "08 00 3c 00 ff ff 00 00", // IFLA_TSO_MAX_SEGS
  "08 00 20 00 01 00 00 00", // IFLA_NUM_RX_QUEUES
);

const sizeValues = {
  minMtu: 0,
  maxMtu: 0,
  group: 0,
  promiscuity: 0,
  allMulti: 0,
  txQueues: 1,
  gsoMaxSegs: 65535,
  gsoMaxSize: 65536,
  groMaxSize: 65536,
  tsoMaxSize: 65536,
  tsoMaxSegs: 65535,
  rxQueues: 1,
};

const ofNoUse = {
  stats: zeros(96),
  map: zeros(32),
  families: { unknown: new Map([[2, bytes(...afSpec).subarray(8)]]) },
  protoDown: 0,
  xdp: bytes("05 00 02 00 00 00 00 00"),
  carrierUpCount: 0,
  carrierDownCount: 0,
};

const noCounts = Object.fromEntries([
  ..."Packets Bytes Errors Dropped Compressed".split(" ").flatMap((name) => [`rx${name}`, `tx${name}`]),
  ..."Length Over Crc Frame Fifo Missed".split(" ").map((name) => `rx${name}Errors`),
  ..."Aborted Carrier Fifo Heartbeat Window".split(" ").map((name) => `tx${name}Errors`),
  ...["multicast", "collisions", "rxNohandler", "rxOtherhostDropped"],
].map((name) => [name, 0n]));

describe("linux/rtnetlink.h, linux/if_link.h, linux/can/netlink.h", () => {
  for (const request of requests) {
    it(request.command, () => assertEquals(encodeRequest(request), request.wire));
    it(`${request.command}: decoded`, () => {
      const [{ payload, ...header }] = decodeMessages(request.wire);
      const { type, flags, sequence, index = 0, ifFlags = 0, change = 0, attributes = {}, can } = request;
      assertEquals(header, { type, flags, sequence, pid: 0 });
      const { attributes: behind, ...link } = decodeLinkMessage(payload);
      assertEquals(link, { type: 0, index, flags: ifFlags, change });
      const { info, ...values } = decodeAttributes(linkTable, behind);
      if (!can) return assertEquals({ ...values, ...info && { info } }, { ...attributes });
      assertEquals(values, attributes);
      assertEquals(info?.kind, "can");
      assertEquals(decodeAttributes(canTable, info!.data!), can);
    });
  }

  it("ip link add vx2 mtu 72 type vxcan peer name vx3 netns other: encoded and decoded", () => {
    const wire = bytes(
      "68 00 00 00 10 00 05 06 6a 3e 03 6b 00 00 00 00",
      "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
      "08 00 04 00 48 00 00 00", // IFLA_MTU
      "08 00 03 00 76 78 32 00", // IFLA_IFNAME
      "38 00 12 00", // IFLA_LINKINFO
      "09 00 01 00 76 78 63 61 6e 00 00 00", // IFLA_INFO_KIND
      "28 00 02 00", // IFLA_INFO_DATA
      "24 00 01 00", // VXCAN_INFO_PEER
      "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", // struct ifinfomsg
      "08 00 1c 00 04 00 00 00", // IFLA_NET_NS_FD
      "08 00 03 00 76 78 33 00", // IFLA_IFNAME
    );
    const none = { type: 0, index: 0, flags: 0, change: 0 };
    const peer = encodeLinkMessage({ ...none, attributes: encodeAttributes(linkTable, { netnsFd: 4, name: "vx3" }) });
    const values = { mtu: 72, name: "vx2", info: { kind: "vxcan", data: encodeAttributes(vxcanTable, { peer }) } };
    const payload = encodeLinkMessage({ ...none, attributes: encodeAttributes(linkTable, values) });
    assertEquals(encodeMessage({ type: 16, flags: 0x605, sequence: 0x6b033e6a, pid: 0, payload }), wire);

    const read = decodeAttributes(linkTable, decodeLinkMessage(decodeMessages(wire)[0].payload).attributes);
    assertEquals(read, values);
    const other = decodeLinkMessage(decodeAttributes(vxcanTable, read.info!.data!).peer!);
    assertEquals(decodeAttributes(linkTable, other.attributes), { netnsFd: 4, name: "vx3" });
  });

  it("the kernel's description of an SJA1000", () => {
    const wire = bytes(
      "b8 03 00 00 10 00 00 00 6d 3e 03 6b 3a 00 00 00", // RTM_NEWLINK
      "00 00 18 01 02 00 00 00 80 00 04 00 00 00 00 00", // ARPHRD_CAN, index 2, NOARP ECHO
      "09 00 03 00 63 61 6e 30 00 00 00 00", // IFLA_IFNAME
      "08 00 0d 00 0a 00 00 00", // IFLA_TXQLEN
      "05 00 10 00 02 00 00 00", // IFLA_OPERSTATE
      "05 00 11 00 00 00 00 00", // IFLA_LINKMODE
      "08 00 04 00 10 00 00 00", // IFLA_MTU
      sizes,
      "05 00 21 00 00 00 00 00", // IFLA_CARRIER
      "09 00 06 00 6e 6f 6f 70 00 00 00 00", // IFLA_QDISC
      "08 00 23 00 00 00 00 00", // IFLA_CARRIER_CHANGES
      "08 00 2f 00 00 00 00 00 08 00 30 00 00 00 00 00", // IFLA_CARRIER_UP_COUNT, _DOWN_COUNT
      "05 00 27 00 00 00 00 00", // IFLA_PROTO_DOWN
      "24 00 0e 00", // IFLA_MAP
      zeros(24),
      "0a 00 00 00 00 00 00 00", // interrupt
      ...noStatistics,
      "08 00 15 00 00 00 00 00", // IFLA_NUM_VF
      "0c 00 2b 00 05 00 02 00 00 00 00 00", // IFLA_XDP
      "c4 00 12 00", // IFLA_LINKINFO
      "08 00 01 00 63 61 6e 00", // IFLA_INFO_KIND
      "1c 00 03 00", // IFLA_INFO_XSTATS
      zeros(24),
      "9c 00 02 00", // IFLA_INFO_DATA
      "24 00 01 00 20 a1 07 00 ee 02 00 00 7d 00 00 00", // IFLA_CAN_BITTIMING
      "05 00 00 00 06 00 00 00 04 00 00 00 01 00 00 00 01 00 00 00",
      "34 00 02 00 73 6a 61 31 30 30 30 00 00 00 00 00 00 00 00 00", // IFLA_CAN_BITTIMING_CONST
      "01 00 00 00 10 00 00 00 01 00 00 00 08 00 00 00", // tseg1 and tseg2, min and max
      "04 00 00 00 01 00 00 00 40 00 00 00 01 00 00 00", // sjw, brp
      "08 00 03 00 00 12 7a 00", // IFLA_CAN_CLOCK
      "08 00 04 00 04 00 00 00", // IFLA_CAN_STATE
      "0c 00 05 00 00 00 00 00 01 00 00 00", // IFLA_CAN_CTRLMODE
      "08 00 06 00 64 00 00 00", // IFLA_CAN_RESTART_MS
      "08 00 08 00 00 00 00 00", // IFLA_CAN_BERR_COUNTER
      "08 00 0f 00 00 00 00 00", // IFLA_CAN_BITRATE_MAX
      "0c 00 11 80 08 00 01 00 5f 01 00 00", // IFLA_CAN_CTRLMODE_EXT { IFLA_CAN_CTRLMODE_SUPPORTED }
      ...afSpec,
      "11 00 38 00 30 30 30 30 3a 30 30 3a 30 32 2e 30 00 00 00 00", // IFLA_PARENT_DEV_NAME
      "08 00 39 00 70 63 69 00", // IFLA_PARENT_DEV_BUS_NAME
    );
    const [{ payload, ...header }] = decodeMessages(wire);
    assertEquals(header, { type: 16, flags: 0, sequence: 0x6b033e6d, pid: 0x3a });
    const { attributes, ...link } = decodeLinkMessage(payload);
    assertEquals(link, { type: 280, index: 2, flags: 0x40080, change: 0 });
    const { info, unknown, ...values } = decodeAttributes(linkTable, attributes);
    assertEquals(values, {
      ...sizeValues,
      ...ofNoUse,
      numVf: 0,
      map: bytes(zeros(24), "0a 00 00 00 00 00 00 00"),
      name: "can0",
      txQueueLength: 10,
      operState: 2,
      linkMode: 0,
      mtu: 16,
      carrier: 0,
      qdisc: "noop",
      carrierChanges: 0,
      counters: noCounts as typeof values.counters,
      parent: "0000:00:02.0",
      parentBus: "pci",
    });
    assertEquals(unknown, undefined);
    const { kind, data, xstats, ...more } = info!;
    assertEquals([kind, more], ["can", {}]);
    assertEquals(deviceStats.decode(xstats!), {
      busError: 0,
      errorWarning: 0,
      errorPassive: 0,
      busOff: 0,
      arbitrationLost: 0,
      restarts: 0,
    });
    assertEquals(decodeAttributes(canTable, data!), {
      bittiming: {
        bitrate: 500_000,
        samplePoint: 750,
        tq: 125,
        propSeg: 5,
        phaseSeg1: 6,
        phaseSeg2: 4,
        sjw: 1,
        brp: 1,
      },
      bittimingConst: {
        name: "sja1000",
        tseg1Min: 1,
        tseg1Max: 16,
        tseg2Min: 1,
        tseg2Max: 8,
        sjwMax: 4,
        brpMin: 1,
        brpMax: 64,
        brpInc: 1,
      },
      clock: 8_000_000,
      state: 4,
      ctrlmode: { mask: 0, flags: 1 },
      restartMs: 100,
      berrCounter: { tx: 0, rx: 0 },
      bitrateMax: 0,
      ctrlmodeExt: { supported: 0x15f },
    });
  });

  it("the kernel's description of a vcan with alternative names", () => {
    const wire = bytes(
      "20 03 00 00 10 00 00 00 8f 41 03 6b 17 00 00 00",
      "00 00 18 01 05 00 00 00 80 00 00 00 00 00 00 00",
      "0a 00 03 00 76 63 61 6e 35 00 00 00",
      "08 00 0d 00 e8 03 00 00",
      "05 00 10 00 02 00 00 00",
      "05 00 11 00 00 00 00 00",
      "08 00 04 00 48 00 00 00",
      sizes,
      "05 00 21 00 01 00 00 00",
      "09 00 06 00 6e 6f 6f 70 00 00 00 00",
      "0f 00 14 00 74 68 65 20 65 6e 67 69 6e 65 00 00", // IFLA_IFALIAS
      "08 00 23 00 00 00 00 00",
      "08 00 2f 00 00 00 00 00 08 00 30 00 00 00 00 00",
      "05 00 27 00 00 00 00 00",
      "24 00 0e 00",
      zeros(32),
      ...noStatistics,
      "0c 00 2b 00 05 00 02 00 00 00 00 00",
      "10 00 12 00 09 00 01 00 76 63 61 6e 00 00 00 00", // IFLA_LINKINFO { IFLA_INFO_KIND }
      ...afSpec,
      "30 00 34 80", // IFLA_PROP_LIST
      "20 00 35 00 65 6e 67 69 6e 65 2d 62 75 73 2d 77 69 74 68 2d 61 2d 6c 6f 6e 67 2d 6e 61 6d 65 00",
      "0b 00 35 00 73 65 63 6f 6e 64 00 00", // IFLA_ALT_IFNAME
    );
    const { attributes } = decodeLinkMessage(decodeMessages(wire)[0].payload);
    const { unknown, ...values } = decodeAttributes(linkTable, attributes);
    assertEquals(values, {
      ...sizeValues,
      ...ofNoUse,
      name: "vcan5",
      txQueueLength: 1000,
      operState: 2,
      linkMode: 0,
      mtu: 72,
      carrier: 1,
      qdisc: "noop",
      alias: "the engine",
      carrierChanges: 0,
      counters: noCounts as typeof values.counters,
      info: { kind: "vcan" },
      altNames: ["engine-bus-with-a-long-name", "second"],
    });
    assertEquals(unknown, undefined);
  });

  it("statistics of kernels with fewer counters", () => {
    const [, codec] = linkTable.counters;
    const few = codec.decode(bytes("01 00 00 00 00 00 00 80 02 00 00 00 00 00 00 00", zeros(7)))!;
    assertEquals([few.rxPackets, few.txPackets, few.rxBytes, few.rxOtherhostDropped], [2n ** 63n + 1n, 2n, 0n, 0n]);
  });

  it("a link message that is too short is refused", () => {
    assertThrows(() => decodeLinkMessage(zeros(15)), RangeError, "Link message has 15 of 16 bytes");
  });
});
