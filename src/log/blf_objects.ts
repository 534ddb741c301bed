/**
 * The BLF objects that contain CAN frames.
 *
 *     1, 86   CAN_MESSAGE, CAN_MESSAGE2   u16 channel, u8 flags, u8 DLC, u32 ID, data[8]
 *     2       CAN_ERROR                   u16 channel, u16 length
 *     73      CAN_ERROR_EXT               u16 channel, u16 length, u32 flags, u8 ECC, u8 position, u8 DLC, …
 *     100     CAN_FD_MESSAGE              as 1, then u32 length, u8 bits, u8 FD flags, u8 bytes, …, data[64]
 *     101     CAN_FD_MESSAGE_64           u8 channel, u8 DLC, u8 bytes, …
 *     104     CAN_FD_ERROR_64             u8 channel, u8 DLC, u8 bytes, u8 ECC, …
 *     139     CAN_XL_CHANNEL_FRAME        also contains classic and FD frames
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
  CAN_MTU,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  CANFD_BRS,
  CANFD_ESI,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  CANXL_HDR_SIZE,
  CANXL_MAX_DLEN,
  CANXL_PRIO_MASK,
  CANXL_SEC,
  CANXL_VCID_OFFSET,
  fdLengths,
  FRAME_DATA,
  FRAME_LEN,
  FRAME_LEN8_DLC,
} from "../kernel/can.ts";
import {
  CAN_ERR_BUSERROR,
  CAN_ERR_PROT,
  CAN_ERR_PROT_BIT,
  CAN_ERR_PROT_FORM,
  CAN_ERR_PROT_STUFF,
  CAN_ERR_PROT_TX,
} from "../kernel/error.ts";
import { fieldsOf, type Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import type { ChannelNames } from "./channels.ts";
import { dataLength, writeData } from "./frame.ts";
import { Records } from "./records.ts";

const CAN_MESSAGE = 1;
const CAN_ERROR = 2;
const CAN_ERROR_EXT = 73;
const CAN_MESSAGE2 = 86;
const CAN_FD_MESSAGE = 100;
const CAN_FD_MESSAGE_64 = 101;
const CAN_FD_ERROR_64 = 104;
const CAN_XL_CHANNEL_FRAME = 139;

// Directions.
const TX = 1;
const TX_REQUEST = 2;
// Flags of types 1, 86 and 100, whose lowest four bits are the direction.
const DIRECTION = 0x0f;
const RTR = 0x80;
// FD flags of type 100.
const EDL = 0x01;
const BRS = 0x02;
const ESI = 0x04;
// Flags of types 101 and 139.
const RTR_64 = 0x10;
const EDL_64 = 0x1000;
const BRS_64 = 0x2000;
const ESI_64 = 0x4000;
const XLF = 0x400000;
const SEC = 0x1000000;
// Flags of type 73: whose error code it contains, that of an SJA1000 or of a Vector controller.
const SJA1000 = 1;
const CANCORE = 2;
/** In the extended error code of a Vector controller: the error occurred while sending. */
const EXTECC_TX = 0x1000;

/** The size of the fixed part of an object after its header, in bytes. */
const sizes: Readonly<Record<number, number>> = {
  [CAN_MESSAGE]: 16,
  [CAN_MESSAGE2]: 16,
  [CAN_ERROR]: 4,
  [CAN_ERROR_EXT]: 32,
  [CAN_FD_MESSAGE]: 20,
  [CAN_FD_MESSAGE_64]: 40,
  [CAN_FD_ERROR_64]: 44,
  [CAN_XL_CHANNEL_FRAME]: 104,
};

/** The largest size of an object with a frame, in bytes: several times that of a CAN XL frame. */
export const MOST_FRAME = 1 << 14;

/** Whether objects of a type contain a frame. */
export function isFrame(type: number): boolean {
  return sizes[type] !== undefined;
}

/** The names of other common objects. */
const names: Readonly<Record<number, string>> = {
  3: "CAN_OVERLOAD",
  4: "CAN_STATISTIC",
  6: "APP_TRIGGER",
  7: "ENV_INTEGER",
  11: "LIN_MESSAGE",
  31: "CAN_DRIVER_ERROR",
  57: "LIN_MESSAGE2",
  65: "APP_TEXT",
  71: "ETHERNET_FRAME",
  72: "SYS_VARIABLE",
  90: "TRIGGER_CONDITION",
  115: "RESTORE_POINT_CONTAINER",
  120: "ETHERNET_FRAME_EX",
};

