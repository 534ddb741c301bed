/**
 * Plots as the page gets them.
 *
 * @module
 */

import type { Plot, PlotSeries } from "../protocol.ts";
import { Refusal } from "../refusal.ts";
import type { Fields } from "../requests.ts";
import { seriesOf, type Source } from "../source.ts";
import type { Series } from "./series.ts";

/** The most series of an answer. */
const SERIES = 32;
/** Rows of a CSV file that are made at once. */
const ROWS = 1000;

interface Window {
  readonly keys: readonly string[];
  readonly from: number;
  readonly to: number;
}

function windowOf(query: Fields): Window {
  const keys = query.texts("series", SERIES);
  const from = query.number("from", -1e12, 1e12);
  const to = query.number("to", -1e12, 1e12);
  if (!(from < to)) throw new Refusal(400, `"from" must be less than "to"`);
  return { keys, from, to };
}

/** Series in a window of time, as fine as pixels are. */
export function plotOf(source: Source, query: Fields): Plot {
  const { keys, from, to } = windowOf(query);
  const pixels = query.whole("pixels", 1, 10_000);
  const series = keys.map((key): PlotSeries => {
    const series = seriesOf(source, key);
    const { first = NaN, last = NaN, unit = "" } = series ?? {};
    return {
      key,
      unit,
      ...series ? pointsOf(series, from, to, pixels) : { times: [], minimums: [], maximums: [] },
      first: Number.isNaN(first) ? null : first,
      last: Number.isNaN(last) ? null : last,
      progress: source.progressOf(key),
    };
  });
  return { from, to, series };
}

function pointsOf(
  series: Series,
  from: number,
  to: number,
  pixels: number,
): Pick<PlotSeries, "times" | "minimums" | "maximums"> {
  const times: number[] = [];
  const minimums: (number | null)[] = [];
  const maximums: (number | null)[] = [];
  let last = NaN;
  for (const stretch of series.query(from, to, pixels)) {
    if (stretch.gap && times.length > 0) {
      times.push((last + stretch.from) / 2);
      minimums.push(null);
      maximums.push(null);
    }
    times.push(stretch.from);
    minimums.push(stretch.minimum);
    maximums.push(stretch.maximum);
    last = stretch.to;
  }
  return { times, minimums, maximums };
}

/** Series in a window of time as CSV, a value a line, in the finest resolution that there is. */
export function csvOf(source: Source, query: Fields): Response {
  const { keys, from, to } = windowOf(query);
  const lines = linesOf(source, keys, from, to);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      let text = "";
      for (let i = 0; i < ROWS; i++) {
        const { done, value } = lines.next();
        if (!done) text += value;
        else {
          if (text) controller.enqueue(encoder.encode(text));
          return controller.close();
        }
      }
      controller.enqueue(encoder.encode(text));
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="plot.csv"',
    },
  });
}

function* linesOf(source: Source, keys: readonly string[], from: number, to: number): Generator<string> {
  yield "time,series,minimum,maximum,unit\r\n";
  for (const key of keys) {
    const series = seriesOf(source, key);
    if (series === undefined) continue;
    const [name, unit] = [cell(key), cell(series.unit)];
    for (const stretch of series.values(from, to)) {
      yield `${stretch.from.toFixed(6)},${name},${stretch.minimum},${stretch.maximum},${unit}\r\n`;
    }
  }
}

/** A text in CSV; what a spreadsheet would take for a formula has an apostrophe before it. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
