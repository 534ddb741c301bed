/**
 * The table's lines.
 *
 * @module
 */

import { History } from "../../live/history.ts";
import type { LiveSignal, Row } from "../../live/row.ts";
import { valueText } from "../../dbc/decoded_text.ts";
import { byteDigits } from "../../message/hex.ts";
import { printableText } from "../frames/bytes.ts";
import { BYTES, type Item } from "./items.ts";
import { Line, type Style, styles } from "./line.ts";
import type { SortKey } from "./sort.ts";
import { sparkline } from "./spark.ts";
import { widthOf } from "./text.ts";

/** Seconds for which a change is fresh, recent, fading. */
const ages: readonly (readonly [seconds: number, style: Style])[] = [
  [0.5, styles.fresh],
  [1.5, styles.recent],
  [3, styles.fading],
];

/** Seconds after a change in which it looks different from time to time. */
export const FADE = 3;

/** A row that misses so many of its periods, and so many seconds, is silent. */
const MISSED = 5;
const SILENT = 1;

/** The widths of the columns. */
export interface Columns {
  /** 0 if there is one bus. */
  readonly channel: number;
  readonly id: number;
  /** The number of bytes that have room. */
  readonly bytes: number;
  /** The names of signals. */
  readonly signal: number;
  readonly width: number;
}

const COUNT = 8;
const PERIOD = 9;
const JITTER = 8;
const LENGTH = 4;
/** The values of signals. */
const VALUE = 22;
/** The least width of the last column, with names and values, if data would leave it less. */
const NAMES = 16;

/** Returns the widths of the columns for a table and a screen. */
export function columnsOf(rows: readonly Row[], width: number): Columns {
  let [channel, id, length, signal] = [3, 3, 8, 0];
  let several = false;
  for (const row of rows) {
    several ||= row.channel !== rows[0].channel;
    channel = Math.max(channel, widthOf(row.channel));
    id = Math.max(id, row.id.length);
    length = Math.max(length, row.data.length);
    for (const name of row.signals.keys()) signal = Math.max(signal, widthOf(name));
  }
  const fixed = 2 + (several ? channel + 1 : 0) + id + COUNT + PERIOD + JITTER + LENGTH + 3;
  const room = Math.floor((width - fixed - NAMES) / 3);
  return {
    channel: several ? channel : 0,
    id,
    bytes: length <= room ? length : Math.max(room - room % 8, 8),
    signal: Math.min(signal, 32, width >> 2),
    width,
  };
}

/** Draws the titles of the columns; that by which rows are sorted has an arrow. */
export function titleLine({ channel, id, bytes }: Columns, sort: SortKey, reversed: boolean): Line {
  const arrow = reversed ? "▴" : "▾";
  const title = (key: SortKey, text: string) => key === sort ? `${text}${arrow}` : text;
  const line = new Line().add("  ");
  if (channel > 0) line.left(title("bus", "bus"), channel + 1);
  const first = sort === "bus" && channel === 0 ? "bus" : "id";
  line.left(title(first, "id"), id).right(title("count", "count"), COUNT);
  line.right(title("period", "period ms"), PERIOD + 1).right(title("jitter", "jitter"), JITTER - 1);
  line.right("len", LENGTH).add("  ").left(title("changed", "data"), 3 * bytes + 1).add(title("name", "name, values"));
  return line;
}

/** Draws a line of the table. */
export function itemLine(item: Item, columns: Columns, unfolded: boolean, now: number): Line {
  const { row, detail } = item;
  if (detail === null) return rowLine(row, columns, unfolded, now);
  return "signal" in detail ? signalLine(detail.signal, columns, now) : bytesLine(row, detail.from, columns, now);
}

