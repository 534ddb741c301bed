/**
 * Series that can be plotted: their names in the protocol, and what people call them.
 *
 * @module
 */

/** @import { BusRows } from "./bus_rows.js" */

/** What there is of each bus, and its unit. @type {Record<string, [name: string, unit: string]>} */
const ofBuses = {
  load: ["load", "%"],
  rate: ["frames", "/s"],
  "tx-errors": ["transmit error counter", ""],
  "rx-errors": ["receive error counter", ""],
  "error-frames": ["error frames", "/s"],
};

/**
 * @typedef {object} SeriesName
 * @property {string} key
 * @property {string} name
 * @property {string} group The message, or the bus.
 * @property {string} bus
 */

/**
 * What a series is called.
 *
 * @param {string} key
 * @param {BusRows} rows
 * @returns {SeriesName}
 */
export function seriesName(key, rows) {
  const parts = key.split("/");
  const last = decoded(parts.at(-1) ?? "");
  if (parts[0] !== "signal") return { key, name: ofBuses[parts[0]]?.[0] ?? key, group: last, bus: last };
  const row = parts.slice(1, -1).join("/");
  const definition = rows.byKey.get(row)?.definition;
  return { key, name: last, group: definition?.name ?? row, bus: definition?.bus ?? parts[1] };
}

/**
 * All series there are.
 *
 * @param {BusRows} rows
 * @param {readonly string[]} buses
 * @returns {SeriesName[]}
 */
export function allSeries(rows, buses) {
  const signals = [...rows.rows.values()].flatMap(({ definition: { key, signals } }) =>
    signals.map(({ name }) => `signal/${key}/${encodeURIComponent(name)}`)
  );
  const counters = buses.flatMap((bus) => Object.keys(ofBuses).map((kind) => `${kind}/${encodeURIComponent(bus)}`));
  return [...signals, ...counters].map((key) => seriesName(key, rows));
}

/** @param {string} text It may be of an address that somebody has changed. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
