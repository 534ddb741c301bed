/**
 * The trace: all frames in order.
 *
 * @module
 */

/** @import { PlayerState, TraceExtent, TraceFrame, TracePosition } from "../protocol.ts" */

import { byId, fill, icon, make, write } from "./dom.js";
import { count, identifier, timeOfDay } from "./format.js";
import { arrange, layout } from "./layout.js";
import { Rows } from "./rows.js";
import { ask, client } from "./server.js";
import { TracePages } from "./trace_pages.js";

/** Frames that are drawn at most as bytes; the rest is a number. */
const BYTES = 16;

export class Trace {
  /**
   * @param {object} actions
   * @param {(hold: boolean) => void} actions.hold Lets the server keep the frames that are there, as long as it can.
   */
  constructor(actions) {
    this.actions = actions;
    /** @type {TraceExtent | null} */
    this.extent = null;
    /** The place in a recording; null for live buses. @type {PlayerState | null} */
    this.place = null;
    this.seeking = false;
    /** The first number of the list, and the one after its last. */
    this.first = 0;
    this.end = 0;
    this.follow = true;
    /** The time that others are measured from: that of a recording's first frame, or of the first one shown. @type {number | null} */
    this.start = null;
    this.pages = new TracePages(() => this.#show());
    this.scroller = make("div", { class: "trace-rows" });
    /** Scrolling by the program itself is no reason to stop following. */
    this.moved = -1;
    this.list = new Rows(this.scroller, {
      label: "Frames",
      view: () => traceRow((frame, index) => this.#time(frame, index)),
      item: (index) => this.pages.frame(this.first + index) ?? waiting,
      scrolled: () => {
        if (this.follow && Math.abs(this.scroller.scrollTop - this.moved) > 2) this.setFollow(false);
        this.#want();
      },
      key: (key) => key === " " && (this.setFollow(!this.follow), true),
      select: () => this.follow && this.setFollow(false),
    });
    this.button = make("button", { type: "button", onclick: () => this.setFollow(!this.follow) });
    this.bound = make("span", { class: "dim right" });
    this.problem = make("div", { class: "problem", role: "alert", hidden: true });
    this.empty = make("div", { class: "welcome" }, make("p", { class: "dim" }, "No frame yet."));
    const mode = make(
      "select",
      {
        "aria-label": "Times",
        onchange: () => {
          arrange({ times: mode.value });
          this.list.draw();
        },
      },
      ...[["clock", "Time of day"], ["start", "Since the first"], ["delta", "Since the one before"]].map((
        [value, text],
      ) => make("option", { value, selected: value === layout.times }, text)),
    );
    this.filterNote = make("span", { class: "dim mono clip" });
    const bar = make("div", { class: "bar" }, this.button, mode, this.filterNote, this.bound);
    const heads = ["number", "time", "bus", "id", "type", "name", "data", "signals"];
    const names = ["Frame", "Time", "Bus", "Identifier", "Type", "Name", "Data", "Signals"];
    fill(
      byId("view-trace"),
      bar,
      this.problem,
      make(
        "div",
        { class: "line trace head", role: "row" },
        ...heads.map((name, index) => make("span", { class: `c-${name}`, role: "columnheader" }, names[index])),
      ),
      this.scroller,
      this.empty,
    );
    this.#drawButton();
  }

  /** Whether the list is shown at its newest frames, as they come. @param {boolean} follow */
  setFollow(follow) {
    if (follow === this.follow) return;
    this.follow = follow;
    this.actions.hold(!follow);
    this.#drawButton();
    if (follow) this.draw();
  }

  #drawButton() {
    const [shape, text, label] = this.follow
      ? ["pause", "Pause", "Stop at what is here; frames go on being kept (Space)"]
      : ["down", "Follow", "Show the newest frames as they come (Space)"];
    fill(this.button, icon(shape), text);
    this.button.title = label;
    this.button.ariaPressed = String(!this.follow);
  }

  /**
   * Takes the extent from a snapshot.
   *
   * @param {TraceExtent} extent
   * @param {PlayerState | null} place Where a recording's player is.
   */
  take(extent, place) {
    this.extent = extent;
    this.place = place;
  }

  /** Another source or filter: the numbers mean other frames. */
  clear() {
    this.pages.clear();
    this.extent = null;
    this.first = this.end = 0;
    this.list.resize(0);
    this.setFollow(true);
  }

  /** Only a filter has changed: the list is another one. */
  refilter() {
    this.pages.clear();
    this.first = this.end = 0;
    this.list.selected = -1;
  }

  /** Draws what has changed. */
  draw() {
    if (this.extent === null) return;
    const { first, end } = this.extent.filtered ?? this.extent;
    this.empty.hidden = end > first;
    if (this.follow) this.#follow(first, end);
    else {
      // What is looked at stays where it is, though frames before it go.
      const top = this.list.visible.first - (first - this.first);
      this.first = first;
      this.end = end;
      this.list.resize(end - first);
      this.#scroll(Math.max(0, top));
      this.#want();
    }
    this.#show();
  }

  /**
   * Shows the newest frames. The list ends with those that have been fetched: more come while they are on their way.
   *
   * @param {number} first
   * @param {number} end
   */
  #follow(first, end) {
    const { fit } = this.list.visible;
    if (this.place !== null && this.extent?.filtered) return void this.#seek(this.place.time, first, end);
    const last = this.place === null ? end : Math.min(end, this.place.index);
    void this.pages.want(Math.max(first, last - Math.ceil(fit) - 1), last);
    this.first = first;
    this.end = this.place !== null ? end : Math.max(first, Math.min(end, this.pages.newest));
    this.list.resize(this.end - first);
    this.#scroll(Math.max(0, (this.place === null ? this.end : last) - first - fit));
  }

