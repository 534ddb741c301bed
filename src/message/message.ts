/**
 * CAN messages.
 *
 * @module
 */

import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_ERR_MASK,
  CAN_MAX_DLEN,
  CAN_MAX_RAW_DLC,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_MTU,
  CANXL_AF,
  CANXL_HDR_SIZE,
  CANXL_LEN,
  CANXL_SDT,
  CANXL_SEC,
  CANXL_VCID_MASK,
  CANXL_VCID_OFFSET,
  CANXL_XLF,
  FRAME_DATA,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import { smallArraysAreCheap } from "./engine.ts";
import { ErrorFrame } from "./error_frame.ts";
import { encodeRecord, type MessageInit } from "./init.ts";
import {
  copyWords,
  RECORD_BITS,
  RECORD_CONFIRM,
  RECORD_FRAME,
  RECORD_HARDWARE,
  RECORD_LENGTH,
  RECORD_LOCAL,
  RECORD_NANOSECONDS,
  RECORD_SECONDS,
  RECORD_SOFTWARE,
  wordsOf,
} from "./record.ts";
import { messageText } from "./text.ts";

/**
 * A CAN message: a frame, with the interface and the time at which it was received. It corresponds to python-can's
 * {@link https://python-can.readthedocs.io/en/stable/message.html | `can.Message`}, but is read-only.
 *
 * Every message that can be constructed can be sent, and a received message can be sent again. Do not write to `data`.
 *
 * Received messages share blocks of memory: keeping one message keeps its block of 8 KiB. To keep a few of many
 * messages for a long time, keep copies: `new Message(message.toJSON())`.
 *
 * @example
 * ```ts
 * import { Message } from "@socketcan/bus";
 *
 * const message = new Message({ arbitrationId: 0x7df, isExtendedId: false, data: [2, 1, 0x0c] });
 * console.log(`${message}`); // Timestamp:        0.000000        ID: 07df    S Rx                DL:  3    02 01 0c
 * ```
 *
 * @category Message
 */
export class Message {
  // Plain fields instead of #private ones: messages are made by the million, and plain fields are faster to write and
  // read.

  /** @ignore The memory that holds the record. */
  private readonly block: Uint32Array;
  /** @ignore Where in the block, in words. */
  private readonly at: number;
  /** @ignore */
  private readonly from: string | null;
  /** @ignore `data`, once it has been read. */
  private bytes: Uint8Array | undefined;

  /**
   * Constructs a message.
   *
   * @throws {RangeError} A value is outside what CAN can carry; the error names the field, the value and the limit.
   * @throws {TypeError} A value has the wrong type, a field is unknown, or two fields exclude each other.
   */
  constructor(init?: MessageInit);
  // The library constructs messages as views of records: see MessageOver below.
  constructor(init: MessageInit | Uint32Array = {}, at = -1, from: string | null = null) {
    if (at >= 0) {
      this.block = init as Uint32Array;
      this.at = at;
      this.from = from;
    } else {
      this.block = encodeRecord(init as MessageInit);
      this.at = 0;
      this.from = (init as MessageInit).channel ?? null;
    }
    this.bytes = undefined;
  }

  /** Name of the interface on which the frame was received, or null. */
  get channel(): string | null {
    return this.from;
  }

  /** Identifier, without flags; in an error frame the error classes, in an XL frame the priority. */
  get arbitrationId(): number {
    const word = this.idWord;
    if (word & CAN_ERR_FLAG) return word & CAN_ERR_MASK;
    return word & CAN_EFF_FLAG ? word & CAN_EFF_MASK : word & CAN_SFF_MASK;
  }

  /**
   * Payload; empty in a remote frame. Each read returns the same array; do not write to it. Its buffer may hold other
   * messages too, so `slice()` it before you transfer it to a worker.
   */
  get data(): Uint8Array {
    return this.bytes !== undefined ? this.bytes : (this.bytes = this.makeData());
  }

  /** Whether the identifier has 29 bits. */
  get isExtendedId(): boolean {
    return (this.idWord & CAN_EFF_FLAG) !== 0;
  }

  /** Whether this is a remote transmission request. */
  get isRemoteFrame(): boolean {
    return (this.idWord & CAN_RTR_FLAG) !== 0;
  }

  /** Whether this is an error message frame, which a driver generates. */
  get isErrorFrame(): boolean {
    return (this.idWord & CAN_ERR_FLAG) !== 0;
  }

  /** The contents of an error frame, decoded at each read; null for every other message. */
  get error(): ErrorFrame | null {
    return this.isErrorFrame ? new ErrorFrame(this.arbitrationId, this.data) : null;
  }

