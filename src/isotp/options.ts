/**
 * The options of an ISO-TP socket, checked and in the kernel's terms.
 *
 * @module
 */

import { checkChoice, checkWhole, fillOptions, type OptionTable } from "../check.ts";
import { checkCommon, type CommonOptions } from "../endpoint/options.ts";
import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_MAX_DLEN,
  CAN_MTU,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_MTU,
} from "../kernel/can.ts";
import {
  CAN_ISOTP_CF_BROADCAST,
  CAN_ISOTP_CHK_PAD_DATA,
  CAN_ISOTP_CHK_PAD_LEN,
  CAN_ISOTP_EXTEND_ADDR,
  CAN_ISOTP_FORCE_RXSTMIN,
  CAN_ISOTP_FORCE_TXSTMIN,
  CAN_ISOTP_FRAME_TXTIME_ZERO,
  CAN_ISOTP_HALF_DUPLEX,
  CAN_ISOTP_LISTEN_MODE,
  CAN_ISOTP_RX_EXT_ADDR,
  CAN_ISOTP_RX_PADDING,
  CAN_ISOTP_SF_BROADCAST,
  CAN_ISOTP_TX_PADDING,
  encodeStMin,
  type RawIsoTpOptions,
} from "../kernel/isotp.ts";

/**
 * Options of an `IsoTpSocket`, those of [`linux/can/isotp.h`](https://docs.kernel.org/networking/iso15765-2.html). An absent
 * option has the kernel's default.
 *
 * @category ISO-TP
 */
export interface IsoTpSocketOptions extends CommonOptions {
  /** Name of the interface, such as `"vcan0"`. */
  readonly channel: string;
  /** Identifier of the frames that this end sends: 11 bits, 0 to 0x7ff, or 29 bits, 0 to 0x1fffffff (see `isExtendedId`). */
  readonly txId: number;
  /** Identifier of the frames that the other end sends; not that of `txId`. Must be absent for a broadcast, and only then. */
  readonly rxId?: number;
  /**
   * Whether the identifiers have 29 bits. Default: that of the identifiers: 11 bits (false) up to 0x7ff, 29 bits (true)
   * above, as can-utils' `isotpsend` has it. If only one of `txId` and `rxId` is above 0x7ff, it must be given.
   */
  readonly isExtendedId?: boolean;
  /** Extended (or mixed) addressing: the address in the first byte of each sent frame, 0 to 255. Default: none. */
  readonly extAddress?: number;
  /** The address in the first byte of each received frame, 0 to 255. Default `extAddress`. */
  readonly rxExtAddress?: number;
  /** Functional (1-to-N) addressing: only PDUs of a single frame are sent, and nothing is received. Default false. */
  readonly sfBroadcast?: boolean;
  /**
   * 1-to-N addressing with PDUs of any length, sent without flow control; nothing is received. Since Linux 6.0. Default
   * false.
   */
  readonly cfBroadcast?: boolean;
  /** Whether the frames are CAN FD, in both directions. Default false. */
  readonly fd?: boolean;
  /**
   * The largest payload of a sent frame, in bytes (TX_DL): 8; with `fd` also 12, 16, 20, 24, 32, 48 and 64. Default 8, with
   * `fd` 64.
   */
  readonly txDl?: number;
  /** Whether CAN FD frames are sent with the data bitrate (BRS). Needs `fd`. Default false. */
  readonly bitrateSwitch?: boolean;
  /**
   * The padding byte of sent frames, 0 to 255: it fills them up to 8 bytes, or to the next length of CAN FD. Default: no
   * padding; frames are as short as possible.
   */
  readonly txPadding?: number;
  /** The padding byte of received frames, 0 to 255. Only checked with `checkPadding`. */
  readonly rxPadding?: number;
  /**
   * What is checked of the padding of received frames: their length, the padding bytes, or both. Without `rxPadding` only
   * `"length"` is allowed: that there is no padding. A wrong frame is an error, `EBADMSG`. Default: nothing.
   */
  readonly checkPadding?: "length" | "content" | "all";
  /** Frames that the other end may send before it waits for flow control again (BS), 1 to 255; 0 for all. Default 0. */
  readonly blockSize?: number;
  /**
   * Seconds that the other end must leave between two frames (STmin): 0 to 0.127 in steps of 0.001, or 0.0001 to 0.0009 in
   * steps of 0.0001. Default 0.
   */
  readonly stMin?: number;
  /** How many wait frames may be sent (N_WFTmax), 0 to 255. The kernel stores it, but never sends any. Default 0. */
  readonly wftMax?: number;
  /**
   * Seconds that sending a frame takes (N_As), which the kernel adds to the STmin of the other end; 0 adds nothing (since
   * Linux 5.18). At most 4.294967294. Default 0.00005.
   */
  readonly frameTxTime?: number;
  /** Seconds between two sent frames, whatever STmin the other end asks for; at most 4.294967295. Default: its STmin. */
  readonly forceTxStMin?: number;
  /** Seconds within which a received frame after another is ignored; at most 4.294967295. Default: none is. */
  readonly forceRxStMin?: number;
  /** Whether to listen only: to receive what others send to each other, without sending flow control. Default false. */
  readonly listenMode?: boolean;
  /** Whether received frames are ignored while sending, and nothing is sent while receiving. Default false. */
  readonly halfDuplex?: boolean;
  /**
   * Whether a send waits until its PDU has been sent completely, and fails if that fails. Otherwise a send only hands the
   * PDU to the kernel, and a failure is thrown by a later call. Default false.
   */
  readonly waitTxDone?: boolean;
}

