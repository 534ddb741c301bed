/**
 * A simulation of the kernel's side of links, for controllers that the test machine does not have: CAN FD, delay
 * compensation, termination, fixed bitrates. It refuses what drivers/net/can/dev/netlink.c of Linux 6.18 refuses.
 *
 * @module
 */

import { BitTiming, type BitTimingConst } from "../../mod.ts";
import { type CanBittiming, canTable, deviceStats } from "../../src/kernel/can_netlink.ts";
import { EBUSY, EEXIST, EINVAL, ENODEV, EOPNOTSUPP } from "../../src/kernel/errno.ts";
import { linkTable } from "../../src/kernel/if_link.ts";
import { type NetlinkMessage, NLMSG_DONE } from "../../src/kernel/netlink.ts";
import { type Attributes, decodeAttributes, encodeAttributes, stringCodec } from "../../src/kernel/nlattr.ts";
import {
  decodeLinkMessage,
  encodeLinkMessage,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
} from "../../src/kernel/rtnetlink.ts";
import { acknowledge, type Datagram, FakeNetlink } from "./fake_netlink.ts";

type CanValues = { -readonly [K in keyof Attributes<typeof canTable>]: Attributes<typeof canTable>[K] };

const FD = 0x20;
const TDC_AUTO = 0x200;
const TDC_MANUAL = 0x400;
const TDC = TDC_AUTO | TDC_MANUAL;

/** A simulated link. */
export interface FakeLink {
  index: number;
  name: string;
  flags: number;
  mtu: number;
  txQueueLength: number;
  kind?: string;
  /** ARPHRD_*. Default: 280, CAN. */
  type?: number;
  /** The controller's attributes; `ctrlmodeExt` has the modes that can be set. */
  can?: CanValues;
  /** Modes that are always set. */
  staticModes?: number;
  /** Additional attributes. */
  more?: Attributes<typeof linkTable>;
}

/** A refusal: `-errno`, and the kernel's message. */
type Refusal = readonly [errno: number, text?: string];

/** Returns the refusal of one step of a change, or undefined to accept it. */
export type Refuse = (link: FakeLink, what: "can" | "mtu" | "up" | "down" | "name") => Refusal | undefined;

const limits: BitTimingConst = {
  name: "m_can",
  tseg1Min: 2,
  tseg1Max: 256,
  tseg2Min: 2,
  tseg2Max: 128,
  sjwMax: 128,
  brpMin: 1,
  brpMax: 512,
  brpInc: 1,
};

/** A CAN FD controller with every feature. */
export function fdController(): CanValues {
  return {
    bittimingConst: limits,
    clock: 40_000_000,
    state: 4,
    ctrlmode: { mask: 0, flags: 0 },
    restartMs: 0,
    berrCounter: { tx: 0, rx: 0 },
    dataBittimingConst: { ...limits, tseg1Min: 1, tseg1Max: 32, tseg2Min: 1, tseg2Max: 16, sjwMax: 16, brpMax: 32 },
    termination: 0,
    terminationConst: [0, 120],
    bitrateMax: 8_000_000,
    tdc: { tdcvMin: 0, tdcvMax: 63, tdcoMin: 0, tdcoMax: 127, tdcfMin: 0, tdcfMax: 127 },
    ctrlmodeExt: { supported: 0x1 | 0x2 | 0x10 | FD | 0x80 | TDC },
  };
}

/** Replaces the links that the process's libc shows, until it is disposed of. */
export class FakeLinks implements Disposable {
  readonly links: FakeLink[];
  /** The controller settings of every request that has some. */
  readonly changes: CanValues[] = [];
  /** Decides what is refused. */
  refuse: Refuse = () => undefined;
  readonly #netlink: FakeNetlink;