  /** Whether this is a CAN FD frame. */
  get isFd(): boolean {
    return this.block[this.at + RECORD_LENGTH] === CANFD_MTU && !this.isXl;
  }

  /** Whether this is a CAN XL frame. */
  get isXl(): boolean {
    return (this.lenWord & CANXL_XLF) !== 0;
  }

  /** FD: whether the data was sent at the data bitrate. */
  get bitrateSwitch(): boolean {
    return (this.fdFlags & CANFD_BRS) !== 0;
  }

  /** FD: whether the sender is error passive. */
  get errorStateIndicator(): boolean {
    return (this.fdFlags & CANFD_ESI) !== 0;
  }

  /** Length of the data in bytes (0 to 8, FD 0 to 64, XL 1 to 2048); in a remote frame, the requested length. */
  get dlc(): number {
    const word = this.lenWord;
    return word & CANXL_XLF ? word >>> (8 * (CANXL_LEN - FRAME_LEN)) : word & 0xff;
  }

  /**
   * Classic frames of 8 bytes: the length code, 9 to 15, if the frame has one instead of 8; otherwise 0. See
   * `MessageInit`.
   */
  get len8Dlc(): number {
    const word = this.lenWord;
    const code = word >>> (8 * (FRAME_LEN8_DLC - FRAME_LEN));
    // As in the kernel, any other value is ignored: programs that do not know this code may leave anything in its byte.
    const isCode = (word & 0xff) === CAN_MAX_DLEN && code > CAN_MAX_DLEN && code <= CAN_MAX_RAW_DLC;
    return isCode && !this.isFd && !this.isErrorFrame ? code : 0;
  }

  /** XL: priority on the bus, 0 to 0x7ff; the lowest value wins arbitration. 0 in other frames. */
  get priority(): number {
    return this.isXl ? this.arbitrationId : 0;
  }

  /** XL: identifier of the virtual CAN network, 0 to 255; 0 in other frames. */
  get vcid(): number {
    return this.isXl ? (this.idWord & CANXL_VCID_MASK) >>> CANXL_VCID_OFFSET : 0;
  }

  /** XL: type of the service data unit, 0 to 255; 0 in other frames. */
  get sdt(): number {
    return this.isXl ? (this.lenWord >>> (8 * (CANXL_SDT - FRAME_LEN))) & 0xff : 0;
  }

  /** XL: acceptance field, 0 to 0xffffffff; 0 in other frames. */
  get af(): number {
    return this.isXl ? this.block[this.at + RECORD_FRAME + (CANXL_AF >> 2)] : 0;
  }

  /** XL: whether the frame has simple extended content, for security or segmentation. */
  get sec(): boolean {
    return this.isXl && (this.lenWord & CANXL_SEC) !== 0;
  }

  /** Time of reception in seconds since 1970, or 0 if unknown. Exact to about a quarter of a microsecond. */
  get timestamp(): number {
    return this.seconds + this.nanoseconds / 1e9;
  }