/** Options in the kernel's terms. */
export interface FullIsoTpOptions extends CommonOptions {
  readonly channel: string;
  readonly waitTxDone: boolean;
  /** The identifiers with CAN_EFF_FLAG where extended; both are the same for a broadcast. */
  readonly txWord: number;
  readonly rxWord: number;
  readonly kernel: RawIsoTpOptions;
  readonly blockSize: number;
  readonly stMin: number;
  readonly wftMax: number;
  readonly mtu: number;
  readonly txDl: number;
  readonly txFlags: number;
  /** Nanoseconds. */
  readonly forceTxStMin: number | undefined;
  readonly forceRxStMin: number | undefined;
  readonly checksPadding: boolean;
  /** The longest PDU, in bytes, that fits into a single frame. */
  readonly singleFrame: number;
  /** The kind of broadcast, which has no flow control: of a single frame, or of consecutive ones. */
  readonly broadcast: "sf" | "cf" | undefined;
}

const table: OptionTable<IsoTpSocketOptions> = {
  channel: ["string"],
  txId: ["number"],
  rxId: ["number"],
  isExtendedId: ["boolean"],
  extAddress: ["number"],
  rxExtAddress: ["number"],
  sfBroadcast: ["boolean", false],
  cfBroadcast: ["boolean", false],
  fd: ["boolean", false],
  txDl: ["number"],
  bitrateSwitch: ["boolean", false],
  txPadding: ["number"],
  rxPadding: ["number"],
  checkPadding: ["string"],
  blockSize: ["number", 0],
  stMin: ["number", 0],
  wftMax: ["number", 0],
  frameTxTime: ["number"],
  forceTxStMin: ["number"],
  forceRxStMin: ["number"],
  listenMode: ["boolean", false],
  halfDuplex: ["boolean", false],
  waitTxDone: ["boolean", false],
  receiveBuffer: ["number"],
  sendBuffer: ["number"],
  logger: ["object"],
  libc: ["string"],
};

type Given = IsoTpSocketOptions & Required<Pick<IsoTpSocketOptions, "blockSize" | "stMin" | "wftMax">>;

/** The values of TX_DL. */
const dataLengths = [8, 12, 16, 20, 24, 32, 48, 64];

/** The greatest `__u32`. */
const MAX_U32 = 2 ** 32 - 1;

