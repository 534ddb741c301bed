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
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_MTU,
  FRAME_DATA,
  FRAME_LEN,
} from "./kernel/can.ts";
import { encodeRecord, type MessageInit } from "./message_init.ts";
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

/**
 * A CAN message: python-can's `can.Message`, read-only.
 *
 * Every message that can be made can be sent, and one that is received can be sent again. `data` must not be written
 * to.
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
  /** @ignore */
  private readonly from: string | null;
  /** @ignore `data`, once it has been asked for. */
  private bytes: Uint8Array | undefined;

  /**
   * Makes a message.
   *
   * @throws {RangeError} A value is outside what CAN can carry; the text names the field, the value and the limit.
   * @throws {TypeError} A value has the wrong type, a field is unknown, or two fields exclude each other.
   */
  constructor(init?: MessageInit);
  // The library makes messages over records: see MessageOver below.
  constructor(init: MessageInit | Uint32Array = {}, at = 0, from: string | null = null) {
    if (init instanceof Uint32Array) {
      this.block = init;
      this.at = at;
      this.from = from;
    } else {
      this.block = encodeRecord(init);
      this.at = 0;
      this.from = init.channel ?? null;
    }
    this.bytes = undefined;
  }

  /** The name of the interface on which the frame was seen, or null. */
  get channel(): string | null {
    return this.from;
  }

  /** Identifier, without the flags that go with it; the error classes of an error frame. */
  get arbitrationId(): number {
    const word = this.idWord;
    if (word & CAN_ERR_FLAG) return word & CAN_ERR_MASK;
    return word & CAN_EFF_FLAG ? word & CAN_EFF_MASK : word & CAN_SFF_MASK;
  }

  /**
   * Payload; empty in a remote frame. The same array each time, not to be written to. Its buffer holds other messages
   * too: `slice()` it before transferring it to a worker.
   */
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
        this.arbitrationId === other.arbitrationId &&
        (this.idWord ^ other.idWord) >>> 29 === 0 && // the flags; what else a standard identifier's word has says nothing
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

  /**
   * A plain object, which `new Message()` takes back unless another program sent what it would refuse. `timestamp` is as
   * exact as a number can be.
   */
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

/** @ignore The constructor as the library uses it: a message over a record, in a block, at a word, from an interface. */
export const MessageOver = Message as unknown as new (block: Uint32Array, at: number, from: string | null) => Message;

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