/** Returns the name of an object that contains no frame. If others of its type do, it is a transmit request. */
export function objectName(type: number): string {
  return sizes[type] !== undefined ? "TxRq" : names[type] ?? `object type ${type}`;
}

/** Decodes objects as messages. */
export class ObjectDecoder {
  readonly #records = new Records();
  readonly #channels: ChannelNames;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #seconds = 0;
  #nanoseconds = 0;

  constructor(channels: ChannelNames) {
    this.#channels = channels;
  }

  /**
   * Decodes an object.
   *
   * @param start The offset of the object, including its header.
   * @param at The offset of its fields, after the header.
   * @param end The offset after the object.
   * @returns The message; the reason, as a string, if the object is invalid; null if it is not a CAN frame, or a transmit
   * request.
   */
  decode(
    type: number,
    view: DataView,
    start: number,
    at: number,
    end: number,
    seconds: number,
    nanoseconds: number,
  ): Message | string | null {
    const size = sizes[type];
    if (size === undefined) return null;
    if (end < at + size) return `object of type ${type} is too short: ${end - start} bytes`;
    this.#view = view;
    this.#seconds = seconds;
    this.#nanoseconds = nanoseconds;
    switch (type) {
      case CAN_MESSAGE:
      case CAN_MESSAGE2:
        return this.#message(at);
      case CAN_FD_MESSAGE:
        return this.#fdMessage(at, end);
      case CAN_FD_MESSAGE_64:
        return this.#fdMessage64(start, at, end);
      case CAN_XL_CHANNEL_FRAME:
        return this.#xlFrame(at, end);
      default:
        return this.#error(type, at);
    }
  }

