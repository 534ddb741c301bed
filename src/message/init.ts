/**
 * The fields that a message is constructed from: their checks, and their encoding as those that it stores.
 *
 * @module
 */

import { checkBoolean, checkChoice, checkWhole, show } from "../check.ts";
import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_MAX_DLEN,
  CAN_MAX_RAW_DLC,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_FDF,
  CANFD_MAX_DLEN,
  CANXL_LEN,
  CANXL_MAX_DLEN,
  CANXL_MIN_DLEN,
  CANXL_PRIO_MASK,
  CANXL_SDT,
  CANXL_SEC,
  CANXL_VCID_OFFSET,
  CANXL_XLF,
  fdLength,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import { FD, type Fields, HARDWARE_TIME, LOCAL, SOFTWARE_TIME, wordsOf } from "./fields.ts";

/**
 * The fields of a message, as the constructor of `Message` takes them. They correspond to the arguments of python-can's
 * {@link https://python-can.readthedocs.io/en/stable/message.html | `can.Message`}.
 *
 * @category Message
 */
export interface MessageInit {
  /** Identifier: 0 to 0x7ff, extended 0 to 0x1fffffff; in an error frame, the error classes. Default 0. */
  readonly arbitrationId?: number;
  /**
   * Payload: at most 8 bytes, FD at most 64, XL 1 to 2048; each number is 0 to 255. It is copied. Lengths that CAN FD
   * does not have on the wire (such as 9 or 63) are refused, not padded. Default empty.
   */
  readonly data?: Uint8Array | ArrayLike<number>;
  /**
   * Whether the identifier has 29 bits. Default true, as in python-can; false for error and XL frames, which have none.
   */
  readonly isExtendedId?: boolean;
  /** Whether this is a remote transmission request: it requests `dlc` bytes and carries none. Default false. */
  readonly isRemoteFrame?: boolean;
  /** Whether this is an error message frame. Default false. */
  readonly isErrorFrame?: boolean;
  /** Whether this is a CAN FD frame. Default false. */
  readonly isFd?: boolean;
  /** FD: whether the data is sent at the data bitrate. Default false. */
  readonly bitrateSwitch?: boolean;
  /** FD: whether the sender is error passive. Default false. */
  readonly errorStateIndicator?: boolean;
  /**
   * FD: the flags of `struct canfd_frame`, 0 to 255: CANFD_BRS 1, CANFD_ESI 2, CANFD_FDF 4. Default: CANFD_FDF and what
   * `bitrateSwitch` and `errorStateIndicator` say, which must agree with it.
   */
  readonly fdFlags?: number;
  /** Whether this is a CAN XL frame. Default false. */
  readonly isXl?: boolean;
  /** XL: priority, 0 to 0x7ff; another name of `arbitrationId`. Default 0. */
  readonly priority?: number;
  /** XL: identifier of the virtual CAN network, 0 to 255. Default 0. */
  readonly vcid?: number;
  /** XL: type of the service data unit, 0 to 255. Default 0. */
  readonly sdt?: number;
  /** XL: acceptance field, 0 to 0xffffffff. Default 0. */
  readonly af?: number;
  /** XL: whether the frame has simple extended content. Default false. */
  readonly sec?: boolean;
  /** Length of the data in bytes; in a remote frame, the requested length. Default: the length of `data`. */
  readonly dlc?: number;
  /**
   * Classic frames of 8 bytes: the length code to send instead of 8, from 9 to 15; 0 for 8 itself. A controller needs
   * the mode `cc-len8-dlc` for it; without that mode it sends 8. Default 0.
   */
  readonly len8Dlc?: number;
  /** Name of the interface, or null. Default null. */
  readonly channel?: string | null;
  /** Seconds since 1970; 0 for none. Default 0. A number holds them to about a quarter of a microsecond. */
  readonly timestamp?: number;
  /** Nanoseconds since 1970, exact, instead of `timestamp`; 0n for none. Default 0n. */
  readonly timestampNs?: bigint;
  /**
   * The clock that the timestamp was taken from: `"software"` for the kernel's, `"hardware"` for the controller's, or
   * null. Default null.
   */
  readonly timestampSource?: "software" | "hardware" | null;
  /** Whether the frame was received from another host; false for a frame that this host sent. Default true. */
  readonly isRx?: boolean;
}