  constructor(...links: FakeLink[]) {
    this.links = links;
    this.#netlink = new FakeNetlink((request) => this.#respond(request));
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]();
  }

  #respond(request: NetlinkMessage): Datagram[] {
    const { index, flags, change, attributes } = decodeLinkMessage(request.payload);
    const values = decodeAttributes(linkTable, attributes);
    const link = this.links.find((each) => index > 0 ? each.index === index : each.name === values.name);
    const answer = (refusal: Refusal | undefined) => [[refuse(request, refusal)]];
    if (request.type === RTM_GETLINK && (request.flags & 0x300) === 0x300) {
      const items = this.links.map((each) => describe(request, each));
      return [items, [{ ...request, type: NLMSG_DONE, flags: 2, payload: new Uint8Array(4) }]];
    }
    if (request.type === RTM_NEWLINK && (request.flags & 0x400) !== 0) {
      if (link) return answer([-EEXIST]);
      if (values.info?.kind !== "vcan") return answer([-EOPNOTSUPP, "Unknown device type"]);
      const { name = "", mtu = 72, txQueueLength = 1000 } = values;
      this.links.push({ index: 100 + this.links.length, name, flags: flags & 1, mtu, txQueueLength, kind: "vcan" });
      return answer(undefined);
    }
    if (!link) return answer([-ENODEV]);
    if (request.type === RTM_GETLINK) return [[describe(request, link)], [acknowledge(request)]];
    if (request.type === RTM_DELLINK) {
      if (link.kind === "vcan") this.links.splice(this.links.indexOf(link), 1);
      return answer(undefined);
    }
    return answer(this.#change(link, values, flags, change));
  }

  #change(link: FakeLink, values: Attributes<typeof linkTable>, flags: number, change: number): Refusal | undefined {
    const isUp = (link.flags & 1) !== 0;
    if (values.info?.data) {
      const wanted = decodeAttributes(canTable, values.info.data);
      this.changes.push(wanted);
      const refusal = this.refuse(link, "can") ?? changeController(link, wanted, isUp);
      if (refusal) return refusal;
    }
    if (values.mtu !== undefined && values.mtu !== link.mtu) {
      const refusal = this.refuse(link, "mtu") ?? (isUp ? [-EBUSY] as const : undefined);
      if (refusal) return refusal;
      link.mtu = values.mtu;
    }
    if (values.name !== undefined) {
      const refusal = this.refuse(link, "name");
      if (refusal) return refusal;
      link.name = values.name;
    }
    if (values.txQueueLength !== undefined) link.txQueueLength = values.txQueueLength;
    if ((change & 1) === 0) return undefined;
    const up = (flags & 1) !== 0;
    const refusal = this.refuse(link, up ? "up" : "down");
    if (refusal) return refusal;
    if (up && link.can && !link.can.bittiming) return [-EINVAL];
    link.flags = up ? link.flags | 0x10041 : link.flags & ~0x10041;
    if (link.can) link.can.state = up ? 0 : 4;
    return undefined;
  }
}

function refuse(request: NetlinkMessage, refusal: Refusal | undefined): NetlinkMessage {
  if (!refusal) return acknowledge(request);
  const [error, text] = refusal;
  return acknowledge(
    request,
    error,
    text === undefined ? undefined : encodeAttributes({ text: [1, stringCodec] }, { text }),
  );
}

function describe(request: NetlinkMessage, link: FakeLink): NetlinkMessage {
  const { index, name, flags, mtu, txQueueLength, kind, type = 280, can, more } = link;
  const none = { busError: 0, errorWarning: 0, errorPassive: 0, busOff: 0, arbitrationLost: 0, restarts: 0 };
  const info = can
    ? { kind: "can", xstats: deviceStats.encode(none), data: encodeAttributes(canTable, reported(can)) }
    : kind === undefined
    ? undefined
    : { kind };
  const attributes = encodeAttributes(linkTable, { name, mtu, txQueueLength, info, ...more });
  const payload = encodeLinkMessage({ type, index, flags: flags | 0x80, change: 0, attributes });
  return { ...request, type: RTM_NEWLINK, flags: 0, payload };
}

/** The attributes that the kernel reports: those of the delay only while it is compensated. */
function reported({ tdc, ...can }: CanValues): CanValues {
  if (!tdc) return can;
  const { tdcv, tdco, tdcf, ...limits } = tdc;
  const on = (can.ctrlmode!.flags & TDC) !== 0;
  return { ...can, tdc: on ? { ...limits, tdcv, tdco, tdcf } : limits };
}

