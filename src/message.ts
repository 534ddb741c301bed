/**
 * One CAN frame, with where and when it was seen.
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_ERR_MASK,
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
import {
  copyWords,
  RECORD_BITS,
  RECORD_CONFIRM,
  RECORD_FRAME,
  RECORD_HEAD,
  RECORD_LENGTH,
  RECORD_LOCAL,
  RECORD_NANOSECONDS,
  RECORD_SECONDS,
} from "./record.ts";

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

const known = new Set<string>(
  [
    "arbitrationId",
    "data",
    "isExtendedId",
    "isRemoteFrame",
    "isErrorFrame",
    "isFd",
    "bitrateSwitch",
    "errorStateIndicator",
    "dlc",
    "channel",
    "timestamp",
    "isRx",
  ] satisfies (keyof MessageInit)[],
);

/**
 * A CAN message: python-can's `can.Message`, read-only.
 *
 * Every message that can be made can be sent, and one that is received can be sent again. `data` is the message's own
 * memory and must not be written to.
 *
 * @example
 * ```ts
 * import { Message } from "@socketcan/bus";
 *
 * const message = new Message({ arbitrationId: 0x7df, isExtendedId: false, data: [2, 1, 0x0c] });
 * console.log(`${message}`); // Timestamp:        0.000000        ID: 07df    S Rx                DL:  3    02 01 0c
 * ```
 */
export class Message {
  // Plain fields, not #private ones: messages are made by the million, and these are quicker to make and to read.

  /** @ignore The memory that holds the record. */
  private readonly block: Uint32Array;
  /** @ignore Where in the block, in words. */
  private readonly at: number;
  /** The name of the interface on which the frame was seen, or null. */
  readonly channel: string | null;
  /** @ignore `data`, once it has been asked for. */
  private bytes: Uint8Array | undefined;

  /**
   * Makes a message.
   *
   * @throws {RangeError} A value is outside what CAN can carry; the text names the field, the value and the limit.
   * @throws {TypeError} A value has the wrong type, a field is unknown, or two fields exclude each other.
   */
  constructor(init?: MessageInit);
  /** @ignore A view of a record. */
  constructor(block: Uint32Array, at: number, channel: string | null);
  constructor(from: MessageInit | Uint32Array = {}, at = 0, channel: string | null = null) {
    if (from instanceof Uint32Array) {
      this.block = from;
      this.at = at;
      this.channel = channel;
    } else {
      this.block = encode(from);
      this.at = 0;
      this.channel = from.channel ?? null;
    }
    this.bytes = undefined;
  }

  /** Identifier, without the flags that go with it; the error classes of an error frame. */
  get arbitrationId(): number {
    const word = this.idWord;
    if (word & CAN_ERR_FLAG) return word & CAN_ERR_MASK;
    return word & CAN_EFF_FLAG ? word & CAN_EFF_MASK : word & CAN_SFF_MASK;
  }

  /** Payload; empty in a remote frame. The same array each time: the message's own memory, not to be written to. */
  get data(): Uint8Array {
    if (this.bytes !== undefined) return this.bytes;
    const { buffer, byteOffset } = this.block;
    const start = byteOffset + 4 * this.at + RECORD_HEAD + FRAME_DATA;
    return this.bytes = new Uint8Array(buffer, start, this.isRemoteFrame ? 0 : this.dlc);
  }

  /** Whether the identifier has 29 bits. */
  get isExtendedId(): boolean {
    return (this.idWord & CAN_EFF_FLAG) !== 0;
  }

  /** Whether this is a remote transmission request. */
  get isRemoteFrame(): boolean {
    return (this.idWord & CAN_RTR_FLAG) !== 0;
  }

  /** Whether this is an error message frame, made by a driver. */
  get isErrorFrame(): boolean {
    return (this.idWord & CAN_ERR_FLAG) !== 0;
  }

  /** Whether this is a CAN FD frame. */
  get isFd(): boolean {
    return this.block[this.at + RECORD_LENGTH] === CANFD_MTU;
  }

