/**
 * What a broadcast manager's socket receives.
 *
 * @module
 */

import { checkWhole, fillOptions, type OptionTable } from "../check.ts";
import {
  type BcmHead,
  CAN_FD_FRAME,
  RX_ANNOUNCE_RESUME,
  RX_CHECK_DLC,
  RX_FILTER_ID,
  RX_NO_AUTOTIMER,
  RX_SETUP,
  SETTIMER,
  STARTTIMER,
} from "../kernel/bcm.ts";
import { CAN_MAX_DLEN, CANFD_MAX_DLEN } from "../kernel/can.ts";
import { frameIdWord, Message } from "../message/message.ts";
import { checkSeconds } from "./plan.ts";
import { MAX_NFRAMES } from "./port.ts";

/** Which frames a subscription is for, and what it tells of them. */
export interface BcmSubscriptionOptions {
  /** The identifier: 0 to 0x7ff, extended to 0x1fffffff. */
  readonly arbitrationId: number;
  /** 29-bit identifier. Default true, as of a `Message`. */
  readonly isExtendedId?: boolean;
  /** Remote frames with the identifier, instead of data. Default false. */
  readonly isRemoteFrame?: boolean;
  /** CAN FD frames, instead of classic ones. Default false. */
  readonly isFd?: boolean;
  /**
   * Bits of the data that count, up to 8 bytes, FD 64; missing ones are 0. `"changed"` comes with the first frame, and then
   * with each in which one of these bits differs from the last that was told. Default: all bits. Null: `"changed"` comes
   * with each frame, whatever it has.
   */
  readonly mask?: ArrayLike<number> | null;
  /** Frames that carry now this, now that: each kind is compared with the last of its own. Instead of `mask`. */
  readonly multiplex?: BcmMultiplex;
  /** Whether a change of length is a change. Default true where no mask is given, else false. */
  readonly checkDlc?: boolean;
  /** Seconds between two `"changed"` at the least: what changes meanwhile is told once, at their end, as it is then. */
  readonly throttle?: number;
  /**
   * Seconds without a frame after which `"timeout"` comes, once; every frame, changed or not, begins them anew. Default: no
   * watch.
   */
  readonly timeout?: number;
  /** Whether the first `timeout` begins at once, and not with the first frame. Default true. */
  readonly startTimer?: boolean;
  /** Whether frames begin `timeout` anew. Default true. */
  readonly autoTimer?: boolean;
  /** Whether the first frame after `"timeout"` is a change, also if it has what the last one had. Default false. */
  readonly announceResume?: boolean;
}

/** Frames of which some bits tell the meaning of the others. */
export interface BcmMultiplex {
  /** These bits, of the first 8 bytes. */
  readonly mask: ArrayLike<number>;
  /** What they say, and what counts then: 1 to 256. Frames that say something else are not told. */
  readonly cases: readonly BcmMultiplexCase[];
}

/** One kind of such frames. */
export interface BcmMultiplexCase {
  /** What the bits of the multiplex's mask are, in this case alone; no others may be set. */
  readonly value: ArrayLike<number>;
  /** Bits of the data that count. Default: all. */
  readonly mask?: ArrayLike<number>;
}

const table: OptionTable<BcmSubscriptionOptions> = {
  arbitrationId: ["number"],
  isExtendedId: ["boolean", true],
  isRemoteFrame: ["boolean", false],
  isFd: ["boolean", false],
  mask: ["object"],
  multiplex: ["object"],
  checkDlc: ["boolean"],
  throttle: ["number"],
  timeout: ["number"],
  startTimer: ["boolean", true],
  autoTimer: ["boolean", true],
  announceResume: ["boolean", false],
};

type FullOptions =
  & BcmSubscriptionOptions
  & Required<
    Pick<
      BcmSubscriptionOptions,
      "isExtendedId" | "isRemoteFrame" | "isFd" | "startTimer" | "autoTimer" | "announceResume"
    >
  >;

/** What tells the kernel of a subscription. */
export interface SubscriptionSetup {
  readonly head: BcmHead;
  /** Masks, as frames. */
  readonly frames: readonly Message[];
}