function changeController(link: FakeLink, wanted: CanValues, isUp: boolean): Refusal | undefined {
  const can = link.can;
  if (!can) return [-EOPNOTSUPP];
  const refusal = validate(wanted);
  if (refusal) return refusal;
  const { mask = 0, flags = 0 } = wanted.ctrlmode ?? {};
  const always = link.staticModes ?? 0;
  if (wanted.ctrlmode) {
    if (isUp) return [-EBUSY];
    const set = flags & mask;
    if (set & ~(can.ctrlmodeExt!.supported! | always)) return [-EOPNOTSUPP, "requested control mode not supported"];
    if ((set & always) !== always) return [-EOPNOTSUPP, "missing required static control mode"];
    let modes = can.ctrlmode!.flags;
    if (mask & FD) modes &= ~TDC;
    modes = (modes & ~mask) | set;
    if ((modes & FD) === 0) {
      modes &= ~TDC;
      delete can.dataBittiming;
    }
    can.ctrlmode = { mask: 0, flags: modes };
    link.mtu = modes & FD ? 72 : 16;
  }
  for (const [name, consts] of [["bittiming", "bittimingConst"], ["dataBittiming", "dataBittimingConst"]] as const) {
    const timing = wanted[name];
    if (!timing) continue;
    if (isUp) return [-EBUSY];
    const found = calculate(timing, can[consts], can.clock!);
    if (!found) return [-EINVAL];
    can[name] = found;
  }
  if (wanted.restartMs !== undefined) {
    if (isUp) return [-EBUSY];
    can.restartMs = wanted.restartMs;
  }
  if (wanted.restart) {
    if (!isUp) return [-EINVAL];
    if (can.restartMs) return [-EINVAL];
    if (can.state !== 3) return [-EBUSY];
    can.state = 0;
  }
  if (wanted.tdc) can.tdc = { ...can.tdc, ...wanted.tdc };
  if (wanted.termination !== undefined) {
    if (!can.terminationConst?.includes(wanted.termination)) return [-EINVAL];
    can.termination = wanted.termination;
  }
  return undefined;
}

function validate({ bittiming, dataBittiming, ctrlmode, tdc }: CanValues): Refusal | undefined {
  const set = ctrlmode ? ctrlmode.flags & ctrlmode.mask : 0;
  if ((bittiming?.samplePoint ?? 0) >= 1000) return [-EINVAL, "sample point must be between 0 and 100%"];
  if (set & FD) {
    if (!bittiming || !dataBittiming) return [-EOPNOTSUPP, "Provide both nominal and FD data bittiming"];
  } else {
    if (dataBittiming) return [-EOPNOTSUPP, "FD data bittiming requires CAN FD"];
    if (tdc) return [-EOPNOTSUPP, "FD TDC requires CAN FD"];
  }
  if ((set & TDC) === TDC) return [-EOPNOTSUPP, "TDC manual and auto modes are mutually exclusive"];
  if (set & TDC && !tdc) return [-EOPNOTSUPP, "TDC parameters are missing"];
  if (!(set & TDC) && tdc) return [-EOPNOTSUPP, "TDC mode (auto or manual) is missing"];
  if (!tdc) return undefined;
  if (tdc.tdcv !== undefined && set & TDC_AUTO) return [-EOPNOTSUPP, "TDCV is incompatible with TDC auto mode"];
  if (tdc.tdcv === undefined && set & TDC_MANUAL) return [-EOPNOTSUPP, "TDC manual mode requires TDCV"];
  return tdc.tdco === undefined ? [-EOPNOTSUPP, "TDCO is missing"] : undefined;
}

function calculate(wanted: CanBittiming, limits: BitTimingConst | undefined, clock: number): CanBittiming | null {
  const { bitrate, samplePoint, tq, propSeg, phaseSeg1, phaseSeg2, sjw } = wanted;
  if (!limits) return bitrate ? wanted : null;
  if ((bitrate === 0) === (tq === 0)) return null;
  const jump = sjw === 0 ? {} : { sjw };
  const found = tq
    ? new BitTiming({ clock, tq, propSeg, phaseSeg1, phaseSeg2, ...jump, limits })
    : BitTiming.fromBitrate({ clock, limits, bitrate, ...jump, ...samplePoint && { samplePoint: samplePoint / 1000 } });
  const { tripleSampling: _, nominalBitrate: __, clock: ___, ...values } = found.toJSON();
  return { ...values, samplePoint: Math.round(1000 * found.samplePoint) };
}

/** A device with a controller, initially down. */
export function can0(changes: Partial<FakeLink> = {}): FakeLink {
  return { index: 5, name: "can0", flags: 0, mtu: 16, txQueueLength: 10, can: fdController(), ...changes };
}

/** A vcan, initially up. */
export function vcan0(): FakeLink {
  return { index: 6, name: "vcan0", flags: 1, mtu: 72, txQueueLength: 1000, kind: "vcan" };
}
