/**
 * A pane: some series over the same time.
 *
 * @module
 */

/** @import { PlotSeries } from "../protocol.ts" */
/** @import { SeriesName } from "./series.js" */

import { fill, iconButton, make, write } from "./dom.js";
import { quantity } from "./format.js";
import { colour, dashes, drawSample, isDark, isolated, joined, range, stroke, ticks } from "./plot_look.js";
import { plotGestures } from "./plot_gestures.js";
import uPlot from "./uplot.js";

/** @typedef {{ from: number, to: number }} Window */

/**
 * @typedef {object} PaneActions
 * @property {() => Window} window The time that is shown.
 * @property {(window: Window) => void} show Shows another time.
 * @property {(key: string) => SeriesName} name
 * @property {() => void} choose Lets the user choose series.
 * @property {(key: string) => void} drop Takes a series out.
 * @property {() => void} remove Takes the pane away.
 * @property {() => string} csv The address of the values as CSV.
 */

export class PlotPane {
  /**
   * @param {readonly string[]} keys
   * @param {PaneActions} actions
   */
  constructor(keys, actions) {
    this.keys = keys;
    this.actions = actions;
    /** @type {readonly PlotSeries[]} */
    this.series = [];
    /** @type {uPlot | null} */
    this.chart = null;
    this.layout = "";
    this.area = make("div", { class: "chart" });
    this.legend = make("ul", { class: "legend", "aria-label": "Series" });
    this.values = keys.map(() => make("b", { class: "value" }));
    this.csv = make("a", { class: "button", title: "All values in this time, as CSV", download: "plot.csv" }, "CSV");
    this.csv.addEventListener("click", () => this.csv.href = actions.csv());
    this.csv.href = "#";
    this.element = make(
      "figure",
      { class: "pane" },
      make(
        "figcaption",
        { class: "pane-head" },
        this.legend,
        make("button", { type: "button", title: "Choose the series of this plot", onclick: actions.choose }, "Series…"),
        make("button", { type: "button", title: "This plot as a picture", onclick: () => this.#save() }, "PNG"),
        this.csv,
        iconButton("cross", "Remove this plot", actions.remove),
      ),
      this.area,
    );
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(this.area);
    this.#drawLegend();
  }

  /** The width of the plotting area in pixels of the screen. */
  get pixels() {
    return Math.max(
      50,
      Math.round((this.chart ? this.chart.bbox.width : this.area.clientWidth * devicePixelRatio) || 800),
    );
  }

  /** @param {readonly PlotSeries[]} series Those of this pane, in its order. */
  show(series) {
    this.series = series;
    const layout = JSON.stringify([this.keys, series.map(({ unit }) => unit), isDark()]);
    const data = joined(series);
    if (this.chart === null || layout !== this.layout) {
      this.layout = layout;
      this.chart?.destroy();
      this.chart = this.#chart(data);
      this.#drawLegend();
    } else this.chart.setData(data);
    this.#drawValues();
  }

  /** The names of the series may have changed. */
  named() {
    this.#drawLegend();
  }

  /** Shows another time of what is there. */
  move() {
    const { from, to } = this.actions.window();
    this.chart?.setScale("x", { min: from, max: to });
  }

  /** Ends the pane. */
  close() {
    this.observer.disconnect();
    this.chart?.destroy();
    this.element.remove();
  }

  /** @param {uPlot.AlignedData} data */
  #chart(data) {
    const style = getComputedStyle(this.element);
    const [text, line] = [style.getPropertyValue("--dim"), style.getPropertyValue("--hair")];
    const units = [...new Set(this.series.map(({ unit }) => unit))];
    /** @type {(unit: string) => string} */
    const scale = (unit) => `y${unit}`;
    const font = `11px ${style.getPropertyValue("--sans")}`;
    const chart = new uPlot(
      {
        width: Math.max(100, this.area.clientWidth),
        height: Math.max(80, this.area.clientHeight),
        padding: [8, units.length > 1 ? 4 : 12, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: "plots", scales: ["x", null] },
          drag: { x: true, y: false, setScale: false },
          points: { size: 7 },
        },
        scales: {
          x: {
            time: true,
            range: () => {
              const { from, to } = this.actions.window();
              return [from, to];
            },
          },
          ...Object.fromEntries(units.map((unit) => [scale(unit), { auto: true, range: range(unit) }])),
        },
        axes: [
          {
            stroke: text,
            font,
            grid: { stroke: line },
            ticks: { stroke: line, size: 4 },
            size: 28,
            space: 90,
            values: ticks,
          },
          ...units.slice(0, 2).map((unit, index) => ({
            scale: scale(unit),
            side: index === 0 ? 3 : 1,
            stroke: text,
            font,
            size: 56,
            grid: { show: index === 0, stroke: line },
            ticks: { stroke: line, size: 4 },
            label: unit || undefined,
            labelSize: unit ? 16 : 0,
            labelGap: 0,
            labelFont: font,
            values: (/** @type {uPlot} */ _, /** @type {number[]} */ values) => values.map(quantity),
          })),
        ],
        series: [
          {},
          ...this.series.flatMap(({ unit }, index) => {
            const look = {
              scale: scale(unit),
              stroke: colour(index),
              width: 1.25,
              dash: dashes[index % dashes.length],
            };
            return [{ ...look, points: { show: false } }, {
              ...look,
              points: { show: isolated, size: 4, fill: colour(index) },
            }];
          }),
        ],
        bands: this.series.map((_, index) => ({
          series: /** @type {uPlot.Band.Bounds} */ ([2 * index + 2, 2 * index + 1]),
          fill: `${colour(index)}38`,
        })),
        hooks: {
          setCursor: [() => this.#drawValues()],
          setSelect: [(chart) => this.#zoom(chart)],
        },
      },
      data,
      this.area,
    );
    plotGestures(chart.over, {
      window: this.actions.window,
      show: this.actions.show,
      time: (left) => chart.posToVal(left, "x"),
    });
    return chart;
  }

  /** @param {uPlot} chart */
  #zoom(chart) {
    const { left, width } = chart.select;
    if (width < 4) return;
    const [from, to] = [chart.posToVal(left, "x"), chart.posToVal(left + width, "x")];
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.actions.show({ from, to });
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.area;
    if (this.chart !== null && width > 0 && height > 0) this.chart.setSize({ width, height });
  }

  #drawLegend() {
    fill(
      this.legend,
      ...this.keys.map((key, index) => {
        const { name, group, bus } = this.actions.name(key);
        const sample = make("canvas", { width: 36, height: 12, class: "sample", "aria-hidden": "true" });
        drawSample(sample, index);
        return make(
          "li",
          {},
          sample,
          make("span", { class: "series-name", title: `${group} on ${bus}` }, name),
          make("span", { class: "dim series-group" }, group === bus ? bus : `${group} ${bus}`),
          this.values[index],
          iconButton("cross", `Take out ${name}`, () => this.actions.drop(key)),
        );
      }),
    );
  }

