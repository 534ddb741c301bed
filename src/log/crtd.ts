/**
 * CRTD, the log format of the Open Vehicle Monitoring System (OVMS), also read by SavvyCAN.
 *
 *     1524311386.811100 1R11 102 01 20 A0 33 00 00 00 00
 *     1524311386.811203 CXX a comment
 *
 * Source: https://docs.openvehicles.com/en/latest/crtd/index.html.
 *
 * @module
 */

import { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import { ChannelNames, channelText, FileChannels } from "./channels.ts";
import type { LogItem } from "./entry.ts";
import { type DecodeContext, type EncodeOptions, FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { writeHexData } from "./frame.ts";
import { LineDecoder, textOf } from "./lines.ts";
import { noteOfText, textOfNote } from "./notes.ts";
import { hexBytesOf, messageOf, secondsOf, secondsText } from "./plain.ts";

class CrtdDecoder extends LineDecoder {
  readonly #channels: ChannelNames;

  constructor(context: DecodeContext) {
    super(context);
    this.#channels = new ChannelNames(context.info.channels);
  }

  protected override line(line: string, items: LogItem[]): void {
    const text = line.trim();
    if (text === "") return;
    const found = /^(\d+(?:\.\d+)?)\s+(\d*)([A-Z]\w{2})(?:\s+(.*))?$/s.exec(text);
    const timestampNs = found && secondsOf(found[1]);
    if (!found || timestampNs === null) return this.diagnose("expected a time and a record type", this.from);
    const [, , bus, type, rest = ""] = found;
    if (/^[RT](11|29)$/.test(type)) {
      const [id, ...data] = rest.split(/\s+/);
      const values = hexBytesOf(data.join(""));
      if (!/^[0-9a-f]{1,8}$/i.test(id) || values === null) {
        return this.diagnose(`invalid identifier or data: ${rest.slice(0, 80)}`, this.from);
      }
      const message = messageOf({
        timestampNs,
        arbitrationId: Number.parseInt(id, 16),
        isExtendedId: type.endsWith("29"),
        data: values,
        isRx: type[0] === "R",
        channel: this.#channels.of(bus === "" ? 1 : Number(bus)),
      });
      if (!(message instanceof Message)) return this.diagnose(message, this.from);
      items.push(message);
    } else if (type[0] === "C") {
      if (type === "CVR") this.context.info.version = rest.split(/\s/)[0];
      if (!this.#channels.declareByText(rest)) items.push(noteOfText(rest, timestampNs));
    } else items.push({ type: "object", kind: type, timestampNs });
  }
}

class CrtdEncoder implements LogEncoder {
  readonly #channels: FileChannels;

  constructor(options: EncodeOptions) {
    this.#channels = new FileChannels(options, (number, name, { timestampNs }, out) => {
      out.text(`${secondsText(timestampNs, 6)} CXX ${channelText(number, name)}\n`);
      return true;
    });
  }

  begin(): void {}

  write(item: LogItem, out: Bytes): void {
    const channel = item instanceof Message ? this.#channels.of(item, out) : 0;
    out.text(`${secondsText(item.timestampNs ?? 0n, 6)} `);
    if (item instanceof Message) {
      const width = item.isExtendedId ? 29 : 11;
      out.text(`${channel}${item.isRx ? "R" : "T"}${width} `);
      out.hex(item.arbitrationId, item.isExtendedId ? 8 : 3);
      if (item.data.length > 0) out.byte(32);
      writeHexData(item, out, 32);
    } else out.text(`CXX ${textOfNote(item)}`);
    out.byte(10);
  }
}

/** The CRTD format. */
export const crtd: LogFormat = {
  name: "crtd",
  title: "CRTD log",
  extensions: [".crtd"],
  appendable: true,
  capacity: {
    ...FULL,
    fd: false,
    xl: false,
    remote: false,
    remoteLength: false,
    len8Dlc: false,
    error: false,
    errorData: false,
    errorDirection: false,
    timestampSource: false,
  },
  detect: (head) => /^\d+\.\d+\s+\d*([RT](11|29)|C\w\w)\b/.test(textOf(head.subarray(0, 1024))) ? 2 : 0,
  decoder: (context) => new CrtdDecoder(context),
  encoder: (options) => new CrtdEncoder(options),
};