/**
 * Checks options and puts them into the kernel's terms.
 *
 * @throws {TypeError} An option is unknown, missing or of the wrong type, or excluded by another one.
 * @throws {RangeError} A value is out of range.
 */
export function fullIsoTpOptions(given: IsoTpSocketOptions): FullIsoTpOptions {
  const options = fillOptions("IsoTpSocket", given, table) as unknown as Given;
  checkCommon(options);
  const { channel, fd, bitrateSwitch, blockSize, stMin, wftMax, receiveBuffer, sendBuffer, logger, libc } = options;
  if (!channel) throw new TypeError(`Option channel is missing: the name of an interface`);
  checkByte("blockSize", blockSize);
  checkByte("wftMax", wftMax);
  const stMinByte = encodeStMin(stMin);
  if (stMinByte === undefined) {
    throw new RangeError(
      `Option stMin is ${stMin}: it must be 0 to 0.127 s in steps of 0.001, or 0.0001 to 0.0009 s in steps of 0.0001`,
    );
  }
  if (bitrateSwitch && !fd) throw new TypeError("Option bitrateSwitch needs fd: true");
  const txDl = dataLength(options);
  return {
    channel,
    ...identifiers(options),
    kernel: kernelOptions(options),
    blockSize,
    stMin: stMinByte,
    wftMax,
    mtu: fd ? CANFD_MTU : CAN_MTU,
    txDl,
    txFlags: bitrateSwitch ? CANFD_BRS : 0,
    forceTxStMin: nanoseconds("forceTxStMin", options.forceTxStMin, MAX_U32),
    forceRxStMin: nanoseconds("forceRxStMin", options.forceRxStMin, MAX_U32),
    waitTxDone: options.waitTxDone === true,
    checksPadding: options.checkPadding !== undefined,
    singleFrame: singleFrame(txDl, options.extAddress !== undefined),
    broadcast: options.sfBroadcast ? "sf" : options.cfBroadcast ? "cf" : undefined,
    receiveBuffer,
    sendBuffer,
    logger,
    libc,
  };
}

function identifiers(options: Given): { txWord: number; rxWord: number } {
  const { txId, rxId, isExtendedId, sfBroadcast, cfBroadcast } = options;
  const word = (name: string, id: number) => {
    const [most, text] = isExtendedId === false ? [CAN_SFF_MASK, "0x7ff"] : [CAN_EFF_MASK, "0x1fffffff"];
    checkWhole(`Option ${name}`, id, 0, most, text);
    return (id | (isExtendedId ?? id > CAN_SFF_MASK ? CAN_EFF_FLAG : 0)) >>> 0;
  };
  if (txId === undefined) {
    throw new TypeError("Option txId is missing: the identifier of the frames that this end sends");
  }
  const txWord = word("txId", txId);
  if (sfBroadcast && cfBroadcast) throw new TypeError("Options sfBroadcast and cfBroadcast exclude each other");
  if (sfBroadcast || cfBroadcast) {
    if (rxId !== undefined) {
      throw new TypeError("Option rxId has no meaning with a broadcast, which receives nothing: leave it out");
    }
    return { txWord, rxWord: txWord };
  }
  if (rxId === undefined) {
    throw new TypeError(
      "Option rxId is missing: the identifier of the frames that the other end sends (only sfBroadcast and cfBroadcast have none)",
    );
  }
  const rxWord = word("rxId", rxId);
  if ((rxWord ^ txWord) & CAN_EFF_FLAG) {
    const [short, long] = txId < rxId ? ["txId", "rxId"] : ["rxId", "txId"];
    const hex = (id: number) => `0x${id.toString(16)}`;
    throw new TypeError(
      `Option ${long} is ${hex(Math.max(txId, rxId))}, an identifier of 29 bits, but ${short} is ` +
        `${hex(Math.min(txId, rxId))}, of 11 bits: set isExtendedId: true if both have 29 bits`,
    );
  }
  if (rxWord === txWord) {
    throw new RangeError(`Option rxId is ${rxId}, the same as txId: each end needs its own identifier`);
  }
  return { txWord, rxWord };
}

