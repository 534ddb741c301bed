/**
 * Frames as candump shows them.
 *
 *      (1436509053.850870)  vcan0  RX - -  123   [4]  DE AD BE EF
 *
 * Source: `candump.c` and `lib.c` of https://github.com/linux-can/can-utils.
 *
 * @module
 */

import { CAN_ERR_FLAG } from "../../kernel/can.ts";
import type { Message } from "../../message/message.ts";
import { byteDigits, hexText, identifierText } from "../../message/hex.ts";
import { printableText } from "./bytes.ts";
import { Paint } from "./paint.ts";

/** How frames are shown. */
export interface ScreenOptions {
  /** The beginning of each line, before the interface. */
  readonly time: (message: Message) => string;
  /** Whether to show the direction and the flags BRS and ESI. */
  readonly direction?: boolean;
  /** Whether to show data as text too. */
  readonly ascii?: boolean;
  /** Whether to show data in binary digits. */
  readonly binary?: boolean;
  /** Whether to show data from the last byte to the first. */
  readonly swap?: boolean;
  /** Whether to explain error frames. */
  readonly errors?: boolean;
  /** Whether to show the length code of classic frames with 8 bytes: `[9]` to `[F]`. */
  readonly len8?: boolean;
  readonly colors?: boolean;
  /** The least width of the interface's name. */
  readonly width: number;
}

const BINARY = Array.from({ length: 256 }, (_, byte) => byte.toString(2).padStart(8, "0"));

/** Shows frames, each as a line. */
export class Screen {
  readonly #options: ScreenOptions;
  readonly #paint: Paint | null;
  readonly #digits: readonly string[];
  #width: number;
  /** Whether an extended frame was seen: from then on standard identifiers are moved to the right. */
  #indent = false;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#width = options.width;
    this.#paint = options.colors ? new Paint() : null;
    this.#digits = options.binary ? BINARY : byteDigits;
  }

  /** Returns the line of a frame, with its line end. */
  line(message: Message): string {
    const options = this.#options;
    const channel = message.channel ?? "";
    if (channel.length > this.#width) this.#width = channel.length;
    const { data } = message;
    let line = ` ${options.time(message)} ${channel.padStart(this.#width)}`;
    if (options.direction) {
      const brs = message.bitrateSwitch ? "B" : "-";
      line += `  ${message.isLocal ? "TX" : "RX"} ${brs} ${message.errorStateIndicator ? "E" : "-"}`;
    }
    const id = this.#identifier(message);
    line += `  ${this.#paint?.identifier(message, id) ?? id}  ${this.#length(message, data.length)}`;
    if (message.isRemoteFrame) return `${line} remote request\n`;
    line += this.#data(message, data);
    if (data.length <= 8) line += this.#text(message, data);
    if (options.errors && message.error) line += errorText(message);
    return `${line}\n`;
  }

  #identifier(message: Message): string {
    const id = message.arbitrationId;
    if (message.isErrorFrame) return hexText(id + CAN_ERR_FLAG, 8);
    if (message.isXl) return `${byteDigits[message.vcid]}${hexText(message.priority, 3)}`;
    if (message.isExtendedId) this.#indent = true;
    const digits = identifierText(id, message.isExtendedId);
    return this.#indent ? digits.padStart(8) : digits;
  }

  #length(message: Message, length: number): string {
    if (message.isXl) {
      return `[${String(length).padStart(4, "0")}] (${byteDigits[message.sdt]}:${hexText(message.af, 8)})`;
    }
    if (message.isFd) return `[${String(length).padStart(2, "0")}] `;
    const { len8Dlc } = message;
    const shown = this.#options.len8 && len8Dlc > 0 ? hexText(len8Dlc, 1) : message.dlc;
    return ` [${shown}] `;
  }

  #data(message: Message, data: Uint8Array): string {
    const digits = this.#digits;
    if (this.#paint) return this.#paint.data(message, data, digits, this.#options.swap === true);
    let text = "";
    if (this.#options.swap) {
      for (let i = data.length - 1; i >= 0; i--) text += `${i === data.length - 1 ? " " : "`"}${digits[data[i]]}`;
    } else for (let i = 0; i < data.length; i++) text += ` ${digits[data[i]]}`;
    return text;
  }

  /** What stands behind the data, at a fixed place. */
  #text(message: Message, data: Uint8Array): string {
    const free = (this.#options.binary ? 9 : 3) * (8 - data.length);
    if (message.isErrorFrame) return "ERRORFRAME".padStart(free + 13);
    if (!this.#options.ascii) return "";
    const quote = this.#options.swap ? "`" : "'";
    const text = printableText(this.#options.swap ? data.toReversed() : data);
    return `${quote.padStart(free + 4)}${text}${quote}`;
  }
}

/** An error frame in words, each class on a line. */
function errorText(message: Message): string {
  return `\n\t${`${message.error}`.replaceAll(/, (?![^{]*\})/g, "\n\t")}`;
}
