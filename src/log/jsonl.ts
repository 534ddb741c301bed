/**
 * JSON lines: one object per line, `Message.toJSON` with exact times and their source. It stores every field of messages and notes.
 *
 *     {"timestampNs":"1436509053850870000","channel":"vcan0","arbitrationId":291,"data":[222,173], …}
 *
 * @module
 */

import type { MessageInit } from "../message/init.ts";
import { Message } from "../message/message.ts";
import type { Bytes } from "./bytes.ts";
import { addChannel } from "./channels.ts";
import type { LogItem, LogNote } from "./entry.ts";
import { FULL, type LogEncoder, type LogFormat } from "./format.ts";
import { LineDecoder, textOf } from "./lines.ts";

class JsonDecoder extends LineDecoder {
  protected override line(line: string, items: LogItem[]): void {
    const text = line.trim();
    if (text === "") return;
    try {
      items.push(this.#item(objectOf(text)));
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      this.diagnose(error.message, this.from);
    }
  }

  #item({ timestampNs: given = null, ...fields }: Record<string, unknown>): LogItem {
    if (given !== null && !/^\d{1,30}$/.test(`${given}`)) throw new TypeError(`invalid time of ${given} ns`);
    const timestampNs = given === null ? null : BigInt(given as string);
    if (typeof fields.type === "string") return noteOf(fields, timestampNs);
    if (timestampNs !== null) delete fields.timestamp;
    const message = new Message({ ...fields, ...timestampNs !== null && { timestampNs } } as MessageInit);
    if (message.channel !== null) addChannel(this.context.info.channels, message.channel);
    return message;
  }
}

function objectOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    value = null; // the engines' messages differ
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError(`line is not a JSON object: ${text.slice(0, 80)}`);
}

function noteOf(fields: Record<string, unknown>, timestampNs: bigint | null): LogNote {
  const { type, text, kind, channel = null, count = null } = fields;
  if (type === "marker" && typeof text === "string") return { type, timestampNs, text };
  if (type === "object" && typeof kind === "string") return { type, timestampNs, kind };
  const counted = count === null || typeof count === "number";
  if (type === "dropped" && counted && (channel === null || typeof channel === "string")) {
    return { type, timestampNs, channel, count };
  }
  throw new TypeError(`unknown type of entry: ${JSON.stringify(fields)}`);
}

class JsonEncoder implements LogEncoder {
  begin(): void {}

  write(item: LogItem, out: Bytes): void {
    const fields = item instanceof Message
      ? { ...item.toJSON(), ...item.timestampSource !== null && { timestampSource: item.timestampSource } }
      : item;
    const { timestampNs } = item;
    out.text(JSON.stringify({ ...fields, timestampNs: timestampNs === null ? null : `${timestampNs}` }));
    out.byte(10);
  }
}

/** The JSON lines format. */
export const jsonl: LogFormat = {
  name: "jsonl",
  title: "JSON lines",
  extensions: [".jsonl", ".ndjson"],
  appendable: true,
  capacity: FULL,
  detect: (head) => /^\s*\{.*"(arbitrationId|timestampNs)"/.test(textOf(head.subarray(0, 4096))) ? 2 : 0,
  decoder: (context) => new JsonDecoder(context),
  encoder: () => new JsonEncoder(),
};
