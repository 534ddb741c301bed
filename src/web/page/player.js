/**
 * The player of a recording: time line, speed, marks.
 *
 * @module
 */

/** @import { PlayerRequest, PlayerState, RecordingState } from "../protocol.ts" */

import { byId, fill, icon, iconButton, make, write } from "./dom.js";
import { duration, timeOfDay } from "./format.js";
import { arrange, layout } from "./layout.js";

const speeds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 50, 100];

/** The time line has this many steps. */
const STEPS = 10_000;

/** @typedef {{ time: number, text: string, own: boolean }} PlayerMark */

export class Player {
  /**
   * @param {object} actions
   * @param {(request: Omit<PlayerRequest, "client">) => void} actions.play
   */
  constructor(actions) {
    this.actions = actions;
    this.title = "";
    /** @type {RecordingState | null} */
    this.recording = null;
    /** @type {PlayerState | null} */
    this.state = null;
    this.dragging = false;
    this.drawn = "";
    this.button = make("button", { type: "button", class: "primary play", onclick: () => this.toggle() });
    this.speed = make(
      "select",
      { "aria-label": "Speed", onchange: () => actions.play({ speed: Number(this.speed.value) }) },
      ...speeds.map((speed) => make("option", { value: String(speed), selected: speed === 1 }, `${speed}×`)),
    );
    this.line = make("input", {
      type: "range",
      min: "0",
      max: String(STEPS),
      value: "0",
      "aria-label": "Time",
      oninput: () => {
        this.dragging = true;
        this.#seek(this.#timeOf(Number(this.line.value)));
      },
      onchange: () => this.dragging = false,
    });
    this.ticks = make("div", { class: "ticks" });
    this.place = make("span", { class: "mono place" });
    this.whole = make("span", { class: "dim place" });
    this.marks = make("select", {
      class: "marks",
      "aria-label": "Marks",
      onchange: () => {
        if (this.marks.value !== "") this.#seek(Number(this.marks.value));
        this.marks.value = "";
      },
    });
    fill(
      byId("player"),
      this.button,
      this.place,
      make("div", { class: "timeline" }, this.line, this.ticks),
      this.whole,
      this.speed,
      this.marks,
      iconButton("mark", "Set a mark here (B)", () => this.mark()),
    );
  }

  /** Plays or pauses. */
  toggle() {
    if (this.state !== null) this.actions.play({ playing: !this.state.playing });
  }

  /** Sets a mark, or takes that away which is here. */
  mark() {
    if (this.state === null) return;
    const { time } = this.state;
    const name = `${this.title}@${time.toFixed(3)}`;
    const before = layout.marks;
    arrange({ marks: before.includes(name) ? before.filter((each) => each !== name) : [...before, name] });
    this.#drawMarks();
  }

  /** @param {string} title @param {RecordingState | null} recording Null if live buses are shown. */
  open(title, recording) {
    this.title = title;
    this.recording = recording;
    byId("player").hidden = recording === null;
    if (recording !== null) this.#drawMarks();
  }

  /** @param {PlayerState | null} state */
  show(state) {
    this.state = state;
    const { recording } = this;
    if (state === null || recording === null) return;
    const { start, end } = recording;
    if (!this.dragging) this.line.value = String(Math.round(this.#placeOf(state.time) * STEPS));
    const text = `${timeOfDay(state.time)}, ${duration(state.time - start)} of ${duration(end - start)}`;
    if (this.line.getAttribute("aria-valuetext") !== text) this.line.setAttribute("aria-valuetext", text);
    write(this.place, timeOfDay(state.time));
    write(this.whole, `${duration(Math.max(0, state.time - start))} / ${duration(end - start)}`);
    const shape = state.playing ? "pause" : "play";
    if (this.drawn !== shape) {
      this.drawn = shape;
      fill(this.button, icon(shape));
      this.button.ariaLabel = this.button.title = state.playing ? "Pause (K)" : "Play (K)";
    }
    const known = speeds.includes(state.speed);
    if (known && document.activeElement !== this.speed) this.speed.value = String(state.speed);
  }

  /** @param {number} time */
  #placeOf(time) {
    const { start, end } = /** @type {RecordingState} */ (this.recording);
    return end > start ? Math.max(0, Math.min(1, (time - start) / (end - start))) : 0;
  }

  /** @param {number} step */
  #timeOf(step) {
    const { start, end } = /** @type {RecordingState} */ (this.recording);
    return start + (end - start) * step / STEPS;
  }

  /** @param {number} time */
  #seek(time) {
    this.actions.play({ time });
  }

  /** The marks of the file, and those that the user has set on this page. @returns {PlayerMark[]} */
  #all() {
    const own = layout.marks.filter((mark) => mark.startsWith(`${this.title}@`)).map((mark) => ({
      time: Number(mark.slice(this.title.length + 1)),
      text: "own mark",
      own: true,
    }));
    const file = (this.recording?.marks ?? []).map(({ time, dropped, text }) => ({
      time,
      text: dropped === null ? text : `${dropped} frames missing`,
      own: false,
    }));
    return [...own, ...file].sort((a, b) => a.time - b.time);
  }

  #drawMarks() {
    const all = this.#all();
    fill(
      this.ticks,
      ...all.map(({ time, text, own }) => {
        const tick = make("button", {
          type: "button",
          class: own ? "tick own" : "tick",
          tabIndex: -1,
          title: `${timeOfDay(time)} ${text}`,
          "aria-label": `${text}, ${timeOfDay(time)}`,
          onclick: () => this.#seek(time),
        });
        tick.style.left = `${(this.#placeOf(time) * 100).toFixed(2)}%`;
        return tick;
      }),
    );
    this.marks.hidden = all.length === 0;
    fill(
      this.marks,
      make("option", { value: "" }, `${all.length} mark${all.length === 1 ? "" : "s"}`),
      ...all.map(({ time, text }) => make("option", { value: String(time) }, `${timeOfDay(time)} ${text}`)),
    );
  }
}
