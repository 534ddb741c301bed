/**
 * A line of the table on the screen.
 *
 * @module
 */

/** @import { BusRow } from "./bus_rows.js" */
/** @import { Line } from "./table_lines.js" */
/** @import { SignalDefinition, SignalValue } from "../protocol.ts" */

import { DataCell } from "./data_cell.js";
import { iconButton, make, write } from "./dom.js";
import { count, identifier, milliseconds, quantity } from "./format.js";
import { layout } from "./layout.js";
import { Sparkline } from "./sparkline.js";
import { BYTES, note } from "./table_lines.js";

/**
 * @typedef {object} Actions What the buttons of a line do.
 * @property {(line: Line) => void} fold
 * @property {(line: Line) => void} pin
 * @property {(line: Line) => void} mute
 * @property {(line: Line) => void} plot
 * @property {(row: BusRow) => boolean} isSilent
 * @property {() => number} time The time of the source.
 */

/** Shows one line after the other. */
export class TableRow {
  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    /** @type {Line | null} */
    this.line = null;
    this.element = make("div");
    /** The views that this row has shown: they are made when they are needed. @type {Record<string, View>} */
    this.views = {};
    this.show = (/** @type {Line} */ line) => {
      this.line = line;
      this.element.dataset.kind = line.kind;
      const view = this.views[line.kind] ??= this.#make(line.kind);
      for (const [kind, { element }] of Object.entries(this.views)) element.hidden = kind !== line.kind;
      view.show(line);
    };
  }

  /**
   * @param {Line["kind"]} kind
   * @returns {View}
   */
  #make(kind) {
    const act = (/** @type {"fold" | "pin" | "mute" | "plot"} */ name) => () =>
      this.line && this.actions[name](this.line);
    const view = kind === "message"
      ? messageView(this.actions, act)
      : kind === "signal"
      ? signalView(act("plot"))
      : kind === "data"
      ? dataView()
      : noteView();
    this.element.append(view.element);
    return view;
  }
}

/** @typedef {{ element: HTMLElement, show: (line: Line) => void }} View */

/** @param {string} name */
const cell = (name) => make("span", { class: `c-${name}`, role: "gridcell" });

/** @param {HTMLElement} button @param {boolean} pressed @param {string} label */
function press(button, pressed, label) {
  if (button.ariaPressed === String(pressed)) return;
  button.ariaPressed = String(pressed);
  button.ariaLabel = button.title = label;
}

/**
 * @param {Actions} actions
 * @param {(name: "fold" | "pin" | "mute") => () => void} act
 * @returns {View}
 */
function messageView(actions, act) {
  const fold = iconButton("chevron", "Unfold", act("fold"));
  const pin = iconButton("pin", "Pin", act("pin"));
  const mute = iconButton("mute", "Mute", act("mute"));
  for (const button of [fold, pin, mute]) button.tabIndex = -1; // the list itself has keys for them
  const cells = {
    bus: cell("bus"),
    id: cell("id"),
    name: cell("name"),
    type: cell("type"),
    data: cell("data"),
    count: cell("count"),
    period: cell("period"),
    jitter: cell("jitter"),
  };
  const data = new DataCell(cells.data);
  const element = make(
    "div",
    { class: "line message" },
    make("span", { class: "c-fold", role: "gridcell" }, fold),
    ...Object.values(cells),
    make("span", { class: "c-acts", role: "gridcell" }, pin, mute),
  );
  /** @param {Line} line */
  const show = ({ row }) => {
    const { definition, values } = row;
    if (values === null) return;
    write(cells.bus, definition.bus);
    write(cells.id, definition.kind === "error" ? "error" : identifier(definition.id, definition.extended));
    write(cells.name, definition.name ?? (definition.kind === "error" ? "error frames" : "–"));
    cells.name.classList.toggle("dim", definition.name === null);
    write(cells.type, type(row));
    data.show(row, 0, BYTES);
    write(cells.count, count(values.count));
    const silent = actions.isSilent(row);
    write(cells.period, silent ? "silent" : milliseconds(values.period));
    write(cells.jitter, silent ? since(actions.time() - values.time) : milliseconds(values.jitter));
    const { key } = definition;
    const isOpen = layout.open.includes(key);
    if (fold.ariaExpanded !== String(isOpen)) {
      fold.ariaExpanded = String(isOpen);
      fold.ariaLabel = fold.title = isOpen ? "Fold" : "Unfold";
    }
    const pinned = layout.pinned.includes(key);
    const muted = layout.muted.includes(key);
    press(pin, pinned, pinned ? "Unpin" : "Pin");
    press(mute, muted, muted ? "Unmute" : "Mute");
    element.classList.toggle("faint", silent || muted);
    element.classList.toggle("pinned", pinned);
    element.classList.toggle("known", row.known);
  };
  return { element, show };
}