  /** FD: whether the data was sent at the data bitrate. */
  get bitrateSwitch(): boolean {
    return (this.fdFlags & CANFD_BRS) !== 0;
  }

  /** FD: whether the sender is error passive. */
  get errorStateIndicator(): boolean {
    return (this.fdFlags & CANFD_ESI) !== 0;
  }

  /** Bytes of data (0 to 8, FD 0 to 64); for a remote frame the requested length. */
  get dlc(): number {
    return this.lenWord & 0xff;
  }

  /** Seconds since 1970 as the kernel saw the frame, 0 where nobody did. Exact to about a quarter of a microsecond. */
  get timestamp(): number {
    return this.seconds + this.nanoseconds / 1e9;
  }

  /** Nanoseconds since 1970, exactly; 0n where nobody saw the frame. */
  get timestampNs(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds);
  }

  /** False for a frame that this host sent. */
  get isRx(): boolean {
    return !this.isLocal;
  }

  /** Whether this host sent the frame, through whichever socket. */
  get isLocal(): boolean {
    return (this.block[this.at + RECORD_BITS] & RECORD_LOCAL) !== 0;
  }

  /** Whether the bus that received the frame had sent it, and it went out (`receiveOwnMessages`). */
  get isConfirm(): boolean {
    return (this.block[this.at + RECORD_BITS] & RECORD_CONFIRM) !== 0;
  }

  /** @ignore */
  private get idWord(): number {
    return this.block[this.at + RECORD_FRAME];
  }

  /** @ignore Bytes 4 to 7 of the frame: len, then, in an FD frame, flags. */
  private get lenWord(): number {
    return this.block[this.at + RECORD_FRAME + (FRAME_LEN >> 2)];
  }

  /** @ignore */
  private get fdFlags(): number {
    return this.isFd ? (this.lenWord >>> 8) & 0xff : 0;
  }

  /** @ignore */
  private get seconds(): number {
    return this.block[this.at + RECORD_SECONDS] + this.block[this.at + RECORD_SECONDS + 1] * 2 ** 32;
  }

  /** @ignore */
  private get nanoseconds(): number {
    return this.block[this.at + RECORD_NANOSECONDS];
  }

  /**
   * Whether another message says the same, as python-can's `equals`.
   *
   * @param timestampDelta How far the timestamps may be apart, in seconds; null not to compare them. Default 1e-6.
   */
  equals(other: Message, timestampDelta: number | null = 1e-6): boolean {
    return this === other ||
      ((timestampDelta === null || Math.abs(this.timestamp - other.timestamp) <= timestampDelta) &&
        this.isRx === other.isRx &&
        this.idWord === other.idWord &&
        this.dlc === other.dlc &&
        this.isFd === other.isFd &&
        this.bitrateSwitch === other.bitrateSwitch &&
        this.errorStateIndicator === other.errorStateIndicator &&
        this.channel === other.channel &&
        this.data.every((byte, i) => byte === other.data[i]));
  }

  /** One line, as python-can 4 prints it. */
  toString(): string {
    const id = this.arbitrationId.toString(16).padStart(this.isExtendedId ? 8 : 4, "0");
    const flags = [
      this.isExtendedId ? "X" : "S",
      this.isRx ? "Rx" : "Tx",
      this.isErrorFrame ? "E" : " ",
      this.isRemoteFrame ? "R" : " ",
      this.isFd ? "F" : " ",
      this.bitrateSwitch ? "BS" : "  ",
      this.errorStateIndicator ? "EI" : "  ",
    ];
    const fields = [
      `Timestamp: ${microseconds(this.timestamp).padStart(15)}`,
      `ID: ${id}`.padStart(12),
      flags.join(" "),
      `DL: ${String(this.dlc).padStart(2)}`,
      Array.from(this.data, (byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(24),
    ];
    const text = String.fromCharCode(...this.data);
    if (/^[0-9A-Za-z]+$/.test(text)) fields.push(`'${text}'`);
    if (this.channel !== null) fields.push(`Channel: ${this.channel}`);
    return fields.join("    ").trim();
  }

  /** A plain object that `new Message()` takes back; `timestamp` is as exact as a number can be. */
  toJSON(): Omit<Required<MessageInit>, "data"> & { data: number[] } {
    return {
      timestamp: this.timestamp,
      channel: this.channel,
      arbitrationId: this.arbitrationId,
      isExtendedId: this.isExtendedId,
      isRemoteFrame: this.isRemoteFrame,
      isErrorFrame: this.isErrorFrame,
      isFd: this.isFd,
      bitrateSwitch: this.bitrateSwitch,
      errorStateIndicator: this.errorStateIndicator,
      isRx: this.isRx,
      dlc: this.dlc,
      data: Array.from(this.data),
    };
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Message { ${this} }`;
  }

  /** What `console.log` shows in Bun. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Message { ${this} }`;
  }
}

/** Where a message's frame is: fields that are private to users, not to the library. */
interface FrameView {
  readonly block: Uint32Array;
  readonly at: number;
}

/** @ignore Bytes of the kernel's structure for a message's frame. */
export function frameLength(message: Message): number {
  const { block, at } = message as unknown as FrameView;
  return block[at + RECORD_LENGTH];
}

/** @ignore The identifier of a message's frame, with its flags. */
export function frameIdWord(message: Message): number {
  const { block, at } = message as unknown as FrameView;
  return block[at + RECORD_FRAME];
}

/** @ignore Copies a message's frame, of `length` bytes, to where a socket sends it from. */
export function copyFrame(message: Message, length: number, words: Uint32Array, to: number): void {
  const { block, at } = message as unknown as FrameView;
  copyWords(block, at + RECORD_FRAME, words, to, length >> 2);
}

/** Seconds with six decimals, half to even as in Python (JavaScript rounds exact halves up). */
function microseconds(seconds: number): string {
  const exact = seconds.toFixed(20);
  const half = /^(.*\.\d{5}[02468])50*$/.exec(exact);
  return half ? half[1] : seconds.toFixed(6);
}

/** A block of one record. */
function encode(init: MessageInit): Uint32Array {
  for (const key in init) {
    if (!known.has(key)) throw new TypeError(`Message has no field "${key}"`);
  }
  const isFd = flag(init, "isFd", false);
  const isRemoteFrame = flag(init, "isRemoteFrame", false);
  const isErrorFrame = flag(init, "isErrorFrame", false);
  const isExtendedId = flag(init, "isExtendedId", !isErrorFrame);
  const bitrateSwitch = flag(init, "bitrateSwitch", false);
  const errorStateIndicator = flag(init, "errorStateIndicator", false);
  const isRx = flag(init, "isRx", true);
  if (isRemoteFrame && isErrorFrame) {
    throw new TypeError("isRemoteFrame and isErrorFrame exclude each other");
  }
  if (isRemoteFrame && isFd) {
    throw new TypeError("isRemoteFrame and isFd exclude each other: CAN FD has no remote frames");
  }
  if (isErrorFrame && isFd) {
    throw new TypeError("isErrorFrame and isFd exclude each other: error frames are classic");
  }
  if (bitrateSwitch && !isFd) {
    throw new TypeError("bitrateSwitch is for CAN FD: set isFd too");
  }
  if (errorStateIndicator && !isFd) {
    throw new TypeError("errorStateIndicator is for CAN FD: set isFd too");
  }
  if (typeof (init.channel ?? "") !== "string") {
    throw new TypeError(`channel must be a string or null: ${init.channel}`);
  }

  const idLimit = isErrorFrame || isExtendedId ? CAN_EFF_MASK : CAN_SFF_MASK;
  const arbitrationId = whole(
    "arbitrationId",
    init.arbitrationId ?? 0,
    idLimit,
    isExtendedId || isErrorFrame ? "0x1fffffff" : "0x7ff for a standard identifier (set isExtendedId for more)",
  );
  const timestamp = init.timestamp ?? 0;
  if (typeof timestamp !== "number") {
    throw new TypeError(`timestamp must be a number of seconds: ${timestamp}`);
  }
  if (!(timestamp >= 0 && timestamp < 2 ** 53)) {
    throw new RangeError(`timestamp must be a finite number of seconds, 0 or more: ${timestamp}`);
  }

  const data = init.data ?? [];
  const length = lengthOf(data);
  const limit = isFd ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
  if (length > limit) {
    throw new RangeError(
      `data has ${length} bytes: at most ${limit} fit ${isFd ? "a CAN FD frame" : "a classic frame (set isFd for 64)"}`,
    );
  }
  const dlc = whole("dlc", init.dlc ?? length, limit, `${limit}`);
  if (isRemoteFrame && length > 0) {
    throw new RangeError(`data has ${length} bytes: a remote frame carries none, set dlc`);
  }
  if (!isRemoteFrame && dlc !== length) {
    throw new RangeError(`dlc is ${dlc} but data has ${length} bytes`);
  }
  if (isFd && fdLength(dlc) !== dlc) {
    throw new RangeError(`data has ${dlc} bytes, a length CAN FD does not have: pad it to ${fdLength(dlc)}`);
  }

  const frameLength = isFd ? CANFD_MTU : CAN_MTU;
  const words = new Uint32Array((RECORD_HEAD + frameLength) >> 2);
  let seconds = Math.floor(timestamp);
  let nanoseconds = Math.round((timestamp - seconds) * 1e9);
  if (nanoseconds === 1e9) {
    seconds++;
    nanoseconds = 0;
  }
  words[RECORD_SECONDS] = seconds % 2 ** 32;
  words[RECORD_SECONDS + 1] = seconds / 2 ** 32;
  words[RECORD_NANOSECONDS] = nanoseconds;
  words[RECORD_BITS] = isRx ? 0 : RECORD_LOCAL;
  words[RECORD_LENGTH] = frameLength;
  words[RECORD_FRAME] = arbitrationId |
    (isExtendedId ? CAN_EFF_FLAG : 0) | (isRemoteFrame ? CAN_RTR_FLAG : 0) |
    (isErrorFrame ? CAN_ERR_FLAG : 0);
  const flags = isFd ? CANFD_FDF | (bitrateSwitch ? CANFD_BRS : 0) | (errorStateIndicator ? CANFD_ESI : 0) : 0;
  words[RECORD_FRAME + (FRAME_LEN >> 2)] = dlc | (flags << 8);
  const bytes = new Uint8Array(words.buffer, RECORD_HEAD + FRAME_DATA, dlc);
  if (data instanceof Uint8Array) bytes.set(data);
  else for (let i = 0; i < length; i++) bytes[i] = whole(`data[${i}]`, data[i], 255, "255");
  return words;
}

function flag(init: MessageInit, name: keyof MessageInit, fallback: boolean): boolean {
  const value = init[name] ?? fallback;
  if (typeof value !== "boolean") {
    throw new TypeError(`${name} must be true or false: ${value}`);
  }
  return value;
}

function whole(name: string, value: unknown, limit: number, limitText: string): number {
  if (typeof value !== "number") {
    throw new TypeError(`${name} must be a number: ${value}`);
  }
  if (!Number.isInteger(value) || value < 0 || value > limit) {
    const shown = Number.isInteger(value) && value > 9 ? `${value} (0x${value.toString(16)})` : `${value}`;
    throw new RangeError(`${name} is ${shown}: it must be a whole number from 0 to ${limitText}`);
  }
  return value;
}

function lengthOf(data: unknown): number {
  const length = typeof data === "object" && data !== null ? (data as { length?: unknown }).length : undefined;
  if (typeof length !== "number") {
    throw new TypeError(`data must be a Uint8Array or an array of numbers: ${data}`);
  }
  return length;
}
