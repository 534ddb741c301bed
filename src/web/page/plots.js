/**
 * The plots: panes with the same time.
 *
 * @module
 */

/** @import { Plot } from "../protocol.ts" */
/** @import { BusRows } from "./bus_rows.js" */
/** @import { Window } from "./plot_pane.js" */

import { byId, fill, icon, make } from "./dom.js";
import { arrange, layout } from "./layout.js";
import { zoomed } from "./plot_gestures.js";
import { PlotPane } from "./plot_pane.js";
import { allSeries, seriesName } from "./series.js";
import { chooseSeries } from "./series_dialog.js";
import { address, ask, client } from "./server.js";

/** Milliseconds between two requests while the plots follow. */
const STEP = 200;

/** Lengths of time that can be chosen, in seconds. @type {readonly (readonly [number, string])[]} */
const spans = [[10, "10 s"], [60, "1 min"], [300, "5 min"], [900, "15 min"], [3600, "1 h"]];

export class Plots {
  /**
   * @param {BusRows} rows
   * @param {object} source
   * @param {() => readonly string[]} source.buses
   * @param {() => Window | null} source.extent The times of a recording; null for live buses.
   * @param {(series: string[]) => Promise<unknown>} source.look Says which series the plots have.
   * @param {(error: unknown) => void} source.fail
   */
  constructor(rows, source) {
    this.rows = rows;
    this.source = source;
    /** The time that is shown; null to follow the newest. @type {Window | null} */
    this.fixed = null;
    /** @type {PlotPane[]} */
    this.panes = [];
    this.busy = false;
    /** The window or the series have changed since the last request. */
    this.stale = true;
    this.askedAt = 0;
    this.version = -1;
    this.container = make("div", { class: "panes" });
    this.follow = make("button", { type: "button", onclick: () => this.setFollow(this.fixed !== null) });
    this.span = make(
      "select",
      { "aria-label": "Length of time", onchange: () => this.#setSpan(Number(this.span.value)) },
      ...spans.map(([value, text]) => make("option", { value: String(value) }, text)),
      make("option", { value: "0" }, "other"),
    );
    this.empty = make(
      "div",
      { class: "welcome" },
      make("h2", {}, "No plot yet"),
      make("p", {}, "Plot signals and what there is of the buses: load, rate, error counters."),
      make(
        "button",
        { type: "button", class: "primary", onclick: () => this.#choose(layout.panes.length) },
        "Add a plot",
      ),
    );
    const move = (/** @type {number} */ by) => () => {
      const { from, to } = this.window();
      this.show({ from: from + by * (to - from), to: to + by * (to - from) });
    };
    const zoom = (/** @type {number} */ factor) => () => {
      const window = this.window();
      if (this.fixed === null) this.#setSpan((window.to - window.from) * factor);
      else this.show(zoomed(window, (window.from + window.to) / 2, factor));
    };
    const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ onclick) =>
      make("button", { type: "button", class: "small", title, "aria-label": title, onclick }, text);
    const section = byId("view-plots");
    fill(
      section,
      make(
        "div",
        { class: "bar" },
        this.follow,
        this.span,
        make(
          "span",
          { class: "group", role: "group", "aria-label": "Time" },
          button("←", "Earlier (←)", move(-0.25)),
          button("→", "Later (→)", move(0.25)),
          button("+", "Zoom in (+)", zoom(0.5)),
          button("−", "Zoom out (−)", zoom(2)),
        ),
        make("button", { type: "button", onclick: () => this.#setAll() }, "All"),
        make("span", { class: "dim hint" }, "Drag to zoom, wheel to zoom, Shift and drag to move"),
        make(
          "button",
          { type: "button", class: "right", onclick: () => this.#choose(layout.panes.length) },
          icon("plus"),
          "Add a plot",
        ),
      ),
      this.container,
      this.empty,
    );
    section.addEventListener("keydown", (event) => {
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
      /** @type {Record<string, () => void>} */
      const keys = {
        ArrowLeft: move(-0.25),
        ArrowRight: move(0.25),
        "+": zoom(0.5),
        "-": zoom(2),
        " ": () => event.target instanceof HTMLButtonElement || this.setFollow(this.fixed !== null),
      };
      keys[event.key]?.();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#arranged());
    this.#arranged();
  }

  /** @returns {Window} */
  window() {
    if (this.fixed !== null) return this.fixed;
    return { from: this.rows.time - layout.span, to: this.rows.time };
  }

  /** @param {Window} window Shows this time, whatever comes. */
  show(window) {
    this.fixed = window;
    this.stale = true;
    this.#drawBar();
    for (const pane of this.panes) pane.move();
  }

  /** @param {boolean} follow */
  setFollow(follow) {
    this.fixed = follow ? null : this.window();
    this.stale = true;
    this.#drawBar();
  }

  /** Another source: what was plotted means nothing there. */
  clear() {
    this.fixed = null;
    this.#arranged();
  }

  /** @param {string} key Plots a series in the last pane, or in the first one there is. */
  add(key) {
    const panes = layout.panes.length > 0 ? layout.panes : [{ series: [] }];
    const last = panes[panes.length - 1];
    if (panes.some(({ series }) => series.includes(key))) return;
    arrange({ panes: [...panes.slice(0, -1), { series: [...last.series, key] }] });
    this.#arranged();
  }

  /** @param {number} seconds */
  #setSpan(seconds) {
    if (seconds <= 0) return;
    arrange({ span: seconds });
    if (this.fixed !== null) this.show({ from: this.fixed.to - seconds, to: this.fixed.to });
    this.stale = true;
    this.#drawBar();
  }

  /** Shows all that there is. */
  #setAll() {
    const series = this.panes.flatMap((pane) => pane.series);
    const first = series.flatMap(({ first }) => first === null ? [] : [first]);
    const last = series.flatMap(({ last }) => last === null ? [] : [last]);
    const extent = this.source.extent() ?? { from: Math.min(...first), to: Math.max(...last) };
    if (extent.to > extent.from) this.show(extent);
  }

  #drawBar() {
    const follows = this.fixed === null;
    fill(this.follow, icon(follows ? "pause" : "down"), follows ? "Pause" : "Follow");
    this.follow.ariaPressed = String(!follows);
    this.follow.title = follows
      ? "Stop at this time; values go on being kept (Space)"
      : "Show the newest values (Space)";
    const { from, to } = this.window();
    const span = this.fixed === null ? layout.span : to - from;
    this.span.value = String(spans.find(([value]) => Math.abs(value - span) < 1e-6)?.[0] ?? 0);
  }

  /** The panes of the layout, as elements. */
  #arranged() {
    for (const pane of this.panes) pane.close();
    this.panes = layout.panes.map(({ series }, index) =>
      new PlotPane(series, {
        window: () => this.window(),
        show: (window) => this.show(window),
        name: (key) => seriesName(key, this.rows),
        choose: () => this.#choose(index),
        drop: (key) => this.#change(index, series.filter((each) => each !== key)),
        remove: () => this.#change(index, []),
        csv: () => address("api/plot.csv", { client, series, ...this.window() }),
      })
    );
    fill(this.container, ...this.panes.map(({ element }) => element));
    this.empty.hidden = this.panes.length > 0;
    this.stale = true;
    this.source.look(this.#keys()).catch(this.source.fail);
    this.#drawBar();
  }

  #keys() {
    return [...new Set(layout.panes.flatMap(({ series }) => series))];
  }

  /** @param {number} index @param {string[]} series None: the pane goes. */
  #change(index, series) {
    const panes = [...layout.panes];
    panes.splice(index, 1, ...series.length > 0 ? [{ series }] : []);
    arrange({ panes });
    this.#arranged();
  }

  /** @param {number} index */
  async #choose(index) {
    const series = allSeries(this.rows, this.source.buses());
    const chosen = await chooseSeries(series, layout.panes[index]?.series ?? []);
    if (chosen !== null) this.#change(index, chosen);
  }

  /** Draws what has changed; called at each snapshot while the plots are visible. */
  async draw() {
    const now = performance.now();
    if (this.version !== this.rows.version) {
      this.version = this.rows.version;
      for (const pane of this.panes) pane.named();
    }
    const growing = this.fixed === null || this.panes.some(({ series }) => series.some(({ progress }) => progress < 1));
    if (this.busy || this.panes.length === 0 || !(this.stale || growing) || now - this.askedAt < STEP) return;
    this.busy = true;
    this.stale = false;
    this.askedAt = now;
    const { from, to } = this.window();
    try {
      const pixels = Math.max(...this.panes.map((pane) => pane.pixels));
      /** @type {Plot} */
      const plot = await ask("GET", "api/plot", { client, series: this.#keys(), from, to, pixels });
      for (const pane of this.panes) {
        pane.show(pane.keys.flatMap((key) => plot.series.find((each) => each.key === key) ?? []));
      }
    } catch (error) {
      this.source.fail(error);
    } finally {
      this.busy = false;
    }
  }
}
