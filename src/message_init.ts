/**
 * What messages are made from, and the record that it becomes.
 *
 * @module
 */

import { checkBoolean, checkWhole } from "./check.ts";
import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_MTU,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_FDF,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  fdLength,
  FRAME_DATA,
  FRAME_LEN,
} from "./kernel/can.ts";
import { RECORD_FRAME, RECORD_HEAD, RECORD_LOCAL, writeHead } from "./record.ts";

/** What a message is made from. */
export interface MessageInit {
  /** Identifier: 0 to 0x7ff, extended to 0x1fffffff; the error classes of an error frame. Default 0. */
  readonly arbitrationId?: number;
  /** Payload, copied: up to 8 bytes, FD up to 64; numbers are 0 to 255. Default empty. */
  readonly data?: Uint8Array | ArrayLike<number>;
  /** 29-bit identifier. Default true, as in python-can; false for error frames, which have no identifier. */
  readonly isExtendedId?: boolean;
  /** Remote transmission request: `dlc` bytes are asked for and none are carried. Default false. */
  readonly isRemoteFrame?: boolean;
  /** Error message frame. Default false. */
  readonly isErrorFrame?: boolean;
  /** CAN FD. Default false. */
  readonly isFd?: boolean;
  /** FD: send the data at the data bitrate. Default false. */
  readonly bitrateSwitch?: boolean;
  /** FD: the sender is error passive. Default false. */
  readonly errorStateIndicator?: boolean;
  /** Bytes of data; for a remote frame the requested length. Default: the length of `data`. */
  readonly dlc?: number;
  /** The interface's name, or null. Default null. */
  readonly channel?: string | null;
  /** Seconds since 1970, 0 for none. Default 0. */
  readonly timestamp?: number;
  /** False for a frame that this host sent. Default true. */
  readonly isRx?: boolean;
}

/** What a message is by default. */
const defaults: Required<MessageInit> = {
  arbitrationId: 0,
  data: [],
  isExtendedId: true,
  isRemoteFrame: false,
  isErrorFrame: false,
  isFd: false,
  bitrateSwitch: false,
  errorStateIndicator: false,
  dlc: 0,
  channel: null,
  timestamp: 0,
  isRx: true,
};

/**
 * A record of its own for a message.
 *
 * @throws {RangeError | TypeError} See `Message`.
 */