  #message(at: number): Message | null {
    const view = this.#view;
    const head = view.getUint32(at, true);
    const flags = head >>> 16;
    const direction = flags & DIRECTION;
    if (direction === TX_REQUEST) return null;
    // Without `begin`: all of the frame is set here.
    const { words } = this.#records;
    words[0] = idWord(view.getUint32(at + 4, true), (flags & RTR) !== 0);
    words[1] = lengthWord(Math.min(head >>> 24, CAN_MAX_DLEN), head >>> 24);
    words[2] = view.getUint32(at + 8, true);
    words[3] = view.getUint32(at + 12, true);
    return this.#finish(CAN_MTU, head & 0xffff, direction === TX);
  }

  #fdMessage(at: number, end: number): Message | null {
    const view = this.#view;
    const flags = view.getUint8(at + 2);
    const direction = flags & DIRECTION;
    if (direction === TX_REQUEST) return null;
    const bits = view.getUint8(at + 13);
    const said = view.getUint8(at + 14);
    return this.#eitherKind(
      view.getUint32(at + 4, true),
      view.getUint8(at + 3),
      Math.min(said, CANFD_MAX_DLEN),
      at + 20,
      Math.max(Math.min(said, CANFD_MAX_DLEN, end - at - 20), 0),
      view.getUint16(at, true),
      direction === TX,
      (flags & RTR) !== 0,
      (bits & EDL) !== 0,
      (bits & BRS ? CANFD_BRS : 0) | (bits & ESI ? CANFD_ESI : 0),
    );
  }

  #fdMessage64(start: number, at: number, end: number): Message | null {
    const view = this.#view;
    const said = view.getUint8(at + 2);
    const flags = view.getUint32(at + 12, true);
    const direction = view.getUint8(at + 34);
    if (direction === TX_REQUEST) return null;
    // From this offset on, counted from the beginning of the object, more fields follow the data.
    const extended = start + view.getUint8(at + 35);
    const dataEnd = extended > at + 40 ? Math.min(extended, end) : end;
    return this.#eitherKind(
      view.getUint32(at + 4, true),
      view.getUint8(at + 1),
      Math.min(said, CANFD_MAX_DLEN),
      at + 40,
      Math.max(Math.min(said, CANFD_MAX_DLEN, dataEnd - at - 40), 0),
      view.getUint8(at),
      direction === TX,
      (flags & RTR_64) !== 0,
      (flags & EDL_64) !== 0,
      (flags & BRS_64 ? CANFD_BRS : 0) | (flags & ESI_64 ? CANFD_ESI : 0),
    );
  }

  #xlFrame(at: number, end: number): Message | string | null {
    const view = this.#view;
    const direction = view.getUint8(at + 2);
    if (direction === TX_REQUEST) return null;
    const id = view.getUint32(at + 12, true);
    const length = view.getUint16(at + 20, true);
    const flags = view.getUint32(at + 48, true);
    const data = at + 104;
    if (end < data + length) return `frame with ${length} bytes of data in an object of ${end - at} bytes`;
    if ((flags & XLF) === 0) {
      const bytes = Math.min(length, CANFD_MAX_DLEN);
      const bits = (flags & BRS_64 ? CANFD_BRS : 0) | (flags & ESI_64 ? CANFD_ESI : 0);
      const [remote, fd] = [(flags & RTR_64) !== 0, (flags & EDL_64) !== 0];
      const code = Math.min(view.getUint16(at + 18, true), CAN_MAX_RAW_DLC);
      return this.#eitherKind(id, code, bytes, data, bytes, view.getUint8(at), direction === TX, remote, fd, bits);
    }
    if (length < 1 || length > CANXL_MAX_DLEN) return `CAN XL frame with ${length} bytes of data`;
    const records = this.#records;
    records.begin(CANXL_HDR_SIZE + length);
    records.copy(view, data, CANXL_HDR_SIZE, length);
    const word = (id & CANXL_PRIO_MASK) | view.getUint8(at + 26) << CANXL_VCID_OFFSET;
    records.xl(word, flags & SEC ? CANXL_SEC : 0, view.getUint8(at + 16), length, view.getUint32(at + 28, true));
    return this.#finish(CANXL_HDR_SIZE + length, view.getUint8(at), direction === TX);
  }

  /** Decodes an error frame. The details in the object, if any, are translated to the kernel's error classes and data. */
  #error(type: number, at: number): Message {
    const view = this.#view;
    const records = this.#records;
    records.begin(CAN_MTU);
    const { bytes } = records;
    let classes = CAN_ERR_BUSERROR;
    let outgoing = false;
    if (type === CAN_ERROR_EXT) {
      const flags = view.getUint32(at + 4, true);
      const ecc = view.getUint8(at + 8);
      const id = view.getUint32(at + 16, true);
      outgoing = (flags & CANCORE) !== 0 && (view.getUint16(at + 20, true) & EXTECC_TX) !== 0;
      if (flags === 0 && ecc === 0 && (id & CAN_ERR_MASK) !== 0) {
        // This library and python-can store a SocketCAN error frame unchanged: its classes as identifier, and its data.
        classes = id & CAN_ERR_MASK;
        for (let i = 0; i < CAN_MAX_DLEN; i++) bytes[FRAME_DATA + i] = view.getUint8(at + 24 + i);
      } else if ((flags & SJA1000) !== 0 && ecc !== 0) {
        // The error code capture of an SJA1000: kind, direction and location, which the kernel numbers alike.
        const kinds = [CAN_ERR_PROT_BIT, CAN_ERR_PROT_FORM, CAN_ERR_PROT_STUFF, 0];
        classes |= CAN_ERR_PROT;
        bytes[FRAME_DATA + 2] = kinds[ecc >>> 6] | (ecc & 0x20 ? 0 : CAN_ERR_PROT_TX);
        bytes[FRAME_DATA + 3] = ecc & 0x1f;
      }
    }
    records.classic((CAN_ERR_FLAG | classes) >>> 0, CAN_MAX_DLEN, 0);
    const channel = type === CAN_FD_ERROR_64 ? view.getUint8(at) : view.getUint16(at, true);
    return this.#finish(CAN_MTU, channel, outgoing);
  }

  /**
   * Builds a classic or an FD frame.
   *
   * @param said The length stated in the object, in bytes.
   * @param carried The number of bytes that the object contains; missing ones are zero.
   */
  #eitherKind(
    id: number,
    code: number,
    said: number,
    data: number,
    carried: number,
    channel: number,
    outgoing: boolean,
    remote: boolean,
    isFd: boolean,
    bits: number,
  ): Message {
    const records = this.#records;
    if (!isFd) {
      const length = Math.min(remote ? code : said, CAN_MAX_DLEN);
      records.begin(CAN_MTU);
      if (!remote) records.copy(this.#view, data, FRAME_DATA, Math.min(carried, length));
      records.classic(idWord(id, remote), length, code);
      return this.#finish(CAN_MTU, channel, outgoing);
    }
    records.begin(CANFD_MTU);
    records.copy(this.#view, data, FRAME_DATA, carried);
    records.fd(idWord(id, false), said, bits);
    return this.#finish(CANFD_MTU, channel, outgoing);
  }

  #finish(frameLength: number, channel: number, outgoing: boolean): Message {
    const name = this.#channels.of(channel);
    return this.#records.finish(this.#seconds, this.#nanoseconds, outgoing, frameLength, name);
  }
}