  /** Writes the values at the cursor, or the newest. */
  #drawValues() {
    this.series.forEach(({ minimums, maximums, unit, progress }, index) => {
      const at = this.chart?.cursor.idxs?.[2 * index + 2];
      const data = this.chart?.data;
      const [low, high] = at === null || at === undefined || data === undefined
        ? [minimums.at(-1), maximums.at(-1)]
        : [data[2 * index + 1]?.[at], data[2 * index + 2]?.[at]];
      const there = low !== null && low !== undefined && high !== null && high !== undefined;
      const text = (/** @type {number} */ value) => unit === "%" ? value.toFixed(1) : quantity(value);
      const value = !there ? "–" : low === high ? text(high) : `${text(low)} … ${text(high)}`;
      const part = progress < 1 ? ` (${Math.floor(progress * 100)} % read)` : "";
      write(this.values[index], `${value}${there && unit ? ` ${unit}` : ""}${part}`);
    });
  }

  /** Saves the plot with its legend as a picture. */
  async #save() {
    if (this.chart === null) return;
    const { canvas } = this.chart.ctx;
    const scale = canvas.width / this.chart.width;
    const row = 20 * scale;
    const picture = make("canvas", { width: canvas.width, height: canvas.height + row * this.keys.length + row / 2 });
    const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
    const style = getComputedStyle(this.element);
    context.fillStyle = style.getPropertyValue("--surface");
    context.fillRect(0, 0, picture.width, picture.height);
    context.font = `${12 * scale}px ${style.getPropertyValue("--sans")}`;
    context.textBaseline = "middle";
    this.keys.forEach((key, index) => {
      const { name, group, bus } = this.actions.name(key);
      const y = row * (index + 0.75);
      stroke(context, index, 10 * scale, 46 * scale, y, scale);
      context.fillStyle = style.getPropertyValue("--text");
      context.fillText(`${name}, ${group === bus ? bus : `${group}, ${bus}`}`, 54 * scale, y);
    });
    context.drawImage(canvas, 0, row * this.keys.length + row / 2);
    const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ done) => picture.toBlob(done));
    if (blob === null) return;
    const address = URL.createObjectURL(blob);
    make("a", { href: address, download: "plot.png" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}
