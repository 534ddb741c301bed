/**
 * The head of the screen: a line for all, and one for each bus.
 *
 * @module
 */

import type { LinkStatus } from "../../link/status.ts";
import type { Bitrates } from "../../live/traffic.ts";
import { Line, styles } from "./line.ts";

/** A bus, as the head shows it. */
export interface BusState {
  readonly name: string;
  /** What the kernel says of the interface; null if it is gone. */
  readonly status: LinkStatus | null;
  readonly bitrates: Bitrates | null;
  /** Frames a second. */
  readonly rate: number;
  /** The part of the last second in which the wire was in use. */
  readonly load: number;
}

/** What the first line says. */
export interface Summary {
  readonly shown: number;
  readonly rows: number;
  readonly muted: number;
  readonly frames: number;
  /** Frames that were lost on their way to this program. */
  readonly dropped: number;
  /** Frames for which the table had no room. */
  readonly overflow: number;
  readonly filter: string | null;
  readonly isPaused: boolean;
  readonly onlyNews: boolean;
  readonly log: { readonly path: string; readonly count: number } | null;
}

/** The width of a bar of load. */
const BAR = 10;

/** Draws the first line. */
export function summaryLine(summary: Summary): Line {
  const { shown, rows, muted, frames, dropped, overflow, filter, isPaused, onlyNews, log } = summary;
  const line = new Line().add("can view", styles.title);
  if (isPaused) line.add("  ").add(" PAUSED ", styles.heading);
  line.add(`  ${shown === rows ? "" : `${shown} of `}${counted(rows, "row")}${muted > 0 ? `, ${muted} muted` : ""}`);
  line.add(`  ${counted(frames, "frame")}  `).add(`${dropped} dropped`, dropped > 0 ? styles.bad : styles.plain);
  if (overflow > 0) line.add("  ").add(`${counted(overflow, "frame")} had no room`, styles.bad);
  if (log !== null) line.add("  ").add(`log ${log.path}: ${log.count}`, styles.good);
  if (onlyNews) line.add("  only news", styles.title);
  if (filter !== null) line.add("  filter: ", styles.title).add(filter);
  return line;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Draws the lines of buses, at most so many. */
export function busLines(buses: readonly BusState[], most: number): Line[] {
  const shown = buses.length > most ? buses.slice(0, Math.max(most - 1, 0)) : buses;
  const names = Math.max(...shown.map(({ name }) => name.length));
  const bitrates = Math.max(...shown.map((bus) => bitrateText(bus).length));
  const states = Math.max(...shown.map((bus) => stateText(bus).length));
  const lines = shown.map((bus) => {
    const line = new Line().left(bus.name, names, styles.title).add("  ");
    line.left(bitrateText(bus), bitrates).add("  ");
    line.left(stateText(bus), states, isWell(bus) ? styles.good : styles.bad).add("  load ");
    if (bus.bitrates === null) line.left("unknown", BAR + 7, styles.faint);
    else line.add(bar(bus.load), bus.load > 0.8 ? styles.bad : styles.history).right(percent(bus.load), 7);
    return line.right(`${Math.round(bus.rate)}/s`, 9);
  });
  if (shown.length < buses.length) lines.push(new Line().add(`and ${buses.length - shown.length} more`, styles.faint));
  return lines.slice(0, most);
}

function bitrateText({ bitrates }: BusState): string {
  if (bitrates === null) return "no bitrate";
  const text = (bitrate: number) => bitrate % 1e6 === 0 ? `${bitrate / 1e6}M` : `${bitrate / 1000}k`;
  const { bitrate, dataBitrate } = bitrates;
  return text(bitrate) + (dataBitrate === bitrate ? "" : `/${text(dataBitrate)}`);
}

function stateText({ status }: BusState): string {
  if (status === null) return "GONE";
  const { isUp, state, errorCounters } = status;
  const counters = errorCounters ? ` tx ${errorCounters.tx} rx ${errorCounters.rx}` : "";
  return `${isUp ? state ?? "up" : "DOWN"}${counters}`;
}

function isWell({ status }: BusState): boolean {
  return status !== null && status.isUp && (status.state === null || status.state === "ERROR-ACTIVE");
}

function percent(load: number): string {
  return `${(100 * load).toFixed(1)} %`;
}

/** The load as a bar, in eighths of a column. */
function bar(load: number): string {
  const eighths = Math.round(8 * BAR * Math.min(load, 1));
  const part = eighths % 8 === 0 ? "" : "▏▎▍▌▋▊▉"[eighths % 8 - 1];
  return `${"█".repeat(eighths >> 3)}${part}`.padEnd(BAR, "·");
}
