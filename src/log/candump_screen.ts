/**
 * The screen output of `candump`, saved to a file, with or without times (`-t`), directions (`-x`), error texts (`-e`) and
 * length codes (`-8`). Of a CAN XL frame `candump` shows 64 bytes at most.
 *
 *      (1436509053.850870)  vcan0  RX - -  123   [4]  DE AD BE EF
 *      (1436509053.850871)  vcan0  RX - -  123   {B}  11 22 33 44 55 66 77 88
 *      (1436509053.850872)  vcan0  RX - -  123 [0004] (45|81:00:12345678) DE AD BE EF
 *
 * Source: `candump.c` and `lib.c` of https://github.com/linux-can/can-utils.
 *
 * @module
 */

import { CAN_ERR_FLAG, CAN_ERR_MASK, CAN_MAX_DLEN, CANXL_SEC } from "../kernel/can.ts";
import type { MessageInit } from "../message/init.ts";
import { Message } from "../message/message.ts";
import { addChannel } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import { FULL, type LogFormat } from "./format.ts";
import { LineDecoder, textOf } from "./lines.ts";
import { noteOfText } from "./notes.ts";
import { hexBytesOf, messageOf, secondsOf } from "./plain.ts";

/** Time, interface, direction with the flags B and E, identifier, length or length code, and the rest of the line. */
const LINE =
  /^\s*(?:\(([^)]*)\)\s+)?(\S+)\s+(?:(RX|TX)\s+([B-])\s+([E-])\s+)?([0-9A-F]{3}|[0-9A-F]{8})\s+(?:\[(\d{1,4})\]|\{([0-9A-F])\})\s*(.*)$/s;
/** The header of a CAN XL frame: VCID, flags, SDU type, acceptance field, and the data. */
const XL = /^\(([0-9A-F]{2})\|([0-9A-F]{2}):([0-9A-F]{2}):([0-9A-F]{8})\)(.*)$/;

class ScreenDecoder extends LineDecoder {
  protected override line(text: string, items: LogItem[]): void {
    // The error texts of -e begin with a tab.
    if (text.trim() === "" || text[0] === "\t") return;
    const found = LINE.exec(text);
    if (!found) {
      const note = noteOfText(text.trim(), null);
      if (note.type === "dropped") items.push(note);
      else this.diagnose(`line is not a frame: ${text.slice(0, 80)}`, this.from);
      return;
    }
    const message = this.#frame(found);
    if (message instanceof Message) items.push(message);
    else this.diagnose(message, this.from);
  }

  #frame([, time, channel, direction, brs, esi, id, digits, code, rest]: RegExpExecArray): Message | string {
    const timestampNs = time === undefined ? 0n : this.#time(time);
    if (timestampNs === null) return `invalid time: ${time}`;
    addChannel(this.context.info.channels, channel);
    const value = Number.parseInt(id, 16);
    const common = { timestampNs, channel, isRx: direction !== "TX" };
    // candump writes the length of FD frames with two digits, that of XL frames with four.
    if (digits?.length === 4) return xlFrame(rest, { ...common, arbitrationId: value }, Number(digits));
    const dlc = Number.parseInt(code ?? "0", 16);
    const length = digits === undefined ? Math.min(dlc, CAN_MAX_DLEN) : Number(digits);
    const isErrorFrame = id.length === 8 && value >= CAN_ERR_FLAG && /\bERRORFRAME\b/.test(rest);
    const isRemoteFrame = /^remote request/.test(rest);
    const isFd = digits?.length === 2;
    const data = isRemoteFrame ? new Uint8Array(0) : dataOf(rest);
    if (!isRemoteFrame && data.length < length) return `fewer than ${length} bytes of data: ${rest}`;
    return messageOf({
      ...common,
      arbitrationId: isErrorFrame ? value & CAN_ERR_MASK : value,
      isErrorFrame,
      isRemoteFrame,
      isExtendedId: id.length === 8 && !isErrorFrame,
      isFd,
      ...isFd && { bitrateSwitch: brs === "B", errorStateIndicator: esi === "E" },
      data: data.subarray(0, length),
      ...isRemoteFrame && { dlc: length },
      ...dlc > CAN_MAX_DLEN && { len8Dlc: dlc },
    });
  }

  /** Parses seconds (`-t a`, `-t d`, `-t z`), or the date and time of `-t A`, as nanoseconds; null if invalid. */
  #time(text: string): bigint | null {
    const date = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{1,9})$/.exec(text);
    if (!date) return secondsOf(text);
    const [, year, month, day, hour, minute, second, fraction] = date;
    const local = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second);
    const ns = this.context.zone.fromLocal(BigInt(local) * 1_000_000n + BigInt(fraction.padEnd(9, "0")));
    return ns < 0n ? null : ns;
  }
}

/** Returns the bytes at the beginning of a text: pairs of digits, each followed by a space or the end. */
function dataOf(text: string): Uint8Array {
  return hexBytesOf(/^((?:[0-9A-F]{2}(?:\s|$))*)/.exec(text)![1].replace(/\s/g, ""))!;
}

function xlFrame(rest: string, common: MessageInit, length: number): Message | string {
  const header = XL.exec(rest);
  if (!header) return `expected the header of a CAN XL frame such as (45|81:00:12345678): ${rest.slice(0, 80)}`;
  const [vcid, flags, sdt, af] = header.slice(1, 5).map((digits) => Number.parseInt(digits, 16));
  const data = dataOf(header[5].trim());
  if (data.length < length) return `only ${data.length} of ${length} bytes of data are shown`;
  return messageOf({ ...common, isXl: true, vcid, sdt, af, sec: (flags & CANXL_SEC) !== 0, data });
}

/** The screen output of `candump`, which can only be read. */
export const candumpScreen: LogFormat = {
  name: "candump-screen",
  title: "candump output",
  extensions: [],
  appendable: false,
  capacity: {
    ...FULL,
    resolution: 1000,
    timestampSource: false,
    marker: false,
  },
  detect: (head) =>
    LINE.test(textOf(head.subarray(0, 4096)).split(/\r?\n/).find((line) => line.trim() !== "") ?? "") ? 2 : 0,
  decoder: (context) => new ScreenDecoder(context),
  encoder: null,
};