export function encodeRecord(init: MessageInit): Uint32Array {
  if (typeof init !== "object" || init === null) throw new TypeError(`Message takes an object of fields, not ${init}`);
  for (const key in init) {
    if (!Object.hasOwn(defaults, key)) throw new TypeError(`Message has no field "${key}"`);
  }
  const isFd = flag(init, "isFd");
  const isRemoteFrame = flag(init, "isRemoteFrame");
  const isErrorFrame = flag(init, "isErrorFrame");
  const isExtendedId = init.isExtendedId === undefined ? !isErrorFrame : flag(init, "isExtendedId");
  const bitrateSwitch = flag(init, "bitrateSwitch");
  const errorStateIndicator = flag(init, "errorStateIndicator");
  if (isRemoteFrame && isErrorFrame) throw new TypeError("isRemoteFrame and isErrorFrame exclude each other");
  if (isRemoteFrame && isFd) throw new TypeError("isRemoteFrame and isFd exclude each other: CAN FD has none");
  if (isErrorFrame && isFd) throw new TypeError("isErrorFrame and isFd exclude each other: error frames are classic");
  if (bitrateSwitch && !isFd) throw new TypeError("bitrateSwitch is for CAN FD: set isFd too");
  if (errorStateIndicator && !isFd) throw new TypeError("errorStateIndicator is for CAN FD: set isFd too");
  if (typeof (init.channel ?? "") !== "string") {
    throw new TypeError(`channel must be a string or null: ${init.channel}`);
  }

  const wide = isExtendedId || isErrorFrame;
  const arbitrationId = checkWhole(
    "arbitrationId",
    init.arbitrationId ?? defaults.arbitrationId,
    0,
    wide ? CAN_EFF_MASK : CAN_SFF_MASK,
    wide ? "0x1fffffff" : "0x7ff for a standard identifier (set isExtendedId for more)",
  );
  const data = init.data ?? defaults.data;
  const dlc = dataLength(data, init.dlc, isFd, isRemoteFrame);

  const frameLength = isFd ? CANFD_MTU : CAN_MTU;
  const words = new Uint32Array((RECORD_HEAD + frameLength) >> 2);
  const [seconds, nanoseconds] = splitTimestamp(init.timestamp ?? defaults.timestamp);
  writeHead(words, seconds, nanoseconds, flag(init, "isRx") ? 0 : RECORD_LOCAL, frameLength);
  words[RECORD_FRAME] = arbitrationId |
    (isExtendedId ? CAN_EFF_FLAG : 0) | (isRemoteFrame ? CAN_RTR_FLAG : 0) | (isErrorFrame ? CAN_ERR_FLAG : 0);
  const flags = isFd ? CANFD_FDF | (bitrateSwitch ? CANFD_BRS : 0) | (errorStateIndicator ? CANFD_ESI : 0) : 0;
  words[RECORD_FRAME + (FRAME_LEN >> 2)] = dlc | (flags << 8);
  const bytes = new Uint8Array(words.buffer, RECORD_HEAD + FRAME_DATA, isRemoteFrame ? 0 : dlc);
  if (data instanceof Uint8Array) bytes.set(data);
  else copyNumbers(data, bytes);
  return words;
}

function flag(init: MessageInit, name: keyof MessageInit): boolean {
  return checkBoolean(name, init[name] ?? defaults[name]);
}

function copyNumbers(numbers: ArrayLike<number>, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    const byte = numbers[i];
    // The name in the error is made only where there is one.
    bytes[i] = Number.isInteger(byte) && byte >= 0 && byte <= 255 ? byte : checkWhole(`data[${i}]`, byte, 0, 255);
  }
}

/** The length that a frame with this data says it has. */
function dataLength(data: unknown, dlc: number | undefined, isFd: boolean, isRemoteFrame: boolean): number {
  const length = typeof data === "object" && data !== null ? (data as { length?: unknown }).length : undefined;
  if (typeof length !== "number") throw new TypeError(`data must be a Uint8Array or an array of numbers: ${data}`);
  const limit = isFd ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
  if (length > limit) {
    const kind = isFd ? "a CAN FD frame" : "a classic frame (set isFd for 64)";
    throw new RangeError(`data has ${length} bytes: at most ${limit} fit ${kind}`);
  }
  const said = checkWhole("dlc", dlc ?? length, 0, limit);
  if (isRemoteFrame && length > 0) {
    throw new RangeError(`data has ${length} bytes: a remote frame carries none, set dlc`);
  }
  if (!isRemoteFrame && said !== length) throw new RangeError(`dlc is ${said} but data has ${length} bytes`);
  if (isFd && fdLength(said) !== said) {
    throw new RangeError(`data has ${said} bytes, a length CAN FD does not have: pad it to ${fdLength(said)}`);
  }
  return said;
}

function splitTimestamp(timestamp: unknown): [seconds: number, nanoseconds: number] {
  if (typeof timestamp !== "number") throw new TypeError(`timestamp must be a number of seconds: ${timestamp}`);
  if (!(timestamp >= 0 && timestamp < 2 ** 53)) {
    throw new RangeError(`timestamp must be a finite number of seconds, 0 or more: ${timestamp}`);
  }
  const seconds = Math.floor(timestamp);
  const nanoseconds = Math.round((timestamp - seconds) * 1e9);
  return nanoseconds === 1e9 ? [seconds + 1, 0] : [seconds, nanoseconds];
}
