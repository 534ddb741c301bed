/**
 * J1939 messages as text and as JSON.
 *
 * @module
 */

import type { Database } from "../../dbc/database.ts";
import type { J1939Message } from "../../j1939/message.ts";
import { decodedJson, decodedText } from "../../dbc/decoded_text.ts";
import { bytesText } from "../../message/hex.ts";
import { addressText, pgnText } from "./words.ts";

/** Writes a message, and below it what it says: ` vcan0  00 -> all  F004 (61444)  p3  [8]  FF …`. */
export function messageText(
  channel: string,
  message: J1939Message,
  time: (message: J1939Message) => string,
  database: Database | null,
): string {
  const { pgn, source, destination, priority, data } = message;
  const decoded = database?.decode(message);
  const head = ` ${time(message)} ${channel}  ${addressText(source)} -> ${addressText(destination).padEnd(3)}`;
  const line = `${head}  ${pgnText(pgn)}  p${priority}  [${data.length}]  ${bytesText(data, " ")}`.trimEnd();
  return `${line}\n${decoded ? `    ${decodedText(decoded)}\n` : ""}`;
}

/** Writes a message as JSON. A NAME is 16 hexadecimal digits. */
export function messageJson(channel: string, message: J1939Message, database: Database | null): string {
  const { pgn, source, name, destination, priority, data, timestampNs, isLocal } = message;
  const decoded = database?.decode(message);
  return `${
    JSON.stringify({
      timestampNs: `${timestampNs}`,
      channel,
      pgn,
      source,
      name: name === null ? null : name.toString(16).padStart(16, "0"),
      destination,
      priority,
      data: [...data],
      isLocal,
      ...decoded && { decoded: decodedJson(decoded) },
    })
  }\n`;
}