  /**
   * Shows the frames up to a time: of a list that is filtered only the server knows which they are.
   *
   * @param {number} time
   * @param {number} first
   * @param {number} end
   */
  async #seek(time, first, end) {
    this.first = first;
    this.end = end;
    this.list.resize(end - first);
    this.#want();
    if (this.seeking) return;
    this.seeking = true;
    try {
      /** @type {TracePosition} */
      const { from } = await ask("GET", "api/trace/at", { client, time });
      this.#scroll(Math.max(0, from - this.first - this.list.visible.fit));
      this.#want();
    } catch (error) {
      this.pages.error = String(error instanceof Error ? error.message : error);
    } finally {
      this.seeking = false;
    }
  }

  /** @param {number} index */
  #scroll(index) {
    this.list.scrollTo(index);
    this.moved = this.scroller.scrollTop;
  }

  #want() {
    const { first, fit } = this.list.visible;
    const from = Math.max(0, Math.floor(first));
    void this.pages.want(this.first + from, this.first + Math.min(this.list.count, from + Math.ceil(fit) + 1));
  }

  #show() {
    this.list.draw();
    this.problem.hidden = this.pages.error === null;
    write(this.problem, this.pages.error ?? "");
    const { extent } = this;
    if (extent === null) return;
    const { bound, filtered } = extent;
    const whole = extent.end - extent.first;
    const kept = bound === null ? `${count(whole)} frames` : `${count(whole)} frames kept, at most ${count(bound)}`;
    const scanned = filtered && filtered.scanned < whole ? `, ${count(filtered.scanned)} looked through` : "";
    write(this.bound, filtered ? `${count(filtered.end - filtered.first)} shown of ${kept}${scanned}` : kept);
    const muted = layout.muted.length;
    const notes = [layout.filter, muted > 0 && `${muted} muted left out`].filter((note) => note);
    write(this.filterNote, notes.join(" · "));
  }

  /** @param {TraceFrame} frame @param {number} index */
  #time({ time }, index) {
    if (layout.times === "start") return (time - (this.start ??= time)).toFixed(6);
    if (layout.times !== "delta") return timeOfDay(time, 6);
    const before = this.pages.frame(this.first + index - 1);
    return before === undefined ? "" : `+${(time - before.time).toFixed(6)}`;
  }
}

/** What stands where a frame is still to come. @type {TraceFrame} */
const waiting = { index: -1, time: 0, bus: "", id: 0, extended: false, kind: "data", length: 0, data: "" };

/**
 * Makes a row.
 *
 * @param {(frame: TraceFrame, index: number) => string} time
 * @returns {import("./rows.js").RowView<TraceFrame>}
 */
function traceRow(time) {
  const cell = (/** @type {string} */ name) => make("span", { class: `c-${name}`, role: "gridcell" });
  const cells = {
    number: cell("number"),
    time: cell("time"),
    bus: cell("bus"),
    id: cell("id"),
    type: cell("type"),
    name: cell("name"),
    data: cell("data"),
    signals: cell("signals"),
  };
  const line = make("div", { class: "line trace" }, ...Object.values(cells));
  const element = make("div", {}, line);
  /** @type {import("./rows.js").RowView<TraceFrame>["show"]} */
  const show = (frame, index) => {
    const isThere = frame !== waiting;
    line.classList.toggle("waiting", !isThere);
    write(cells.number, isThere ? count(frame.index + 1) : "…");
    write(cells.time, isThere ? time(frame, index) : "");
    write(cells.bus, frame.bus);
    write(cells.id, !isThere ? "" : frame.kind === "error" ? "error" : identifier(frame.id, frame.extended));
    write(cells.type, isThere ? type(frame) : "");
    write(cells.name, frame.name ?? "");
    write(cells.data, isThere ? data(frame) : "");
    const signals = frame.text ?? frame.signals ?? "";
    write(cells.signals, frame.lost ? `${count(frame.lost)} frames are missing before this one. ${signals}` : signals);
    cells.signals.title = signals;
    line.classList.toggle("gap", frame.lost !== undefined);
    line.classList.toggle("error", frame.kind === "error");
  };
  return { element, show };
}

/** @param {TraceFrame} frame */
function type({ kind, flags = [], length }) {
  const direction = flags.includes("tx") ? "Tx" : "Rx";
  if (kind === "error") return "ERR";
  const name = kind === "remote" ? "RTR" : kind === "xl" ? "XL" : flags.includes("fd") ? "FD" : "CAN";
  const more = flags.filter((flag) => flag === "brs" || flag === "esi").map((flag) => flag.toUpperCase());
  return [direction, name, length, ...more].join(" ");
}

/** @param {TraceFrame} frame */
function data({ kind, data, length }) {
  if (kind === "remote" || kind === "error") return "";
  const shown = (data.slice(0, 2 * BYTES).match(/../g) ?? []).join(" ");
  return length > BYTES ? `${shown} +${length - BYTES}` : shown;
}
