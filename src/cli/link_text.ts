/**
 * Links in words.
 *
 * @module
 */

import { isEqual } from "../link/is_equal.ts";
import type { LinkStatistics } from "../link/statistics.ts";
import type { LinkStatus } from "../link/status.ts";

/** Describes a link in a few lines. */
export function describeLink(status: LinkStatus): string {
  const { name, kind, isUp, mtu, txQueueLength, driver, state, errorCounters, bitTiming, dataBitTiming, modes } =
    status;
  const parts = [`${name}: ${isUp ? "up" : "down"}, ${kind ?? "unknown kind"}`];
  if (driver && driver !== kind) parts.push(`driver ${driver}`);
  parts.push(`mtu ${mtu}`, `queue of ${txQueueLength}`);
  const lines = [parts.join(", ")];
  if (kind !== "can") return `${lines.join("\n")}\n`;
  const counters = errorCounters ? `, error counters tx ${errorCounters.tx}, rx ${errorCounters.rx}` : "";
  lines.push(`    state ${state}${counters}, restart-ms ${status.restartMs}`);
  if (bitTiming) lines.push(`    bitrate ${bitTiming.bitrate}, sample point ${bitTiming.samplePoint}`);
  else lines.push("    no bitrate");
  if (dataBitTiming) lines.push(`    data bitrate ${dataBitTiming.bitrate}, sample point ${dataBitTiming.samplePoint}`);
  if (modes && modes.length > 0) lines.push(`    ${modes.join(", ")}`);
  return `${lines.join("\n")}\n`;
}

/** What differs between two readings of a link: before and after, by field. */
export function changesOf(before: LinkStatus, after: LinkStatus): Record<string, [before: unknown, after: unknown]> {
  const changes: Record<string, [unknown, unknown]> = {};
  for (const name of Object.keys(after) as (keyof LinkStatus)[]) {
    if (name === "details" || name === "unknown" || name === "unknownCan" || isEqual(before[name], after[name])) {
      continue;
    }
    changes[name] = [before[name], after[name]];
  }
  return changes;
}

/** Describes the statistics of a link, without the counters that are 0. */
export function statisticsOf({ name, rx, tx, device }: LinkStatistics): string {
  const groups = { rx, tx, controller: device ?? {} };
  const lines = Object.entries(groups).flatMap(([group, counters]) => {
    const shown = Object.entries(counters as Record<string, number>).filter(([each, count]) =>
      count > 0 || (each === "packets" || each === "dropped")
    );
    return shown.length > 0 ? [`    ${group}: ${shown.map(([each, count]) => `${each} ${count}`).join(", ")}`] : [];
  });
  return `${name}\n${lines.join("\n")}\n`;
}