function rowLine(row: Row, columns: Columns, unfolded: boolean, now: number): Line {
  const { message, intervals, known, seenAt } = row;
  const silent = now - seenAt > Math.max(SILENT, MISSED * (intervals.period || 0));
  const style = known.muted || silent ? styles.faint : styles.plain;
  const line = new Line().add(known.muted ? "× " : unfolded ? "▾ " : "▸ ", styles.faint);
  if (columns.channel > 0) line.left(row.channel, columns.channel, style).add(" ");
  line.left(row.id, columns.id, message.isErrorFrame ? styles.bad : style);
  line.right(`${row.count}`, COUNT, style);
  line.right(silent ? agoText(now - seenAt) : timeText(intervals.period), PERIOD, style);
  line.right(timeText(intervals.jitter), JITTER, style).right(`${message.dlc}`, LENGTH, style).add("  ");
  const start = line.width;
  if (message.isRemoteFrame) line.add("remote request", style);
  else {
    const shown = Math.min(columns.bytes, row.data.length);
    addBytes(line, row, 0, shown, now);
    if (shown < row.data.length) line.add("…");
  }
  line.to(start + 3 * columns.bytes + 1);
  if (message.error !== null) return line.add(`${message.error}`, styles.bad);
  if (row.name !== null) addValues(line, row, unfolded, now);
  return line;
}

/** Adds what the database says: all values, or only the name if they stand below. */
function addValues(line: Line, row: Row, unfolded: boolean, now: number): void {
  line.add(row.name ?? "", styles.name);
  for (const fault of row.faults) line.add(` (${fault})`, styles.bad);
  if (unfolded) return;
  for (const { name, decoded, changedAt } of row.signals.values()) {
    line.add(`  ${name} `, styles.faint).add(valueText(decoded), styleAt(now - changedAt));
  }
}

function addBytes(line: Line, row: Row, from: number, to: number, now: number): void {
  for (let i = from; i < to; i++) {
    const age = styleAt(now - row.changedAt[i]);
    const style = age === styles.plain && (row.known.bits[i] ?? 0) !== 0 ? styles.faint : age;
    line.add(byteDigits[row.data[i]], style);
    if (i < to - 1) line.add(" ");
  }
}

function signalLine({ name, decoded, history, changedAt }: LiveSignal, columns: Columns, now: number): Line {
  const line = new Line().add("    ").left(name, columns.signal).add("  ");
  line.add(valueText(decoded), decoded.inRange ? styleAt(now - changedAt) : styles.bad);
  line.to(4 + columns.signal + 2 + VALUE);
  const width = Math.min(columns.width - line.width, History.COUNT);
  return line.add(sparkline(history.slots(Math.max(width, 1), now)), styles.history);
}

function bytesLine(row: Row, from: number, { width }: Columns, now: number): Line {
  const to = Math.min(from + BYTES, row.data.length);
  const line = new Line().add("    ").right(`${from}`, 4, styles.faint).add("  ");
  addBytes(line, row, from, to, now);
  line.to(10 + 3 * Math.min(BYTES, row.data.length)).add(` ${printableText(row.data.subarray(from, to))}`);
  if (row.data.length > 8 || width < 100) return line;
  const bits = Array.from(row.data.subarray(from, to), (byte) => byte.toString(2).padStart(8, "0"));
  return line.to(20 + 3 * Math.min(BYTES, row.data.length)).add(bits.join(" "));
}

/** How something looks that changed so many seconds ago. */
function styleAt(age: number): Style {
  return ages.find(([seconds]) => age < seconds)?.[1] ?? styles.plain;
}

/** Seconds in milliseconds, with as many decimals as say something. */
function timeText(seconds: number): string {
  if (Number.isNaN(seconds)) return "-";
  const milliseconds = 1000 * seconds;
  return milliseconds.toFixed(milliseconds < 10 ? 3 : milliseconds < 1000 ? 2 : milliseconds < 100_000 ? 1 : 0);
}

function agoText(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s ago`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} m ago` : `${Math.floor(seconds / 3600)} h ago`;
}
