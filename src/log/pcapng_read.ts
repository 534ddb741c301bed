/**
 * Reading pcapng files: see `pcapng.ts`.
 *
 * @module
 */

import { Message } from "../message/message.ts";
import { BlockDecoder } from "./blocks.ts";
import { addChannel } from "./channels.ts";
import type { LogItem, LogNote } from "./entry.ts";
import { textOf } from "./lines.ts";
import { NO_CHANNEL, noteOfText } from "./notes.ts";
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  EPB_DROPCOUNT,
  EPB_FLAGS,
  IF_NAME,
  IF_TSOFFSET,
  IF_TSRESOL,
  INBOUND,
  INTERFACE_DESCRIPTION,
  INTERFACE_STATISTICS,
  MOST,
  OPT_COMMENT,
  OPT_ENDOFOPT,
  OUTBOUND,
  PACKET_HEADER,
  SECTION_HEADER,
  SHB_USERAPPL,
  SIMPLE_PACKET,
} from "./pcapng_blocks.ts";
import { Records } from "./records.ts";
import { decodeFrame, isCanLink, LINKTYPE_CAN_SOCKETCAN, locateFrame } from "./socketcan_link.ts";
import { joinTime, SECOND, timeOf } from "./time.ts";

/** The largest number of interfaces that are kept. */
const MOST_INTERFACES = 65_536;

/** The fields of an interface description block. */
interface Interface {
  /** The name; null if the interface has none. */
  readonly channel: string | null;
  readonly linkType: number;
  /** The number of time units per second. */
  readonly unitsPerSecond: number;
  /** Seconds to add to all times of the interface. */
  readonly offset: number;
}

/** Reads pcapng files, also of several sections and of both byte orders. */
export class PcapngDecoder extends BlockDecoder {
  readonly #records = new Records();
  #littleEndian = true;
  #interfaces: Interface[] = [];
  /** Whether there were more interfaces than are kept. */
  #tooMany = false;
  /** Converts the times of packets. */
  readonly #clock = new Clock();