/** Returns the second word of a classic frame: its length, and its length code if that says more. */
function lengthWord(length: number, code: number): number {
  const isCode = length === CAN_MAX_DLEN && code > CAN_MAX_DLEN && code <= CAN_MAX_RAW_DLC;
  return isCode ? length | code << 8 * (FRAME_LEN8_DLC - FRAME_LEN) : length;
}

function idWord(id: number, remote: boolean): number {
  const extended = (id & CAN_EFF_FLAG) !== 0;
  const value = id & (extended ? CAN_EFF_MASK : CAN_SFF_MASK);
  return (value | (extended ? CAN_EFF_FLAG : 0) | (remote ? CAN_RTR_FLAG : 0)) >>> 0;
}

/** Appends the fields of the object for a message, after its header, and returns the object type. */
export function encodeObject(message: Message, channel: number, out: Bytes): number {
  if (message.isXl) return encodeXl(message, channel, out);
  if (message.isErrorFrame) return encodeError(message, channel, out);
  const { idWord, word0, word1 } = fieldsOf(message);
  const id = idWord & ~CAN_RTR_FLAG;
  const flags = (message.isRx ? 0 : TX) | (message.isRemoteFrame ? RTR : 0);
  if (!message.isFd) {
    const at = out.claim(16);
    const { data } = out;
    data.setUint32(at, channel | flags << 16 | (message.len8Dlc || message.dlc) << 24, true);
    data.setUint32(at + 4, id, true);
    data.setUint32(at + 8, word0, true);
    data.setUint32(at + 12, word1, true);
    return CAN_MESSAGE;
  }
  const length = dataLength(message);
  out.u16(channel);
  out.byte(flags);
  out.byte(fdLengths.indexOf(length));
  out.u32(id);
  out.u32(0);
  out.byte(0);
  out.byte(EDL | (message.bitrateSwitch ? BRS : 0) | (message.errorStateIndicator ? ESI : 0));
  out.byte(length);
  out.byte(0);
  out.u32(0);
  writeData(message, out, 64);
  out.u32(0);
  return CAN_FD_MESSAGE;
}

function encodeError(message: Message, channel: number, out: Bytes): number {
  const length = dataLength(message);
  out.u16(channel);
  out.u16(0);
  out.u32(0);
  out.byte(0);
  out.byte(0);
  out.byte(length);
  out.byte(0);
  out.u32(0);
  out.u32(message.arbitrationId);
  out.u32(0);
  writeData(message, out, 8);
  return CAN_ERROR_EXT;
}

function encodeXl(message: Message, channel: number, out: Bytes): number {
  const length = dataLength(message);
  out.byte(channel);
  out.byte(0);
  out.byte(message.isRx ? 0 : 1);
  out.byte(0);
  out.u32(0);
  out.u32(0);
  out.u32(message.priority);
  out.byte(message.sdt);
  out.byte(0);
  out.u16(length - 1);
  out.u16(length);
  out.u16(0);
  out.u16(0);
  out.byte(message.vcid);
  out.byte(0);
  out.u32(message.af);
  for (let i = 0; i < 4; i++) out.u32(0);
  out.u32(XLF | EDL_64 | BRS_64 | (message.sec ? SEC : 0));
  out.u32(0);
  for (let i = 0; i < 12; i++) out.u32(0);
  writeData(message, out);
  return CAN_XL_CHANNEL_FRAME;
}
