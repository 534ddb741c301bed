/**
 * The screen output of `candump`, saved to a file, with or without times (`-t`), directions (`-x`) and error texts (`-e`).
 *
 *      (1436509053.850870)  vcan0  RX - -  123   [4]  DE AD BE EF
 *
 * Source: `candump.c` and `lib.c` of https://github.com/linux-can/can-utils.
 *
 * @module
 */

import { CAN_ERR_FLAG, CAN_ERR_MASK } from "../kernel/can.ts";
import { Message } from "../message/message.ts";
import type { LogItem } from "./entry.ts";
import { FULL, type LogFormat } from "./format.ts";
import { LineDecoder, textOf } from "./lines.ts";
import { noteOfText } from "./notes.ts";
import { hexBytesOf, messageOf, secondsOf } from "./plain.ts";

/** Time, interface, direction with the flags B and E, identifier, length, and the rest of the line. */
const LINE =
  /^\s*(?:\(([^)]*)\)\s+)?(\S+)\s+(?:(RX|TX)\s+([B-])\s+([E-])\s+)?([0-9A-F]{3}|[0-9A-F]{8})\s+\[(\d{1,2})\]\s*(.*)$/;

class ScreenDecoder extends LineDecoder {
  protected override line(bytes: Uint8Array, from: number, to: number, items: LogItem[]): void {
    const text = textOf(bytes.subarray(from, to));
    // The error texts of -e begin with a tab.
    if (text.trim() === "" || text[0] === "\t") return;
    const found = LINE.exec(text);
    if (!found) {
      const note = noteOfText(text.trim(), null);
      if (note.type === "dropped") items.push(note);
      else this.diagnose(`line is not a frame: ${text.slice(0, 80)}`, from, from);
      return;
    }
    const message = this.#frame(found);
    if (message instanceof Message) items.push(message);
    else this.diagnose(message, from, from);
  }

  #frame([, time, channel, direction, brs, esi, id, length, rest]: RegExpExecArray): Message | string {
    const timestampNs = time === undefined ? 0n : this.#time(time);
    if (timestampNs === null) return `invalid time: ${time}`;
    this.context.info.channels.add(channel);
    const value = Number.parseInt(id, 16);
    const isErrorFrame = id.length === 8 && value >= CAN_ERR_FLAG && /\bERRORFRAME\b/.test(rest);
    const isRemoteFrame = /^remote request/.test(rest);
    // candump writes the length of FD frames with two digits.
    const isFd = length.length === 2;
    const digits = /^((?:[0-9A-F]{2}(?:\s|$))*)/.exec(rest)?.[1] ?? "";
    const data = isRemoteFrame ? new Uint8Array(0) : hexBytesOf(digits.replace(/\s/g, ""));
    if (data === null || (!isRemoteFrame && data.length < Number(length))) {
      return `fewer than ${length} bytes of data: ${rest}`;
    }
    return messageOf({
      timestampNs,
      channel,
      arbitrationId: isErrorFrame ? value & CAN_ERR_MASK : value,
      isErrorFrame,
      isRemoteFrame,
      isExtendedId: id.length === 8 && !isErrorFrame,
      isFd,
      ...isFd && { bitrateSwitch: brs === "B", errorStateIndicator: esi === "E" },
      data: data.subarray(0, Number(length)),
      ...isRemoteFrame && { dlc: Number(length) },
      isRx: direction !== "TX",
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

/** The screen output of `candump`, which can only be read. */
export const candumpScreen: LogFormat = {
  name: "candump-screen",
  title: "candump output",
  extensions: [],
  appendable: false,
  capacity: {
    ...FULL,
    xl: false,
    len8Dlc: false,
    resolution: 1000,
    timestampSource: false,
    marker: false,
  },
  detect: (head) =>
    LINE.test(textOf(head.subarray(0, 4096)).split(/\r?\n/).find((line) => line.trim() !== "") ?? "") ? 2 : 0,
  decoder: (context) => new ScreenDecoder(context),
  encoder: null,
};
