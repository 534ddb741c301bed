/**
 * The log format that `candump -l` and `-L` write and `canplayer` reads.
 *
 *     (1436509053.850870) vcan0 12345678#11223344556677 T
 *
 * Source: `lib.h`, `lib.c` and `candump.c` of https://github.com/linux-can/can-utils.
 *
 * @module
 */

import { CAN_ERR_FLAG, CANXL_XLF } from "../kernel/can.ts";
import { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import { CandumpDecoder } from "./candump_read.ts";
import type { LogItem, LogNote } from "./entry.ts";
import { FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { writeHexData } from "./frame.ts";
import { textOf } from "./lines.ts";
import { NO_CHANNEL, textOfNote } from "./notes.ts";
import { splitTime, type Time, timeOf } from "./time.ts";

const [SPACE, HASH, OPEN, CLOSE, DOT, UNDERSCORE, R] = [..." #()._R"].map((each) => each.charCodeAt(0));

class CandumpEncoder implements LogEncoder {
  begin(): void {}

  write(item: LogItem, out: Bytes): void {
    if (item instanceof Message) this.#message(item, out);
    else this.#note(item, out);
  }

  #message(message: Message, out: Bytes): void {
    writeTime(splitTime(message), out);
    out.text(message.channel ?? NO_CHANNEL);
    out.byte(SPACE);
    if (message.isXl) {
      out.hex(message.vcid, 2);
      out.hex(message.priority, 3);
      out.text("#");
      out.hex(CANXL_XLF | (message.sec ? 1 : 0), 2);
      out.text(":");
      out.hex(message.sdt, 2);
      out.text(":");
      out.hex(message.af, 8);
      out.text("#");
      writeHexData(message, out);
    } else {
      const id = message.isErrorFrame ? message.arbitrationId + CAN_ERR_FLAG : message.arbitrationId;
      out.hex(id, message.isExtendedId || message.isErrorFrame ? 8 : 3);
      out.byte(HASH);
      if (message.isFd) {
        out.byte(HASH);
        out.hex(message.fdFlags, 1);
      } else if (message.isRemoteFrame) {
        out.byte(R);
        if (message.dlc > 0) out.decimal(message.dlc);
      }
      writeHexData(message, out);
      if (message.len8Dlc > 0) {
        out.byte(UNDERSCORE);
        out.hex(message.len8Dlc, 1);
      }
    }
    if (!message.isRx) out.text(" T");
    out.byte(10);
  }

  #note(note: LogNote, out: Bytes): void {
    out.text("# ");
    const { timestampNs } = note;
    if (timestampNs !== null) writeTime(timeOf(timestampNs), out);
    out.text(textOfNote(note));
    out.byte(10);
  }
}

/** Appends the time in parentheses, with 6 decimals if that is exact, else 9, as candump does. */
function writeTime({ seconds, nanoseconds }: Time, out: Bytes): void {
  out.byte(OPEN);
  out.decimal(seconds, 10);
  out.byte(DOT);
  if (nanoseconds % 1000 === 0) out.decimal(nanoseconds / 1000, 6);
  else out.decimal(nanoseconds, 9);
  out.byte(CLOSE);
  out.byte(SPACE);
}

/** A line that begins like a frame. */
const LINE = /^\(\d+\.\d+\) +\S+ +[0-9A-Fa-f]{3,8}#/m;

/** The log format of `candump -l`. */
export const candump: LogFormat = {
  name: "candump",
  title: "candump log",
  extensions: [".log"],
  appendable: true,
  capacity: {
    ...FULL,
    notInNames: /[\s\0]|^any$/, // "any" stands for an unknown channel
    timestampSource: false,
  },
  detect: (head) => LINE.test(textOf(head.subarray(0, 4096))) ? 2 : 0,
  decoder: (context) => new CandumpDecoder(context),
  encoder: () => new CandumpEncoder(),
};
