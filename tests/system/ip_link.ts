/**
 * The output of iproute2's `ip` for a link, and the same generated from what the library reads.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { assertEquals } from "@std/assert";
import { type BitTimingConst, type BitTimingValues, Link, type LinkStatistics, type LinkStatus } from "../../mod.ts";

type Json = Record<string, unknown>;

/** The objects that `ip -details -statistics -statistics -json link show` prints. */
export function ipShow(...args: string[]): Json[] {
  const options = ["-details", "-statistics", "-statistics", "-json", "link", "show"];
  return JSON.parse(execFileSync("ip", [...options, ...args], { encoding: "utf8" }));
}

/** Asserts that a link's status and statistics are what `ip` shows, field by field; returns both. */
export function agreesWithIp(link: Link): { status: LinkStatus; statistics: LinkStatistics } {
  for (let tries = 0;; tries++) {
    const before = ipShow("dev", link.name);
    const read = { status: link.status(), statistics: link.statistics() };
    const after = ipShow("dev", link.name);
    // Something changed meanwhile: the kernel reports some changes of the carrier late.
    if (JSON.stringify(before) !== JSON.stringify(after) && tries < 100) continue;
    assertEquals(asIp(read.status, read.statistics, after[0]), withoutPeersFlag(after[0]));
    return read;
  }
}

/** Without M-DOWN, which `ip` adds when the other end is down: it is not a flag of the link. */
function withoutPeersFlag({ flags, ...rest }: Json): Json {
  return { ...rest, flags: (flags as string[]).filter((flag) => flag !== "M-DOWN") };
}

function asIp(status: LinkStatus, { rx, tx, device }: LinkStatistics, shown: Json): Json {
  const { details } = status;
  return defined({
    ifindex: status.index,
    ifname: status.name,
    link: status.peer?.netnsId === null ? Link.open(status.peer.index).name : undefined,
    link_index: status.peer?.netnsId === null ? undefined : status.peer?.index,
    link_netnsid: status.peer?.netnsId ?? undefined,
    flags: status.flags,
    mtu: status.mtu,
    qdisc: details.qdisc,
    operstate: status.operState,
    linkmode: ["DEFAULT", "DORMANT"][details.linkMode],
    group: details.group === 0 ? "default" : `${details.group}`,
    txqlen: status.txQueueLength || undefined,
    link_type: "can",
    promiscuity: details.promiscuity,
    allmulti: details.allMulti ?? undefined,
    min_mtu: details.minMtu,
    max_mtu: details.maxMtu,
    linkinfo: defined({
      info_kind: status.kind,
      info_data: status.kind === "can" ? controllerAsIp(status) : undefined,
      info_xstats: device && {
        restarts: device.restarts,
        bus_error: device.busError,
        arbitration_lost: device.arbitrationLost,
        error_warning: device.errorWarning,
        error_passive: device.errorPassive,
        bus_off: device.busOff,
      },
    }),
    inet6_addr_gen_mode: ["eui64", "none", "stable_secret", "random"][details.ipv6AddressMode ?? -1],
    num_tx_queues: details.txQueues,
    num_rx_queues: shown.num_rx_queues && details.rxQueues, // absent where the kernel was built without them
    gso_max_size: details.gsoMaxSize,
    gso_max_segs: details.gsoMaxSegs,
    tso_max_size: details.tsoMaxSize,
    tso_max_segs: details.tsoMaxSegs,
    gro_max_size: details.groMaxSize,
    ifalias: status.alias,
    altnames: status.altNames.length > 0 ? status.altNames : undefined,
    parentbus: status.parentBus,
    parentdev: status.parent,
    stats64: {
      rx: {
        bytes: rx.bytes,
        packets: rx.packets,
        errors: rx.errors,
        dropped: rx.dropped,
        over_errors: rx.overErrors,
        multicast: rx.multicast,
        length_errors: rx.lengthErrors,
        crc_errors: rx.crcErrors,
        frame_errors: rx.frameErrors,
        fifo_errors: rx.fifoErrors,
        missed_errors: rx.missedErrors,
      },
      tx: {
        bytes: tx.bytes,
        packets: tx.packets,
        errors: tx.errors,
        dropped: tx.dropped,
        carrier_errors: tx.carrierErrors,
        collisions: tx.collisions,
        aborted_errors: tx.abortedErrors,
        fifo_errors: tx.fifoErrors,
        window_errors: tx.windowErrors,
        heartbeat_errors: tx.heartbeatErrors,
        carrier_changes: tx.carrierChanges,
      },
    },
  });
}

function controllerAsIp(status: LinkStatus): Json {
  const modes = (names: readonly string[] | null) =>
    names?.length ? names.map((name) => name.toUpperCase()) : undefined;
  return defined({
    ctrlmode: modes(status.modes),
    ctrlmode_supported: modes(status.supportedModes),
    ctrlmode_static: modes(status.staticModes),
    state: status.state,
    berr_counter: status.errorCounters,
    restart_ms: status.restartMs,
    bittiming: status.bitTiming && timingAsIp(status.bitTiming),
    bittiming_const: status.bitTimingConst && constAsIp(status.bitTimingConst),
    data_bittiming: status.dataBitTiming && timingAsIp(status.dataBitTiming),
    data_bittiming_const: status.dataBitTimingConst && constAsIp(status.dataBitTimingConst),
    termination: status.termination,
    clock: status.clock,
    bitrate_max: status.bitrateMax,
  });
}

function timingAsIp({ bitrate, samplePoint, tq, propSeg, phaseSeg1, phaseSeg2, sjw, brp }: BitTimingValues): Json {
  const segments = { tq, prop_seg: propSeg, phase_seg1: phaseSeg1, phase_seg2: phaseSeg2, sjw, brp };
  return { bitrate, sample_point: samplePoint.toFixed(3), ...segments };
}

function constAsIp(limits: BitTimingConst): Json {
  const { name, tseg1Min, tseg1Max, tseg2Min, tseg2Max, sjwMax, brpMin, brpMax, brpInc } = limits;
  return {
    name,
    tseg1: { min: tseg1Min, max: tseg1Max },
    tseg2: { min: tseg2Min, max: tseg2Max },
    sjw: { min: 1, max: sjwMax },
    brp: { min: brpMin, max: brpMax },
    brp_inc: brpInc,
  };
}

function defined(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));
}
