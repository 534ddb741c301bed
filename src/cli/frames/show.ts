/**
 * What is shown of a frame: its bytes, its signals, or both.
 *
 * @module
 */

import type { Message } from "../../message/message.ts";
import { decodedJson, decodedText } from "../../dbc/decoded_text.ts";
import type { Decoding } from "../../where/decoding.ts";
import type { Screen } from "./screen.ts";

/** Returns what is shown of a frame, with line ends; "" for nothing. */
export type Show = (message: Message) => string;

/** Shows frames as candump does, and below each what it says. */
export function frames(screen: Screen, decoding: Decoding | null): Show {
  if (decoding === null) return (message) => screen.line(message);
  return (message) => {
    const decoded = decoding.decode(message);
    return screen.line(message) + (decoded ? `    ${decodedText(decoded)}\n` : "");
  };
}

/** Shows only what frames say. */
export function signals(time: (message: Message) => string, decoding: Decoding): Show {
  return (message) => {
    const decoded = decoding.decode(message);
    return decoded ? ` ${time(message)}${decodedText(decoded)}\n` : "";
  };
}

/** Shows frames as JSON, as in the log format, and what they say. */
export function json(decoding: Decoding | null): Show {
  return (message) => {
    const decoded = decoding?.decode(message);
    const fields = { ...message.toJSON(), timestampNs: `${message.timestampNs}` };
    return `${JSON.stringify(decoded ? { ...fields, decoded: decodedJson(decoded) } : fields)}\n`;
  };
}
