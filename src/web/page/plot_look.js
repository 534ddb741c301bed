/**
 * How plots look: colours, dashes, limits, labels.
 *
 * @module
 */

/** @import { PlotSeries } from "../protocol.ts" */

import { timeOfDay } from "./format.js";
import uPlot from "./uplot.js";

/** Colours for light and dark, each with a dash, so that the lines differ without colour too. */
const light = ["#0a5bb8", "#b3420d", "#16703a", "#8a2fb0", "#9a6700", "#c2185b", "#00707a", "#4a5568"];
const dark = ["#6fb3ff", "#ff9e66", "#62d18e", "#d59bf6", "#f2bc55", "#ff8ab5", "#5fd0dc", "#b6c2d0"];
export const dashes = [[], [7, 3], [2, 2], [10, 3, 2, 3], [4, 4], [12, 4], [1, 3], [6, 2, 1, 2]];

export const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

/** @param {number} index */
export const colour = (index) => (isDark() ? dark : light)[index % light.length];

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} index
 * @param {number} from
 * @param {number} to
 * @param {number} y
 * @param {number} scale
 */
export function stroke(context, index, from, to, y, scale) {
  context.strokeStyle = colour(index);
  context.lineWidth = 2 * scale;
  context.setLineDash(dashes[index % dashes.length].map((length) => length * scale));
  context.beginPath();
  context.moveTo(from, y);
  context.lineTo(to, y);
  context.stroke();
}

/** @param {HTMLCanvasElement} canvas @param {number} index */
export function drawSample(canvas, index) {
  const context = canvas.getContext("2d");
  if (context) stroke(context, index, 0, canvas.width, canvas.height / 2, 1.5);
}

/**
 * The series over one list of times. Where one has no point at another's time there is no gap; null is one.
 *
 * @param {readonly PlotSeries[]} series
 */
export function joined(series) {
  if (series.length === 0) return /** @type {uPlot.AlignedData} */ ([[]]);
  return uPlot.join(
    series.map(({ times, minimums, maximums }) => [[...times], [...minimums], [...maximums]]),
  );
}

/**
 * Limits of a scale, with some room; a load is shown from 0 on, and so are counts.
 *
 * @param {string} unit
 * @returns {(chart: uPlot, low: number, high: number) => [number, number]}
 */
export function range(unit) {
  return (_, low, high) => {
    if (low === null || high === null) return [0, 1];
    const room = (high - low || Math.abs(high) || 1) * 0.08;
    const from = (unit === "%" || unit === "/s") && low >= 0 ? 0 : low - room;
    return [from, high + room];
  };
}

/**
 * The labels of the times: with fractions of a second only where they are needed.
 *
 * @param {uPlot} _
 * @param {number[]} times
 */
export function ticks(_, times) {
  const step = times.length > 1 ? times[1] - times[0] : 1;
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
  return times.map((time) => timeOfDay(time + 10 ** -digits / 1000, digits));
}

/**
 * Points of their own are drawn where they are few.
 *
 * @param {uPlot} chart
 * @param {number} index
 * @param {number} first
 * @param {number} last
 */
export function isolated(chart, index, first, last) {
  let there = 0;
  for (let place = first; place <= last; place++) if (chart.data[index][place] != null) there++;
  return there < chart.bbox.width / devicePixelRatio / 12;
}
