/**
 * Rows and frames as the page gets them.
 *
 * @module
 */

import { bitsOf } from "../dbc/bits.ts";
import { decodedText } from "../dbc/decoded_text.ts";
import type { DecodedMessage } from "../dbc/decode.ts";
import type { DatabaseMessage, Signal } from "../dbc/model.ts";
import type { Row } from "../live/row.ts";
import { bytesText } from "../message/hex.ts";
import { droppedBefore } from "../message/losses.ts";
import type { Message } from "../message/message.ts";
import type { Databases } from "./databases.ts";
import type {
  FrameFields,
  FrameFlag,
  MessageDefinition,
  RowDefinition,
  RowValues,
  SignalDefinition,
  SignalValue,
  TraceFrame,
} from "./protocol.ts";
import { keyOf } from "./row_key.ts";
import type { Numbered } from "./trace_view.ts";

/** The bytes of a frame's data in a row. */
const ROW_BYTES = 64;

/** A value for JSON: NaN, infinities and bigints beyond 2^53 become texts. */
function plain(value: number | bigint): number | string {
  // At most 15 digits, which is what a double holds: 0.1 * 3 is 0.3.
  if (typeof value === "number") return Number.isFinite(value) ? Number(value.toPrecision(15)) : `${value}`;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : `${value}`;
}

function kindOf(message: Message): RowDefinition["kind"] {
  return message.isErrorFrame ? "error" : message.isXl ? "xl" : message.isRemoteFrame ? "remote" : "data";
}

function flagsOf(message: Message): FrameFlag[] {
  const flags: FrameFlag[] = [];
  if (message.isFd) flags.push("fd");
  if (message.bitrateSwitch) flags.push("brs");
  if (message.errorStateIndicator) flags.push("esi");
  if (message.isLocal) flags.push("tx");
  return flags;
}

function fieldsOf(message: Message, most: number): FrameFields {
  const flags = flagsOf(message);
  const { isXl, vcid, sdt, af, sec } = message;
  return {
    length: message.dlc,
    data: bytesText(message.data.subarray(0, most)),
    ...flags.length > 0 && { flags },
    ...message.isErrorFrame && { text: `${message.error}` },
    ...isXl && { xl: { vcid, sdt, af, sec } },
  };
}

/** A row as it is when it is new to a client. */
export function rowDefinition(row: Row, number: number, databases: Databases): RowDefinition {
  const { message } = row;
  const known = databases.decode(message)?.message ?? null;
  return {
    row: number,
    key: keyOf(row),
    bus: row.channel,
    id: message.arbitrationId,
    extended: message.isExtendedId,
    kind: kindOf(message),
    name: known?.name ?? null,
    comment: known?.comment ?? null,
    senders: known?.senders ?? [],
    cycleTime: known?.cycleTime ?? null,
    signals: known?.signals.map(signalDefinition) ?? [],
  };
}

/** A row's values. */
export function rowValues(
  row: Row,
  number: number,
  changed: Uint8Array | null,
  unfolded: boolean,
  databases: Databases,
): RowValues {
  const { message, count, intervals: { period, jitter } } = row;
  return {
    row: number,
    count,
    time: message.timestamp,
    period: Number.isNaN(period) ? null : period,
    jitter: Number.isNaN(jitter) ? null : jitter,
    frame: fieldsOf(message, ROW_BYTES),
    ...changed !== null && { changed: bytesText(changed.subarray(0, Math.min(message.data.length, ROW_BYTES))) },
    ...unfolded && { values: valuesOf(databases.decode(message)) },
  };
}

function valuesOf(decoded: DecodedMessage | null): (SignalValue | null)[] {
  return decoded?.message.signals.map(({ name }) => {
    if (!Object.hasOwn(decoded.signals, name)) return null;
    const { raw, value, label, inRange } = decoded.signals[name];
    return {
      value: plain(value),
      raw: plain(raw),
      ...label !== null && { label },
      ...!inRange && { outside: true as const },
    };
  }) ?? [];
}

/** All that can be searched for in a row. */
export function rowText(row: Row, databases: Databases): string {
  const decoded = databases.decode(row.message);
  const { error } = row.message;
  return `${row.channel} ${row.id} ${decoded ? decodedText(decoded) : ""}${error ?? ""}`;
}

function signalDefinition(signal: Signal): SignalDefinition {
  const bits = bitsOf(signal);
  return {
    name: signal.name,
    unit: signal.unit,
    minimum: signal.minimum,
    maximum: signal.maximum,
    comment: signal.comment,
    bytes: [Math.min(...bits) >> 3, Math.max(...bits) >> 3],
    labels: [...signal.labels].map(([raw, label]) => [plain(raw), label] as const),
  };
}

/** A message that can be sent. */
export function messageDefinition(message: DatabaseMessage): MessageDefinition {
  return {
    name: message.name,
    id: message.frameId,
    extended: message.isExtendedId,
    length: message.length,
    fd: message.isFd,
    cycleTime: message.cycleTime,
    comment: message.comment,
    signals: message.signals.map(signalDefinition),
  };
}

/** A frame of the trace. */
export function traceFrame({ message, index }: Numbered, databases: Databases): TraceFrame {
  const decoded = databases.decode(message);
  const lost = droppedBefore(message);
  return {
    index,
    time: message.timestamp,
    bus: message.channel ?? "",
    id: message.arbitrationId,
    extended: message.isExtendedId,
    kind: kindOf(message),
    ...fieldsOf(message, Infinity),
    ...lost > 0 && { lost },
    ...decoded && { name: decoded.name, signals: decodedText(decoded).slice(decoded.name.length + 2) },
  };
}