function kernelOptions(options: Given): RawIsoTpOptions {
  const { extAddress, rxExtAddress, txPadding, rxPadding, checkPadding, frameTxTime } = options;
  for (const name of ["extAddress", "rxExtAddress", "txPadding", "rxPadding"] as const) {
    if (options[name] !== undefined) checkByte(name, options[name]);
  }
  if (rxExtAddress !== undefined && extAddress === undefined) {
    throw new TypeError("Option rxExtAddress needs extAddress: extended addressing is for both directions");
  }
  if (checkPadding !== undefined) checkChoice("Option checkPadding", checkPadding, ["length", "content", "all"]);
  if (checkPadding !== undefined && checkPadding !== "length" && rxPadding === undefined) {
    throw new TypeError(`Option checkPadding: "${checkPadding}" needs rxPadding: the byte to expect`);
  }
  // In the kernel 0 stands for its default.
  const frameTime = nanoseconds("frameTxTime", frameTxTime, MAX_U32 - 1);
  const flags: readonly [boolean | undefined, number][] = [
    [options.listenMode, CAN_ISOTP_LISTEN_MODE],
    [extAddress !== undefined, CAN_ISOTP_EXTEND_ADDR],
    [txPadding !== undefined, CAN_ISOTP_TX_PADDING],
    [rxPadding !== undefined, CAN_ISOTP_RX_PADDING],
    [checkPadding === "length" || checkPadding === "all", CAN_ISOTP_CHK_PAD_LEN],
    [checkPadding === "content" || checkPadding === "all", CAN_ISOTP_CHK_PAD_DATA],
    [options.halfDuplex, CAN_ISOTP_HALF_DUPLEX],
    [options.forceTxStMin !== undefined, CAN_ISOTP_FORCE_TXSTMIN],
    [options.forceRxStMin !== undefined, CAN_ISOTP_FORCE_RXSTMIN],
    [rxExtAddress !== undefined, CAN_ISOTP_RX_EXT_ADDR],
    [options.sfBroadcast, CAN_ISOTP_SF_BROADCAST],
    [options.cfBroadcast, CAN_ISOTP_CF_BROADCAST],
  ];
  return {
    flags: flags.reduce((all, [set, flag]) => set ? all | flag : all, 0),
    frameTxTime: frameTime === 0 ? CAN_ISOTP_FRAME_TXTIME_ZERO : frameTime ?? 0,
    extAddress: extAddress ?? 0,
    txPadContent: txPadding ?? 0,
    rxPadContent: rxPadding ?? 0,
    rxExtAddress: rxExtAddress ?? 0,
  };
}

function dataLength({ fd, txDl = fd ? 64 : CAN_MAX_DLEN }: Given): number {
  if (!fd && txDl !== CAN_MAX_DLEN) throw new RangeError(`Option txDl is ${txDl}: it must be 8 without fd: true`);
  if (!dataLengths.includes(txDl)) {
    throw new RangeError(`Option txDl is ${txDl}: it must be one of ${dataLengths.join(", ")}`);
  }
  return txDl;
}

/** Bytes of a PDU that fit into a single frame, beside the length and the address. */
function singleFrame(txDl: number, addressed: boolean): number {
  return txDl - (txDl > CAN_MAX_DLEN ? 2 : 1) - Number(addressed);
}

function checkByte(name: string, value: number): void {
  checkWhole(`Option ${name}`, value, 0, 255);
}

/** Checks a time in seconds and returns whole nanoseconds. */
function nanoseconds(name: string, seconds: number | undefined, most: number): number | undefined {
  if (seconds === undefined) return undefined;
  const whole = Math.round(seconds * 1e9);
  if (!(seconds >= 0 && whole <= most) || (seconds > 0 && whole === 0)) {
    throw new RangeError(`Option ${name} is ${seconds}: it must be 0, or 1e-9 to ${most / 1e9} s`);
  }
  return whole;
}