  /** Time of reception in nanoseconds since 1970, exact; 0n if unknown. */
  get timestampNs(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds);
  }

  /**
   * The clock that `timestamp` was taken from: `"software"` for the kernel's, `"hardware"` for the controller's, null
   * for a message that was not received from a bus.
   */
  get timestampSource(): "software" | "hardware" | null {
    const bits = this.block[this.at + RECORD_BITS];
    return bits & RECORD_HARDWARE ? "hardware" : bits & RECORD_SOFTWARE ? "software" : null;
  }

  /** Whether the frame was received from another host; false for a frame that this host sent. */
  get isRx(): boolean {
    return !this.isLocal;
  }

  /** Whether this host sent the frame, through any socket. */
  get isLocal(): boolean {
    return (this.block[this.at + RECORD_BITS] & RECORD_LOCAL) !== 0;
  }

  /**
   * Whether the bus that received the frame had sent it itself, which confirms that it was sent (`receiveOwnMessages`).
   */
  get isConfirm(): boolean {
    return (this.block[this.at + RECORD_BITS] & RECORD_CONFIRM) !== 0;
  }

  /** @ignore */
  private get idWord(): number {
    return this.block[this.at + RECORD_FRAME];
  }

  /** @ignore Bytes 4 to 7 of the frame: its length, its flags, and other fields that depend on the kind of frame. */
  private get lenWord(): number {
    return this.block[this.at + RECORD_FRAME + (FRAME_LEN >> 2)];
  }

  /** @ignore */
  private get fdFlags(): number {
    return this.isFd ? (this.lenWord >>> 8) & 0xff : 0;
  }

  /** @ignore Optimised for speed: for many users this is most of the cost of receiving. */
  private makeData(): Uint8Array {
    const { block } = this;
    const frame = this.at + RECORD_FRAME;
    const lenWord = block[frame + (FRAME_LEN >> 2)];
    if (lenWord & CANXL_XLF) return new Uint8Array(block.buffer, 4 * frame + CANXL_HDR_SIZE, this.dlc);
    const length = block[frame] & CAN_RTR_FLAG ? 0 : lenWord & 0xff;
    if (!smallArraysAreCheap || length > CAN_MAX_DLEN) {
      return new Uint8Array(block.buffer, 4 * frame + FRAME_DATA, length);
    }
    const bytes = new Uint8Array(length);
    for (let i = 0, word = frame + (FRAME_DATA >> 2); i < length; i++) {
      bytes[i] = block[word + (i >> 2)] >>> (8 * (i & 3));
    }
    return bytes;
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
   * Whether another message equals this one, as in python-can's
   * {@link https://python-can.readthedocs.io/en/stable/message.html | `Message.equals`}.
   *
   * @param timestampDelta Largest allowed difference of the timestamps, in seconds; null to ignore them. Default 1e-6.
   */
  equals(other: Message, timestampDelta: number | null = 1e-6): boolean {
    return this === other ||
      ((timestampDelta === null || Math.abs(this.timestamp - other.timestamp) <= timestampDelta) &&
        this.isRx === other.isRx &&
        this.arbitrationId === other.arbitrationId &&
        (this.idWord ^ other.idWord) >>> 29 === 0 && // the flags; a standard identifier's unused bits do not count
        this.dlc === other.dlc &&
        this.len8Dlc === other.len8Dlc &&
        this.isFd === other.isFd &&
        this.bitrateSwitch === other.bitrateSwitch &&
        this.errorStateIndicator === other.errorStateIndicator &&
        this.isXl === other.isXl &&
        this.vcid === other.vcid &&
        this.sdt === other.sdt &&
        this.af === other.af &&
        this.sec === other.sec &&
        this.channel === other.channel &&
        this.data.every((byte, i) => byte === other.data[i]));
  }

  /**
   * Returns the message as one line in python-can 4's layout. XL frames, which python-can lacks, show `L` and their own
   * fields.
   */
  toString(): string {
    return messageText(this);
  }

  /**
   * Returns a plain object. `new Message()` accepts it, unless another program has sent a frame that the constructor
   * would refuse. `timestamp` is as exact as a number can be. `len8Dlc` and the fields of CAN XL are present only in
   * frames that have them.
   */
  toJSON(): MessageJson {
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
      ...this.len8Dlc && { len8Dlc: this.len8Dlc },
      ...this.isXl && { isXl: true, vcid: this.vcid, sdt: this.sdt, af: this.af, sec: this.sec },
    };
  }

  /** Returns the text that `console.log` prints. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Message { ${this} }`;
  }
}

/**
 * The result of `Message.toJSON`: the fields that every frame has, and those of particular frames where they apply.
 *
 * @category Message
 */
export type MessageJson =
  & Omit<Required<MessageInit>, "data" | "len8Dlc" | "isXl" | "priority" | "vcid" | "sdt" | "af" | "sec">
  & Pick<MessageInit, "len8Dlc" | "isXl" | "vcid" | "sdt" | "af" | "sec">
  & { readonly data: number[] };

/** @ignore The constructor that the library uses: a view of the record that starts at a word of a block. */
export const MessageOver = Message as unknown as new (block: Uint32Array, at: number, from: string | null) => Message;

/** Where a message's frame is stored: fields that are private to users, but not to the library. */
interface FrameView {
  readonly block: Uint32Array;
  readonly at: number;
}

/** @ignore Returns the length in bytes of the kernel's structure for a message's frame. */
export function frameLength(message: Message): number {
  const { block, at } = message as unknown as FrameView;
  return block[at + RECORD_LENGTH];
}

/** @ignore Returns the identifier of a message's frame, with its flags. */
export function frameIdWord(message: Message): number {
  const { block, at } = message as unknown as FrameView;
  return block[at + RECORD_FRAME];
}

/** @ignore Copies a message's frame of `length` bytes to the buffer from which a socket sends it. */
export function copyFrame(message: Message, length: number, words: Uint32Array, to: number): void {
  const { block, at } = message as unknown as FrameView;
  copyWords(block, at + RECORD_FRAME, words, to, wordsOf(length));
}