/**
 * The kind of a row's frames, and the length of the last one.
 *
 * @param {BusRow} row
 */
function type({ definition, values }) {
  const { length, flags = [] } = /** @type {NonNullable<BusRow["values"]>} */ (values).frame;
  if (definition.kind === "error") return "ERR";
  if (definition.kind === "remote") return `RTR ${length}`;
  if (definition.kind === "xl") return `XL ${length}`;
  const names = flags.filter((flag) => flag !== "tx" && flag !== "fd").map((flag) => flag.toUpperCase());
  return [flags.includes("fd") ? "FD" : "CAN", length, ...names].join(" ");
}

/** @param {number} seconds */
function since(seconds) {
  return seconds < 100
    ? `${seconds.toFixed(0)} s`
    : seconds < 6000
    ? `${(seconds / 60).toFixed(0)} min`
    : `${(seconds / 3600).toFixed(0)} h`;
}

/**
 * @param {() => void} plot
 * @returns {View}
 */
function signalView(plot) {
  const cells = {
    name: cell("signal"),
    value: cell("value"),
    unit: cell("unit"),
    label: cell("label"),
    range: cell("range"),
  };
  const place = make("i");
  const limits = { low: make("span"), high: make("span") };
  const track = make("span", { class: "track" }, place);
  cells.range.append(limits.low, track, limits.high);
  const history = new Sparkline("c-history");
  const button = iconButton("plot", "Plot", plot);
  button.tabIndex = -1;
  const element = make(
    "div",
    { class: "line signal" },
    cells.name,
    cells.value,
    make("span", { class: "c-meaning" }, cells.unit, cells.label, cells.range),
    history.element,
    make("span", { class: "c-acts", role: "gridcell" }, button),
  );
  /** @param {Line} line */
  const show = ({ row, index }) => {
    const definition = row.definition.signals[index];
    const value = row.values?.values?.[index] ?? null;
    write(cells.name, definition.name);
    cells.name.title = definition.comment ?? "";
    write(cells.value, value === null ? "–" : quantity(value.value));
    write(cells.unit, definition.unit);
    write(cells.label, label(value));
    cells.label.classList.toggle("outside", value?.outside === true);
    showRange(definition, value, cells.range, limits, place);
    history.show(row.history[index] ?? [], row.historyAt + index);
  };
  return { element, show };
}

/** @param {SignalValue | null} value */
function label(value) {
  if (value === null) return "not in this frame";
  return [value.label, value.outside && "out of range"].filter((part) => part).join(" · ");
}

/**
 * @param {SignalDefinition} definition
 * @param {SignalValue | null} value
 * @param {HTMLElement} element
 * @param {{ low: HTMLElement, high: HTMLElement }} limits
 * @param {HTMLElement} place
 */
function showRange({ minimum, maximum }, value, element, limits, place) {
  const known = minimum !== null && maximum !== null && maximum > minimum;
  element.classList.toggle("unknown", !known);
  write(limits.low, known ? quantity(minimum) : "");
  write(limits.high, known ? quantity(maximum) : "");
  const share = known && value !== null ? (Number(value.value) - minimum) / (maximum - minimum) : 0;
  const width = `scaleX(${Math.max(0, Math.min(1, share)).toFixed(3)})`;
  if (place.style.transform !== width) place.style.transform = width;
}

/** @returns {View} */
function dataView() {
  const offset = cell("offset");
  const bytes = cell("data");
  const text = cell("text");
  const data = new DataCell(bytes);
  /** @param {Line} line */
  const show = ({ row, index }) => {
    write(offset, String(index).padStart(2, "0"));
    data.show(row, index, BYTES);
    data.rest.hidden = index + BYTES < (row.values?.frame.data.length ?? 0) / 2;
    write(text, printable(row.values?.frame.data.slice(2 * index, 2 * (index + BYTES)) ?? ""));
  };
  return { element: make("div", { class: "line data" }, offset, bytes, text), show };
}

/** @param {string} digits */
function printable(digits) {
  return (digits.match(/../g) ?? []).map((pair) => {
    const code = parseInt(pair, 16);
    return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "·";
  }).join("");
}

/** @returns {View} */
function noteView() {
  const text = cell("note");
  /** @param {Line} line */
  const show = ({ row }) => {
    write(text, note(row));
    text.title = note(row);
  };
  return { element: make("div", { class: "line note" }, text), show };
}
