/**
 * Colours of frames: an identifier always has the same one, and bytes that changed stand out.
 *
 * @module
 */

import type { Message } from "../../message/message.ts";

/** Colours that can be read on a dark and on a light ground. */
const colors = [31, 32, 33, 34, 35, 36, 91, 92, 94, 95, 96];
const CHANGED = "\x1b[1;7m";
const OFF = "\x1b[0m";

/** The number of identifiers whose last data is remembered. */
const MOST = 4096;

/** Colours the parts of frames, and remembers what each identifier had. */
export class Paint {
  readonly #last = new Map<string, Uint8Array>();

  /** Returns an identifier in its colour. */
  identifier(message: Message, text: string): string {
    const color = message.isErrorFrame
      ? 41
      : colors[(message.arbitrationId * 7 + (message.isXl ? 3 : 0)) % colors.length];
    return `\x1b[${color}m${text}${OFF}`;
  }

  /** Returns the data, with those bytes marked that the last frame of this identifier had not. */
  data(message: Message, data: Uint8Array, digits: readonly string[], swap: boolean): string {
    const { isExtendedId, isErrorFrame, arbitrationId, channel } = message;
    const key = `${channel} ${isErrorFrame ? "E" : isExtendedId ? "X" : "S"}${arbitrationId}`;
    const last = this.#last.get(key);
    if (last || this.#last.size < MOST) this.#last.set(key, data);
    let text = "";
    for (let i = 0; i < data.length; i++) {
      const at = swap ? data.length - 1 - i : i;
      const separator = swap && i > 0 ? "`" : " ";
      const byte = digits[data[at]];
      text += separator + (last && last[at] !== data[at] ? `${CHANGED}${byte}${OFF}` : byte);
    }
    return text;
  }
}