/** The default of each field. */
const defaults: Required<MessageInit> = {
  arbitrationId: 0,
  data: [],
  isExtendedId: true,
  isRemoteFrame: false,
  isErrorFrame: false,
  isFd: false,
  bitrateSwitch: false,
  errorStateIndicator: false,
  fdFlags: 0,
  isXl: false,
  priority: 0,
  vcid: 0,
  sdt: 0,
  af: 0,
  sec: false,
  dlc: 0,
  len8Dlc: 0,
  channel: null,
  timestamp: 0,
  timestampNs: 0n,
  timestampSource: null,
  isRx: true,
};

/** Timestamps are below this. */
const SECONDS_LIMIT = 2n ** 53n;

/** Fields that require another field, and the name of the frame type that has them. */
const belonging = [
  ["bitrateSwitch", "isFd", "CAN FD"],
  ["errorStateIndicator", "isFd", "CAN FD"],
  ["fdFlags", "isFd", "CAN FD"],
  ["priority", "isXl", "CAN XL"],
  ["vcid", "isXl", "CAN XL"],
  ["sdt", "isXl", "CAN XL"],
  ["af", "isXl", "CAN XL"],
  ["sec", "isXl", "CAN XL"],
] as const;

/** The frame types other than a plain data frame; a frame is of at most one of them. */
const forms = ["isRemoteFrame", "isErrorFrame", "isFd", "isXl"] as const;