/**
 * Checks a subscription, and makes what the kernel takes.
 *
 * @throws {RangeError | TypeError} See `BcmSocket.subscribe`.
 */
export function encodeSubscription(options: BcmSubscriptionOptions): SubscriptionSetup {
  const full = fillOptions("subscribe", options, table) as unknown as FullOptions;
  const { arbitrationId, isExtendedId, isRemoteFrame, isFd, multiplex, throttle, timeout } = full;
  const { mask } = options; // where null is not as good as absent
  if (arbitrationId === undefined) throw new TypeError("Option arbitrationId is missing: what to subscribe to");
  if (mask !== undefined && multiplex !== undefined) {
    throw new TypeError("mask and multiplex exclude each other: each case of a multiplex has its own mask");
  }
  if (isFd && isRemoteFrame) {
    throw new TypeError("isFd and isRemoteFrame exclude each other: CAN FD has no remote frames");
  }
  const checkDlc = full.checkDlc ?? (mask === undefined && multiplex === undefined);
  const flags = SETTIMER |
    (isFd ? CAN_FD_FRAME : 0) |
    (mask === null ? RX_FILTER_ID : 0) |
    (checkDlc ? RX_CHECK_DLC : 0) |
    (full.startTimer && timeout !== undefined ? STARTTIMER : 0) |
    (full.autoTimer ? 0 : RX_NO_AUTOTIMER) |
    (full.announceResume ? RX_ANNOUNCE_RESUME : 0);
  const head = {
    opcode: RX_SETUP,
    flags,
    canId: frameIdWord(new Message({ arbitrationId, isExtendedId, isRemoteFrame })),
    ival1: timeout === undefined ? 0 : checkSeconds("timeout", timeout),
    ival2: throttle === undefined ? 0 : checkSeconds("throttle", throttle),
  };
  const most = isFd ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
  const masks = multiplex !== undefined
    ? muxMasks(multiplex, most)
    : mask === null
    ? []
    : [bits("mask", mask ?? everything(most), most)];
  return { head, frames: masks.map((data) => new Message({ arbitrationId, isExtendedId, isFd, data })) };
}

/** The multiplex's mask; then, for each case, its value where that mask is set and its own mask elsewhere. */
function muxMasks(multiplex: BcmMultiplex, most: number): Uint8Array[] {
  fillOptions("multiplex", multiplex, { mask: ["object"], cases: ["array"] });
  const mux = bits("multiplex.mask", multiplex.mask, most);
  if (mux.subarray(8).some((byte) => byte !== 0)) {
    throw new RangeError("multiplex.mask has bits beyond 8 bytes: the kernel looks at no more to tell the cases apart");
  }
  const { cases } = multiplex;
  checkWhole("The number of multiplex.cases", cases?.length, 1, MAX_NFRAMES);
  const values = new Map<string, number>();
  return [
    mux,
    ...cases.map((each: BcmMultiplexCase, i) => {
      const name = `multiplex.cases[${i}]`;
      fillOptions(name, each, { value: ["object"], mask: ["object"] });
      const value = bits(`${name}.value`, each.value, most);
      if (value.some((byte, at) => byte & ~mux[at])) {
        throw new RangeError(`${name}.value has bits that multiplex.mask has not: they tell no case`);
      }
      const same = values.get(`${value}`);
      if (same !== undefined) {
        throw new RangeError(`${name}.value is that of cases[${same}]: the kernel compares frames with the first only`);
      }
      values.set(`${value}`, i);
      const mask = bits(`${name}.mask`, each.mask ?? everything(most), most);
      return mask.map((byte, at) => value[at] | (byte & ~mux[at]));
    }),
  ];
}

function everything(length: number): Uint8Array {
  return new Uint8Array(length).fill(0xff);
}

/** A mask of full length. */
function bits(name: string, given: ArrayLike<number>, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (typeof given !== "object" || given === null || typeof given.length !== "number") {
    throw new TypeError(`${name} must be a Uint8Array or an array of numbers: ${given}`);
  }
  if (given.length > length) throw new RangeError(`${name} has ${given.length} bytes: at most ${length} fit the frame`);
  for (let i = 0; i < given.length; i++) bytes[i] = checkWhole(`${name}[${i}]`, given[i], 0, 255);
  return bytes;
}