  protected override take(bytes: Uint8Array, items: LogItem[]): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at + 12 <= bytes.length) {
      if (view.getUint32(at, true) === SECTION_HEADER) {
        const magic = view.getUint32(at + 8, true);
        this.#littleEndian = magic === BYTE_ORDER_MAGIC;
        if (!this.#littleEndian && view.getUint32(at + 8, false) !== BYTE_ORDER_MAGIC) {
          this.lose(`section with the unknown byte order mark 0x${magic.toString(16)}`, at);
          break;
        }
      }
      const type = view.getUint32(at, this.#littleEndian);
      const length = view.getUint32(at + 4, this.#littleEndian);
      if (length < 12 || length > MOST || length % 4 !== 0) {
        this.lose(`block with the invalid length ${length}`, at);
        break;
      }
      if (at + length > bytes.length) break;
      const trailer = view.getUint32(at + length - 4, this.#littleEndian);
      if (trailer !== length) {
        this.diagnose(`block with the length ${length} at its beginning, but ${trailer} at its end`, at);
      }
      this.#block(type, view, bytes, at, at + length - 4, items);
      at += length;
    }
    return at;
  }

  #block(type: number, view: DataView, bytes: Uint8Array, at: number, to: number, items: LogItem[]): void {
    if (type === ENHANCED_PACKET) this.#packet(view, bytes, at, to, items);
    else if (type === SECTION_HEADER) this.#section(view, bytes, at, to, items);
    else if (type === INTERFACE_DESCRIPTION) this.#interface(view, bytes, at, to);
    else if (type === INTERFACE_STATISTICS) this.#statistics(view, bytes, at, to, items);
    else if (type === SIMPLE_PACKET) this.#simple(view, bytes, at, to, items);
    else items.push({ type: "object", kind: `block ${type}`, timestampNs: null });
  }

  #section(view: DataView, bytes: Uint8Array, at: number, to: number, items: LogItem[]): void {
    this.#interfaces = [];
    if (to - at < 24) return this.diagnose("section header block is too short", at);
    const { info } = this.context;
    info.version = `${view.getUint16(at + 12, this.#littleEndian)}.${view.getUint16(at + 14, this.#littleEndian)}`;
    this.#options(view, at + 24, to, (code, from, length) => {
      if (code === SHB_USERAPPL) info.application = textOf(bytes.subarray(from, from + length));
      else if (code === OPT_COMMENT) items.push(noteOf(null, bytes, from, length));
    });
  }

  #interface(view: DataView, bytes: Uint8Array, at: number, to: number): void {
    if (to - at < 16) return this.diagnose("interface description block is too short", at);
    if (this.#interfaces.length === MOST_INTERFACES) {
      if (!this.#tooMany) {
        this.diagnose(`more than ${MOST_INTERFACES} interfaces: packets of the others are not read`, at);
      }
      this.#tooMany = true;
      return;
    }
    let name = "";
    let unitsPerSecond = 1e6;
    let offset = 0;
    this.#options(view, at + 16, to, (code, from, length) => {
      if (code === IF_NAME) name = textOf(bytes.subarray(from, from + length));
      else if (code === IF_TSRESOL && length === 1) {
        const power = bytes[from] & 0x7f;
        unitsPerSecond = bytes[from] & 0x80 ? 2 ** power : 10 ** power;
      } else if (code === IF_TSOFFSET && length === 8) offset = Number(view.getBigInt64(from, this.#littleEndian));
    });
    const linkType = view.getUint16(at + 8, this.#littleEndian);
    // A cooked capture of all interfaces.
    if (name === NO_CHANNEL && linkType !== LINKTYPE_CAN_SOCKETCAN) name = "";
    if (unitsPerSecond > 1e18 || !Number.isSafeInteger(offset)) {
      this.diagnose("interface with an invalid time resolution or offset: read as microseconds", at);
      [unitsPerSecond, offset] = [1e6, 0];
    }
    if (name !== "" && isCanLink(linkType)) addChannel(this.context.info.channels, name);
    this.#interfaces.push({ channel: name === "" ? null : name, linkType, unitsPerSecond, offset });
  }

  #packet(view: DataView, bytes: Uint8Array, at: number, to: number, items: LogItem[]): void {
    const little = this.#littleEndian;
    if (to - at < PACKET_HEADER) return this.diagnose("enhanced packet block is too short", at);
    const captured = view.getUint32(at + 20, little);
    if (captured > to - at - PACKET_HEADER) {
      return this.diagnose(`packet of ${captured} bytes does not fit in its block`, at);
    }
    const index = view.getUint32(at + 8, little);
    const source = this.#interfaces[index];
    if (!source) return this.diagnose(`packet of interface ${index}, which has no description`, at);
    const clock = this.#clock;
    if (!clock.set(view.getUint32(at + 12, little), view.getUint32(at + 16, little), source)) {
      return this.diagnose("packet with a time before 1970, or far after", at);
    }
    if (!isCanLink(source.linkType)) {
      items.push({ type: "object", kind: `packet of link type ${source.linkType}`, timestampNs: clock.timestampNs });
      return;
    }
    const from = at + PACKET_HEADER;
    let direction = 0;
    let options = from + (captured + 3 & ~3);
    // Shortcut: most packets have the flags as their first and only option.
    if (options + 12 <= to && view.getUint16(options, little) === EPB_FLAGS) {
      direction = view.getUint32(options + 4, little) & 3;
      options += 8;
    }
    if (options + 4 < to) direction = this.#packetOptions(view, bytes, options, to, source.channel, direction, items);
    const located = locateFrame(source.linkType, bytes, from, from + captured);
    if (typeof located === "string") return this.diagnose(located, at);
    const found = decodeFrame(
      this.#records,
      view,
      from + located.at,
      from + captured,
      located.native && little,
      located.fd,
      clock.seconds,
      clock.nanoseconds,
      source.channel,
      direction === OUTBOUND || (direction !== INBOUND && located.outgoing === true),
    );
    if (typeof found === "string") this.diagnose(found, at);
    else items.push(found);
  }

  /** Reads the options of a packet, and returns its direction: if they do not state it, the one that is given. */
  #packetOptions(
    view: DataView,
    bytes: Uint8Array,
    at: number,
    to: number,
    channel: string | null,
    direction: number,
    items: LogItem[],
  ): number {
    const { timestampNs } = this.#clock;
    this.#options(view, at, to, (code, value, length) => {
      if (code === EPB_FLAGS && length === 4) direction = view.getUint32(value, this.#littleEndian) & 3;
      else if (code === OPT_COMMENT) items.push(noteOf(timestampNs, bytes, value, length));
      else if (code === EPB_DROPCOUNT && length === 8) {
        const count = Number(view.getBigUint64(value, this.#littleEndian));
        if (count > 0) items.push({ type: "dropped", timestampNs, channel, count });
      }
    });
    return direction;
  }

  /** Reads a simple packet block, which has no time. */
  #simple(view: DataView, bytes: Uint8Array, at: number, to: number, items: LogItem[]): void {
    const source = this.#interfaces[0];
    if (!source || !isCanLink(source.linkType)) {
      return this.diagnose("simple packet of an interface that is not CAN", at);
    }
    const length = Math.min(view.getUint32(at + 8, this.#littleEndian), to - at - 12);
    const located = locateFrame(source.linkType, bytes, at + 12, at + 12 + length);
    const found = typeof located === "string" ? located : decodeFrame(
      this.#records,
      view,
      at + 12 + located.at,
      at + 12 + length,
      located.native && this.#littleEndian,
      located.fd,
      0,
      0,
      source.channel,
      located.outgoing === true,
    );
    if (found instanceof Message) items.push(found);
    else this.diagnose(found, at);
  }

  /** Reads an interface statistics block, of which only the comments are kept. */
  #statistics(view: DataView, bytes: Uint8Array, at: number, to: number, items: LogItem[]): void {
    if (to - at < 20) return this.diagnose("interface statistics block is too short", at);
    const source = this.#interfaces[view.getUint32(at + 8, this.#littleEndian)];
    const high = view.getUint32(at + 12, this.#littleEndian);
    const low = view.getUint32(at + 16, this.#littleEndian);
    const timestampNs = source && this.#clock.set(high, low, source) ? this.#clock.timestampNs : null;
    this.#options(view, at + 20, to, (code, from, length) => {
      if (code === OPT_COMMENT) items.push(noteOf(timestampNs, bytes, from, length));
    });
  }

  #options(
    view: DataView,
    at: number,
    to: number,
    take: (code: number, from: number, length: number) => void,
  ): void {
    while (at + 4 <= to) {
      const code = view.getUint16(at, this.#littleEndian);
      const length = view.getUint16(at + 2, this.#littleEndian);
      if (code === OPT_ENDOFOPT) return;
      if (at + 4 + length > to) return this.diagnose(`option of ${length} bytes exceeds its block`, at);
      take(code, at + 4, length);
      at += 4 + (length + 3 & ~3);
    }
  }
}

function noteOf(timestampNs: bigint | null, bytes: Uint8Array, from: number, length: number): LogNote {
  return noteOfText(textOf(bytes.subarray(from, from + length)), timestampNs);
}

/**
 * Splits 64-bit times into seconds and nanoseconds. A double cannot hold nanoseconds since 1970 exactly; as their high
 * word changes only every four seconds, its value is cached.
 */
class Clock {
  /** The time that was set last. */
  seconds = 0;
  nanoseconds = 0;
  #high = -1;
  #seconds = 0;
  #rest = 0;

  /** The same time in nanoseconds since 1970. */
  get timestampNs(): bigint {
    return joinTime(this.seconds, this.nanoseconds);
  }

  /** Sets the time; returns false if it is before 1970, or more than 2^53 seconds after. */
  set(high: number, low: number, { unitsPerSecond, offset }: Interface): boolean {
    if (unitsPerSecond === 1e9) {
      if (high !== this.#high) {
        this.#high = high;
        ({ seconds: this.#seconds, nanoseconds: this.#rest } = timeOf(BigInt(high) << 32n));
      }
      const rest = this.#rest + low;
      const more = Math.floor(rest / 1e9);
      this.seconds = this.#seconds + more + offset;
      this.nanoseconds = rest - more * 1e9;
    } else {
      const units = BigInt(high) << 32n | BigInt(low);
      const perSecond = BigInt(unitsPerSecond);
      this.seconds = Number(units / perSecond) + offset;
      this.nanoseconds = Number(units % perSecond * SECOND / perSecond);
    }
    return this.seconds >= 0 && this.seconds < 2 ** 53;
  }
}
