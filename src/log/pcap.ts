/**
 * pcap, the older capture format of tcpdump and Wireshark. It stores times and frames only.
 *
 * Source: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-03.html.
 *
 *     file header: magic, u16 major, u16 minor, u32 zone, u32 accuracy, u32 snap length, u32 link type
 *     record:      u32 seconds, u32 fraction, u32 captured length, u32 original length, packet
 *
 * @module
 */

import { frameLength, Message } from "../message/message.ts";
import { BlockDecoder } from "./blocks.ts";
import type { Bytes } from "./bytes.ts";
import type { LogItem } from "./entry.ts";
import { FULL, type LogEncoder, type LogFormat } from "./format.ts";
import type { RandomSource } from "./random.ts";
import { Records } from "./records.ts";
import { endOfBlocks } from "./resume.ts";
import { decodeFrame, encodeFrame, isCanLink, LINKTYPE_CAN_SOCKETCAN, locateFrame } from "./socketcan_link.ts";
import { splitTime } from "./time.ts";

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** The longest packet in bytes, the limit of libpcap. A longer one means that the file is corrupt. */
const MOST = 1 << 18;

/** The fields of the file header. */
interface Header {
  readonly littleEndian: boolean;
  /** The unit of the fraction in nanoseconds: 1 or 1000. */
  readonly unit: number;
  readonly linkType: number;
}

class PcapDecoder extends BlockDecoder {
  readonly #records = new Records();
  #header: Header | null = null;

  protected override take(bytes: Uint8Array, items: LogItem[]): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    if (this.#header === null) {
      if (bytes.length < FILE_HEADER) return 0;
      this.#header = this.#readHeader(view);
      if (this.lost) return 0;
      at = FILE_HEADER;
    }
    const { littleEndian, unit, linkType } = this.#header!;
    while (at + RECORD_HEADER <= bytes.length) {
      let seconds = view.getUint32(at, littleEndian);
      let nanoseconds = view.getUint32(at + 4, littleEndian) * unit;
      const captured = view.getUint32(at + 8, littleEndian);
      if (captured > MOST) {
        this.lose(`packet of ${captured} bytes, more than a capture may contain`, at);
        break;
      }
      const from = at + RECORD_HEADER;
      const to = from + captured;
      if (to > bytes.length) break;
      if (nanoseconds >= 1e9) {
        this.diagnose(`fraction of ${nanoseconds} ns, a second or more: added to the seconds`, at + 4);
        seconds += Math.floor(nanoseconds / 1e9);
        nanoseconds %= 1e9;
      }
      const located = locateFrame(linkType, bytes, from, to);
      const found = typeof located === "string" ? located : decodeFrame(
        this.#records,
        view,
        from + located.at,
        to,
        located.native && littleEndian,
        located.fd,
        seconds,
        nanoseconds,
        null,
        located.outgoing === true,
      );
      if (found instanceof Message) items.push(found);
      else this.diagnose(found, at);
      at = to;
    }
    return at;
  }

  #readHeader(view: DataView): Header {
    const littleEndian = [MICROSECONDS, NANOSECONDS].includes(view.getUint32(0, true));
    const magic = view.getUint32(0, littleEndian);
    const linkType = view.getUint32(20, littleEndian) & 0xffff;
    this.context.info.version = `${view.getUint16(4, littleEndian)}.${view.getUint16(6, littleEndian)}`;
    if (magic !== MICROSECONDS && magic !== NANOSECONDS) {
      this.lose(`0x${magic.toString(16)} is not a magic number of pcap`, 0);
    } else if (!isCanLink(linkType)) {
      this.lose(`packets of link type ${linkType}: it must be 227 (CAN), or 113 or 276 (cooked captures)`, 20);
    }
    return { littleEndian, unit: magic === NANOSECONDS ? 1 : 1000, linkType };
  }
}

class PcapEncoder implements LogEncoder {
  begin(out: Bytes): void {
    out.u32(NANOSECONDS);
    out.u16(2);
    out.u16(4);
    out.u32(0);
    out.u32(0);
    out.u32(MOST);
    out.u32(LINKTYPE_CAN_SOCKETCAN);
  }

  resume(file: RandomSource): number {
    if (file.size < FILE_HEADER) return 0;
    this.#check(file.read(0, FILE_HEADER));
    return endOfBlocks(file, FILE_HEADER, RECORD_HEADER, (view, at) => {
      const captured = view.getUint32(at + 8, true);
      return captured > MOST ? 0 : RECORD_HEADER + captured;
    });
  }

  resumeCompressed(head: Uint8Array): void {
    this.#check(head);
  }

  #check(header: Uint8Array): void {
    const view = new DataView(header.buffer, header.byteOffset);
    if (view.getUint32(0, true) !== NANOSECONDS || (view.getUint32(20, true) & 0xffff) !== LINKTYPE_CAN_SOCKETCAN) {
      throw new RangeError("its packets are no CAN frames with nanoseconds in little-endian order: convert it before");
    }
  }

  write(item: LogItem, out: Bytes): void {
    if (!(item instanceof Message)) return;
    const { seconds, nanoseconds } = splitTime(item);
    const length = frameLength(item);
    out.u32(seconds);
    out.u32(nanoseconds);
    out.u32(length);
    out.u32(length);
    const from = out.claim(length + 3);
    encodeFrame(item, length, out.data, from);
    out.length = from + length;
  }
}

/** The format of `tcpdump -i can0 -w FILE`. */
export const pcap: LogFormat = {
  name: "pcap",
  title: "pcap capture",
  extensions: [".pcap"],
  appendable: true,
  capacity: {
    ...FULL,
    errorDirection: false,
    direction: false,
    channel: "none",
    lastSecond: 2 ** 32 - 1,
    timestampSource: false,
    marker: false,
    dropped: false,
  },
  detect(head) {
    if (head.length < 4) return 0;
    const view = new DataView(head.buffer, head.byteOffset);
    const magics = [view.getUint32(0, true), view.getUint32(0, false)];
    return magics.some((magic) => magic === MICROSECONDS || magic === NANOSECONDS) ? 3 : 0;
  },
  decoder: (context) => new PcapDecoder(context),
  encoder: () => new PcapEncoder(),
};
