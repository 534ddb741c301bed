/**
 * The options of a subscription, as the kernel takes them.
 *
 * @module
 */

import { checkWhole, fillOptions, type OptionTable, show } from "../check.ts";
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
import { CAN_MAX_DLEN, CAN_SFF_MASK, CANFD_MAX_DLEN } from "../kernel/can.ts";
import { frameIdWord, Message } from "../message/message.ts";
import { MAX_NFRAMES } from "./limits.ts";
import { checkSeconds } from "./plan.ts";

/**
 * Options of `BcmSocket.subscribe`: which frames, and which events they cause.
 *
 * @category Broadcast manager
 */
export interface BcmSubscriptionOptions {
  /** The identifier: 11 bits, 0 to 0x7ff, or 29 bits, 0 to 0x1fffffff (see `isExtendedId`). */
  readonly arbitrationId: number;
  /** Whether the identifier has 29 bits. Default: false up to 0x7ff, true above. (A `Message` has 29 bits by default.) */
  readonly isExtendedId?: boolean;
  /** Whether the frames are remote frames instead of data frames. Default false. */
  readonly isRemoteFrame?: boolean;
  /** Whether the frames are CAN FD instead of classic frames. Default false. */
  readonly isFd?: boolean;
  /**
   * The bits of the data to compare, up to 8 bytes, FD 64; missing bytes are 0. The first frame causes `"changed"`, and then
   * each frame in which one of these bits differs from the last reported frame. Default: all bits. Null: every frame causes
   * `"changed"`, whatever its data.
   */
  readonly mask?: ArrayLike<number> | null;
  /** Multiplexed frames: each case is compared with the last frame of the same case. Instead of `mask`. */
  readonly multiplex?: BcmMultiplex;
  /** Whether another length is a change. Default true if neither `mask` nor `multiplex` is given, else false. */
  readonly checkDlc?: boolean;
  /**
   * At least so many seconds between two `"changed"`, 0.000001 to 34560000: changes in the meantime are reported once, with
   * the latest frame. Default: none.
   */
  readonly throttle?: number;
  /**
   * Seconds without a frame after which `"timeout"` is reported, once, 0.000001 to 34560000; every frame, changed or not,
   * restarts them. Default: frames may be missing.
   */
  readonly timeout?: number;
  /** Whether the first `timeout` begins at once instead of with the first frame. Default true. */
  readonly startTimer?: boolean;
  /** Whether frames restart `timeout`. Default true. */
  readonly autoTimer?: boolean;
  /** Whether the first frame after `"timeout"` causes `"changed"` even if its data is that of the last one. Default false. */
  readonly announceResume?: boolean;
}

/**
 * Multiplexed frames: some bits say what the others mean.
 *
 * @category Broadcast manager
 */
export interface BcmMultiplex {
  /** The bits that tell the cases apart, within the first 8 bytes. */
  readonly mask: ArrayLike<number>;
  /** The cases, 1 to 256. Frames of any other value are ignored. */
  readonly cases: readonly BcmMultiplexCase[];
}

/**
 * One case of multiplexed frames.
 *
 * @category Broadcast manager
 */
export interface BcmMultiplexCase {
  /** The value of the multiplex mask's bits in this case; no other bits may be set, and no two cases may have the same. */
  readonly value: ArrayLike<number>;
  /** The bits of the data to compare. Default: all. */
  readonly mask?: ArrayLike<number>;
}

const table: OptionTable<BcmSubscriptionOptions> = {
  arbitrationId: ["number"],
  isExtendedId: ["boolean"],
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
      "isRemoteFrame" | "isFd" | "startTimer" | "autoTimer" | "announceResume"
    >
  >;

/** The command that sets up a subscription. */
export interface SubscriptionSetup {
  readonly head: BcmHead;
  /** Masks, as frames' data. */
  readonly frames: readonly Message[];
}

/**
 * Checks a subscription's options and puts them into the kernel's terms.
 *
 * @throws {RangeError | TypeError} As `BcmSocket.subscribe`.
 */
export function encodeSubscription(options: BcmSubscriptionOptions): SubscriptionSetup {
  const full = fillOptions("subscribe", options, table) as unknown as FullOptions;
  const { arbitrationId, isRemoteFrame, isFd, multiplex, throttle, timeout } = full;
  const { mask } = options; // null differs from undefined here, which fillOptions ignores
  if (arbitrationId === undefined) {
    throw new TypeError("Option arbitrationId is missing: the identifier to subscribe to");
  }
  const isExtendedId = full.isExtendedId ?? arbitrationId > CAN_SFF_MASK;
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

/** The multiplex's mask; then of each case its value where that mask has bits, and its own mask elsewhere. */
function muxMasks(multiplex: BcmMultiplex, most: number): Uint8Array[] {
  fillOptions("multiplex", multiplex, { mask: ["object"], cases: ["array"] });
  const mux = bits("multiplex.mask", multiplex.mask, most);
  if (mux.subarray(8).some((byte) => byte !== 0)) {
    throw new RangeError("multiplex.mask has bits beyond 8 bytes: the kernel tells cases apart by the first 8 only");
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
        throw new RangeError(`${name}.value has bits outside multiplex.mask: they do not tell cases apart`);
      }
      const same = values.get(`${value}`);
      if (same !== undefined) {
        throw new RangeError(
          `${name}.value is that of cases[${same}]: the kernel uses the first of the same value only`,
        );
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

/** Checks a mask and fills it up with 0. */
function bits(name: string, given: ArrayLike<number>, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (typeof given !== "object" || given === null || typeof given.length !== "number") {
    throw new TypeError(`${name} must be a Uint8Array or an array of numbers: ${show(given)}`);
  }
  if (given.length > length) {
    throw new RangeError(`${name} has ${given.length} bytes: at most ${length} fit into the frame`);
  }
  for (let i = 0; i < given.length; i++) bytes[i] = checkWhole(`${name}[${i}]`, given[i], 0, 255);
  return bytes;
}
