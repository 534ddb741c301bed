/**
 * CAN messages.
 *
 * @module
 */

import { checkBoolean, checkNames, show } from "../check.ts";
import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_ERR_MASK,
  CAN_MAX_DLEN,
  CAN_MAX_RAW_DLC,
  CAN_MTU,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_FDF,
  CANFD_MTU,
  CANXL_HDR_SIZE,
  CANXL_LEN,
  CANXL_SDT,
  CANXL_SEC,
  CANXL_VCID_MASK,
  CANXL_VCID_OFFSET,
  CANXL_XLF,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import { changedInit } from "./changes.ts";
import { dataOf } from "./data.ts";
import { ErrorFrame } from "./error_frame.ts";
import { CONFIRM, FD, type Fields, HARDWARE_TIME, LOCAL, SOFTWARE_TIME, wordsOf } from "./fields.ts";
import { encodeFields, type MessageInit } from "./init.ts";
import { hasFields, restoreFields } from "./restore.ts";
import { messageText } from "./text.ts";

/**
 * A CAN message: a frame, with the interface and the time at which it was received. It corresponds to python-can's
 * {@link https://python-can.readthedocs.io/en/stable/message.html | `can.Message`}, but is read-only.
 *
 * Every message that can be constructed can be sent, and a received message can be sent again. Do not write to `data`.
 *
 * Messages with the same contents are deeply equal, in `assertEquals`, `deepStrictEqual` and `toEqual`, whether or not
 * their data has been read. A spread or a structured clone of a message is a plain object with internal fields, from
 * which `new Message({ ...message })` and `Message.from(clone)` make a message again. `toJSON` returns a plain object
 * to read, and `with` a changed copy.
 *
 * Once `data` has been read it may share a block of memory with the data of other messages, and keep up to 8 KiB: to
 * keep a few of many messages for a long time, keep copies, `new Message(message)`.
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
  // read. They are declared only, because a field definition would write each of them twice. See fields.ts.

  /** @ignore */
  declare private readonly idWord: number;
  /** @ignore */
  declare private readonly lenWord: number;
  /** @ignore */
  declare private readonly word0: number;
  /** @ignore */
  declare private readonly word1: number;
  /** @ignore */
  declare private readonly more: readonly number[] | null;
  /** @ignore */
  declare private readonly seconds: number;
  /** @ignore */
  declare private readonly nanoseconds: number;
  /** @ignore */
  declare private readonly bits: number;
  /** Name of the interface on which the frame was received, or null. */
  declare readonly channel: string | null;
  /** `data`, once it has been read. Private, so that comparisons and copies do not depend on it. */
  #data: Uint8Array | undefined;

  /**
   * Constructs a message. A message, a spread of one (with or without changed fields) and a structured clone of one are
   * accepted too: see `with` and `from`.
   *
   * @throws {RangeError} A value is outside what CAN can carry; the error names the field, the value and the limit.
   * @throws {TypeError} A value has the wrong type, a field is unknown, or two fields exclude each other.
   */
  constructor(init?: MessageInit);
  // The library constructs messages from their fields: see MessageOver below.
  constructor(
    init: MessageInit | number = {},
    lenWord?: number,
    word0 = 0,
    word1 = 0,
    more: readonly number[] | null = null,
    seconds = 0,
    nanoseconds = 0,
    bits = 0,
    channel: string | null = null,
  ) {
    if (lenWord === undefined) {
      assign(this as unknown as Writable, hasFields(init) ? fieldsOfCopy(init) : encodeFields(init as MessageInit));
      return;
    }
    this.idWord = init as number;
    this.lenWord = lenWord;
    this.word0 = word0;
    this.word1 = word1;
    this.more = more;
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    this.bits = bits;
    this.channel = channel;
  }

  /**
   * Returns the message that another object stands for: a message itself, its structured clone, or the fields of a new
   * message.
   *
   * A structured clone of a message, as `structuredClone` and `postMessage` make it, has none of the properties of a
   * message, and this method makes a message of it again. Nothing is lost, `timestampNs`, `timestampSource` and
   * `isConfirm` included. To pass messages to a worker, post them in batches, because each `postMessage` costs far more
   * than a message in it: `worker.postMessage(bus.recvMany(64, 1))`, and in the worker `event.data.map(Message.from)`.
   *
   * @throws {RangeError | TypeError} As the constructor.
   *
   * @example
   * ```ts
   * import { Message } from "@socketcan/bus";
   *
   * const messages = [new Message({ arbitrationId: 1 }), new Message({ arbitrationId: 2 })];
   * const received = structuredClone(messages).map(Message.from); // what a worker does with event.data
   * console.log(received[1].arbitrationId); // 2
   * ```
   */
  static from(source: Message | MessageInit): Message {
    return source instanceof Message ? source : new Message(source);
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
    return this.#data !== undefined ? this.#data : (this.#data = dataOf(this as unknown as Fields, this.dataLength));
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
    return (this.bits & FD) !== 0;
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

  /**
   * FD: the flags as the kernel delivered them, `flags` of `struct canfd_frame` (`linux/can.h`): CANFD_BRS 1, CANFD_ESI
   * 2, CANFD_FDF 4. It is the digit after `##` in candump's log format. Linux sets CANFD_FDF in the frames that it
   * delivers since version 6.1. 0 in other frames.
   */
  get fdFlags(): number {
    return this.bits & FD ? (this.lenWord >>> 8) & 0xff : 0;
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
    return this.isXl ? this.word0 >>> 0 : 0;
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
    return this.bits & HARDWARE_TIME ? "hardware" : this.bits & SOFTWARE_TIME ? "software" : null;
  }

  /** Whether the frame was received from another host; false for a frame that this host sent. */
  get isRx(): boolean {
    return !this.isLocal;
  }

  /** Whether this host sent the frame, through any socket. */
  get isLocal(): boolean {
    return (this.bits & LOCAL) !== 0;
  }

  /**
   * Whether the bus that received the frame had sent it itself, which confirms that it was sent (`receiveOwnMessages`).
   */
  get isConfirm(): boolean {
    return (this.bits & CONFIRM) !== 0;
  }

  /** @ignore */
  private get dataLength(): number {
    return this.isRemoteFrame ? 0 : this.dlc;
  }

  /**
   * Returns a copy with some fields changed; fields that are undefined are not changed. The copy is checked as the
   * constructor checks its argument, and keeps everything else, `timestampNs`, `timestampSource` and `isConfirm`
   * included.
   *
   * Fields that depend on a changed one are not kept: `dlc` and `len8Dlc` follow new data, the fields of CAN FD and CAN
   * XL end with `isFd` and `isXl`, and one of `isRemoteFrame`, `isErrorFrame`, `isFd` and `isXl` replaces the others.
   *
   * @throws {RangeError | TypeError} As the constructor.
   *
   * @example Forward a message with another identifier
   * ```ts
   * import { Message } from "@socketcan/bus";
   *
   * const message = new Message({ arbitrationId: 0x123, isExtendedId: false, data: [1, 2] });
   * console.log(message.with({ arbitrationId: 0x456, channel: "can1" }).arbitrationId.toString(16)); // 456
   * ```
   */
  with(changes: MessageInit): Message {
    const fields = encodeFields(changedInit(this, changes));
    return messageOf(this.isConfirm && fields.bits & LOCAL ? { ...fields, bits: fields.bits | CONFIRM } : fields);
  }

  /**
   * Whether another message equals this one, as in python-can's
   * {@link https://python-can.readthedocs.io/en/stable/message.html | `Message.equals`}. `timestampSource`, `isConfirm`
   * and the flag CANFD_FDF are not compared.
   *
   * @param options What to compare. A number or null stands for `{ timestampDelta }`.
   * @throws {TypeError} An option is unknown or of the wrong type.
   *
   * @example Compare a message that was sent with the one that was received
   * ```ts
   * import { Message } from "@socketcan/bus";
   *
   * const sent = new Message({ arbitrationId: 1 });
   * const received = new Message({ arbitrationId: 1, timestamp: 1700000000, channel: "can0", isRx: false });
   * console.log(sent.equals(received, { timestampDelta: null, checkChannel: false, checkDirection: false })); // true
   * ```
   */
  equals(other: Message, options: number | null | MessageEqualsOptions = {}): boolean {
    const { timestampDelta, checkChannel, checkDirection } = fullEqualsOptions(options);
    return this === other ||
      ((timestampDelta === null || Math.abs(this.timestamp - other.timestamp) <= timestampDelta) &&
        (!checkDirection || this.isRx === other.isRx) &&
        (!checkChannel || this.channel === other.channel) &&
        this.idWord === other.idWord &&
        this.dlc === other.dlc &&
        this.len8Dlc === other.len8Dlc &&
        this.isFd === other.isFd &&
        this.bitrateSwitch === other.bitrateSwitch &&
        this.errorStateIndicator === other.errorStateIndicator &&
        this.isXl === other.isXl &&
        this.sdt === other.sdt &&
        this.af === other.af &&
        this.sec === other.sec &&
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
      ...this.isFd && (this.fdFlags | CANFD_BRS | CANFD_ESI) !== (CANFD_FDF | CANFD_BRS | CANFD_ESI) &&
        { fdFlags: this.fdFlags },
      ...this.isXl && { isXl: true, vcid: this.vcid, sdt: this.sdt, af: this.af, sec: this.sec },
    };
  }

  /** Returns the text that `console.log` prints. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Message { ${this} }`;
  }
}

/**
 * The options of `Message.equals`, python-can's `timestamp_delta`, `check_channel` and `check_direction`.
 *
 * @category Message
 */
export interface MessageEqualsOptions {
  /** Largest allowed difference of the timestamps, in seconds; null to ignore them. Default 1e-6. */
  readonly timestampDelta?: number | null;
  /** Whether the channels must be equal. Default true. */
  readonly checkChannel?: boolean;
  /** Whether `isRx` must be equal. Default true. */
  readonly checkDirection?: boolean;
}

/**
 * The result of `Message.toJSON`: the fields that every frame has, and those of particular frames where they apply.
 *
 * @category Message
 */
export type MessageJson =
  & Omit<
    Required<MessageInit>,
    | "data"
    | "len8Dlc"
    | "fdFlags"
    | "isXl"
    | "priority"
    | "vcid"
    | "sdt"
    | "af"
    | "sec"
    | "timestampNs"
    | "timestampSource"
  >
  & Pick<MessageInit, "len8Dlc" | "fdFlags" | "isXl" | "vcid" | "sdt" | "af" | "sec">
  & { readonly data: number[] };

/** @ignore The constructor that the library uses: it takes the fields one by one, in the order of `Fields`. */
export const MessageOver = Message as unknown as new (
  idWord: number,
  lenWord: number,
  word0: number,
  word1: number,
  more: readonly number[] | null,
  seconds: number,
  nanoseconds: number,
  bits: number,
  channel: string | null,
) => Message;

type Writable = { -readonly [K in keyof Fields]: Fields[K] };

/**
 * Sets the fields in the constructor's order, which gives all messages one shape. A small constructor can be inlined.
 */
function assign(message: Writable, fields: Fields): void {
  message.idWord = fields.idWord;
  message.lenWord = fields.lenWord;
  message.word0 = fields.word0;
  message.word1 = fields.word1;
  message.more = fields.more;
  message.seconds = fields.seconds;
  message.nanoseconds = fields.nanoseconds;
  message.bits = fields.bits;
  message.channel = fields.channel;
}

/** @ignore Returns a message with the given fields. */
export function messageOf(fields: Fields): Message {
  const { idWord, lenWord, word0, word1, more, seconds, nanoseconds, bits, channel } = fields;
  return new MessageOver(idWord, lenWord, word0, word1, more, seconds, nanoseconds, bits, channel);
}

/** Returns the fields of a spread or a structured clone of a message, to which changes may have been added. */
function fieldsOfCopy(copy: object): Fields {
  const [fields, changes] = restoreFields(copy);
  if (changes === null) return fields;
  return fieldsOf(messageOf(fields).with(changes));
}

/** @ignore Returns the fields of a message, which are private to users, but not to the library. */
export function fieldsOf(message: Message): Fields {
  return message as unknown as Fields;
}

/** @ignore Returns the length in bytes of the kernel's structure for a message's frame. */
export function frameLength(message: Message): number {
  if (message.isXl) return CANXL_HDR_SIZE + message.dlc;
  return message.isFd ? CANFD_MTU : CAN_MTU;
}

/** @ignore Returns the identifier of a message's frame, with its flags. */
export function frameIdWord(message: Message): number {
  return fieldsOf(message).idWord >>> 0;
}

/** @ignore Copies a message's frame of `length` bytes to the buffer from which a socket sends it. */
export function copyFrame(message: Message, length: number, words: Uint32Array, to: number): void {
  const { idWord, lenWord, word0, word1, more } = fieldsOf(message);
  words[to] = idWord;
  words[to + 1] = lenWord;
  words[to + 2] = word0;
  words[to + 3] = word1;
  if (length <= CAN_MTU) return;
  const count = wordsOf(length) - 4;
  for (let i = 0; i < count; i++) words[to + 4 + i] = more !== null && i < more.length ? more[i] : 0;
}

/** Options of `equals` with their defaults. */
function fullEqualsOptions(options: number | null | MessageEqualsOptions): Required<MessageEqualsOptions> {
  if (typeof options === "number" || options === null) options = { timestampDelta: options };
  const names = ["timestampDelta", "checkChannel", "checkDirection"];
  checkNames("Message.equals", options, names);
  const { timestampDelta = 1e-6, checkChannel = true, checkDirection = true } = options;
  if (timestampDelta !== null && typeof timestampDelta !== "number") {
    throw new TypeError(`timestampDelta must be a number of seconds or null: ${show(timestampDelta)}`);
  }
  checkBoolean("checkChannel", checkChannel);
  checkBoolean("checkDirection", checkDirection);
  return { timestampDelta, checkChannel, checkDirection };
}