/** A kind of frame: its name for error texts, and the limits of its payload in bytes. */
interface Kind {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

const classic: Kind = { name: "a classic frame (set isFd for 64)", least: 0, most: CAN_MAX_DLEN };
const fd: Kind = { name: "a CAN FD frame", least: 0, most: CANFD_MAX_DLEN };
const xl: Kind = { name: "a CAN XL frame", least: CANXL_MIN_DLEN, most: CANXL_MAX_DLEN };

/**
 * Checks the fields of a message and encodes them as those that it stores.
 *
 * @throws {RangeError | TypeError} See `Message`.
 */
export function encodeFields(init: MessageInit): Fields {
  const kind = checkForm(init);
  const isRemoteFrame = flag(init, "isRemoteFrame");
  const data = init.data ?? defaults.data;
  const dlc = dataLength(data, init.dlc, kind, isRemoteFrame);
  const [seconds, nanoseconds] = checkTimestamp(init);
  const bits = (flag(init, "isRx") ? 0 : LOCAL) | timestampSourceBit(init.timestampSource) | (kind === fd ? FD : 0);
  const [idWord, lenWord] = kind === xl ? encodeXl(init, dlc) : encodeClassicOrFd(init, dlc);
  const words = dataWords(data, isRemoteFrame ? 0 : dlc);
  if (kind === xl) words.unshift(checkWhole("af", init.af ?? 0, 0, 0xffffffff, "0xffffffff") | 0);
  const [word0 = 0, word1 = 0] = words;
  const more = words.length > 2 ? words.slice(2) : null;
  return {
    ...{ idWord, lenWord, word0, word1, more, seconds, nanoseconds, bits },
    channel: init.channel ?? defaults.channel,
  };
}

/** Returns the kind of frame; refuses fields that are unknown, of the wrong type, or exclude each other. */
function checkForm(init: MessageInit): Kind {
  if (typeof init !== "object" || init === null) {
    throw new TypeError(`Message takes an object of fields, not ${show(init)}`);
  }
  for (const key in init) {
    if (!Object.hasOwn(defaults, key)) throw new TypeError(`Message has no field "${key}"`);
  }
  let form: typeof forms[number] | undefined;
  for (const name of forms) {
    if (init[name] == null || !flag(init, name)) continue;
    if (form) throw new TypeError(`${form} and ${name} exclude each other: no CAN frame is both`);
    form = name;
  }
  for (const [name, owner, title] of belonging) {
    if (init[name] == null || form === owner) continue;
    if (typeof defaults[name] === "boolean") flag(init, name);
    if (init[name] !== defaults[name]) throw new TypeError(`${name} is for ${title}: set ${owner} too`);
  }
  if (form === "isXl" && init.isExtendedId != null && flag(init, "isExtendedId")) {
    throw new TypeError("isExtendedId and isXl exclude each other");
  }
  if (typeof (init.channel ?? "") !== "string") {
    throw new TypeError(`channel must be a string or null: ${show(init.channel)}`);
  }
  return form === "isXl" ? xl : form === "isFd" ? fd : classic;
}

function encodeClassicOrFd(init: MessageInit, dlc: number): [idWord: number, lenWord: number] {
  const isErrorFrame = flag(init, "isErrorFrame");
  const isExtendedId = init.isExtendedId === undefined ? !isErrorFrame : flag(init, "isExtendedId");
  const wide = isExtendedId || isErrorFrame;
  const arbitrationId = checkWhole(
    "arbitrationId",
    init.arbitrationId ?? defaults.arbitrationId,
    0,
    wide ? CAN_EFF_MASK : CAN_SFF_MASK,
    wide ? "0x1fffffff" : "0x7ff for a standard identifier (set isExtendedId for more)",
  );
  const idWord = arbitrationId | (isExtendedId ? CAN_EFF_FLAG : 0) |
    (flag(init, "isRemoteFrame") ? CAN_RTR_FLAG : 0) | (isErrorFrame ? CAN_ERR_FLAG : 0);
  const len8Dlc = checkLen8Dlc(init, dlc) << (8 * (FRAME_LEN8_DLC - FRAME_LEN));
  return [idWord, dlc | (encodeFdFlags(init) << 8) | len8Dlc];
}

function encodeFdFlags(init: MessageInit): number {
  if (!flag(init, "isFd")) return 0;
  const { fdFlags } = init;
  if (fdFlags == null) {
    return CANFD_FDF | (flag(init, "bitrateSwitch") ? CANFD_BRS : 0) |
      (flag(init, "errorStateIndicator") ? CANFD_ESI : 0);
  }
  checkWhole("fdFlags", fdFlags, 0, 0xff);
  for (const [name, bit] of [["bitrateSwitch", CANFD_BRS], ["errorStateIndicator", CANFD_ESI]] as const) {
    if (init[name] != null && flag(init, name) !== ((fdFlags & bit) !== 0)) {
      throw new TypeError(`fdFlags is ${fdFlags} but ${name} is ${init[name]}: bit ${bit} says otherwise`);
    }
  }
  return fdFlags;
}

function encodeXl(init: MessageInit, dlc: number): [idWord: number, lenWord: number] {
  const byte = (name: "vcid" | "sdt") => checkWhole(name, init[name] ?? 0, 0, 255);
  const { arbitrationId, priority } = init;
  const name = priority == null ? "arbitrationId" : "priority";
  const prio = checkWhole(name, priority ?? arbitrationId ?? 0, 0, CANXL_PRIO_MASK, "0x7ff, the priority");
  if ((arbitrationId ?? prio) !== prio) {
    throw new TypeError(
      `priority is ${show(priority)} but arbitrationId is ${show(arbitrationId)}: in a CAN XL frame they are one`,
    );
  }
  checkLen8Dlc(init, dlc);
  return [
    prio | (byte("vcid") << CANXL_VCID_OFFSET),
    CANXL_XLF | (flag(init, "sec") ? CANXL_SEC : 0) | (byte("sdt") << (8 * (CANXL_SDT - FRAME_LEN))) |
    (dlc << (8 * (CANXL_LEN - FRAME_LEN))),
  ];
}

function flag(init: MessageInit, name: keyof MessageInit): boolean {
  return checkBoolean(name, init[name] ?? defaults[name]);
}

function checkLen8Dlc(init: MessageInit, dlc: number): number {
  const code = checkWhole("len8Dlc", init.len8Dlc ?? 0, 0, CAN_MAX_RAW_DLC);
  if (code === 0) return 0;
  if (code <= CAN_MAX_DLEN) throw new RangeError(`len8Dlc is ${code}: it must be 9 to 15, or 0 for the length itself`);
  if (dlc !== CAN_MAX_DLEN || init.isFd || init.isXl || init.isErrorFrame) {
    throw new RangeError(`len8Dlc is ${code}: only a classic frame of 8 bytes has another code for its length`);
  }
  return code;
}

/** Returns the first bytes of data, four in a number. */
function dataWords(data: ArrayLike<number>, length: number): number[] {
  const words: number[] = new Array(wordsOf(length)).fill(0);
  for (let i = 0; i < length; i++) {
    const byte = data[i];
    // `data[i]` is formatted only when it is needed, for an error.
    const isByte = Number.isInteger(byte) && byte >= 0 && byte <= 255;
    words[i >> 2] |= (isByte ? byte : checkWhole(`data[${i}]`, byte, 0, 255)) << (8 * (i & 3));
  }
  return words;
}

/** Returns the length that the frame's header states, checked against its data. */
function dataLength(data: unknown, dlc: number | undefined, kind: Kind, isRemoteFrame: boolean): number {
  const length = typeof data === "object" && data !== null ? (data as { length?: unknown }).length : undefined;
  if (typeof length !== "number") {
    throw new TypeError(`data must be a Uint8Array or an array of numbers: ${show(data)}`);
  }
  if (length > kind.most) throw new RangeError(`data has ${length} bytes: at most ${kind.most} fit ${kind.name}`);
  if (length < kind.least) {
    throw new RangeError(`data has ${length} bytes: ${kind.name} has at least ${kind.least}`);
  }
  const stated = checkWhole("dlc", dlc ?? length, 0, kind.most);
  if (isRemoteFrame && length > 0) {
    throw new RangeError(`data has ${length} bytes: a remote frame carries none, set dlc`);
  }
  if (!isRemoteFrame && stated !== length) throw new RangeError(`dlc is ${stated} but data has ${length} bytes`);
  if (kind === fd && fdLength(stated) !== stated) {
    throw new RangeError(`data has ${stated} bytes, a length CAN FD does not have: pad it to ${fdLength(stated)}`);
  }
  return stated;
}

function checkTimestamp({ timestamp, timestampNs }: MessageInit): [seconds: number, nanoseconds: number] {
  if (timestampNs == null) return splitTimestamp(timestamp ?? defaults.timestamp);
  if (typeof timestampNs !== "bigint") {
    throw new TypeError(`timestampNs must be a bigint of nanoseconds: ${show(timestampNs)}`);
  }
  if (timestampNs < 0n || timestampNs >= SECONDS_LIMIT * 1_000_000_000n) {
    throw new RangeError(`timestampNs must be 0n or more, and less than 2n ** 53n seconds: ${timestampNs}`);
  }
  const seconds = timestampNs / 1_000_000_000n;
  const split: [number, number] = [Number(seconds), Number(timestampNs - seconds * 1_000_000_000n)];
  if (timestamp == null) return split;
  const [others, nanoseconds] = splitTimestamp(timestamp);
  if (Math.abs(split[0] - others + (split[1] - nanoseconds) / 1e9) > 1e-6) {
    throw new TypeError(`timestamp is ${timestamp} but timestampNs is ${timestampNs}: give one of them`);
  }
  return split;
}

function timestampSourceBit(source: MessageInit["timestampSource"]): number {
  if (source == null) return 0;
  checkChoice("timestampSource", source, ["software", "hardware"]);
  return source === "hardware" ? HARDWARE_TIME : SOFTWARE_TIME;
}

/**
 * Returns the fields of a time in seconds.
 *
 * @throws {TypeError | RangeError} It is no number, or out of range.
 */
export function splitTimestamp(timestamp: unknown): [seconds: number, nanoseconds: number] {
  if (typeof timestamp !== "number") throw new TypeError(`timestamp must be a number of seconds: ${show(timestamp)}`);
  if (!(timestamp >= 0 && timestamp < Number(SECONDS_LIMIT))) {
    throw new RangeError(`timestamp must be a finite number of seconds, 0 or more: ${timestamp}`);
  }
  const seconds = Math.floor(timestamp);
  const nanoseconds = Math.round((timestamp - seconds) * 1e9);
  return nanoseconds === 1e9 ? [seconds + 1, 0] : [seconds, nanoseconds];
}
