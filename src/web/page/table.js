/**
 * The table: what each identifier on each bus shows now.
 *
 * @module
 */

/** @import { BusRows } from "./bus_rows.js" */
/** @import { Line } from "./table_lines.js" */

import { byId, fill, icon, make, write } from "./dom.js";
import { count } from "./format.js";
import { arrange, layout } from "./layout.js";
import { Rows } from "./rows.js";
import { lines, moving } from "./table_lines.js";
import { TableRow } from "./table_row.js";
import { expressionField, pause } from "./where_field.js";

/** The columns that rows can be sorted by: their names in the layout, and their heads. */
const columns = /** @type {const} */ ([
  ["bus", "Bus"],
  ["id", "Identifier"],
  ["name", "Name"],
  ["type", "Type"],
  ["data", "Data"],
  ["count", "Count"],
  ["period", "Period ms"],
  ["jitter", "Jitter ms"],
]);

/** Milliseconds after which rows change their places, if they are sorted by what changes. */
const SORTING = 1000;

export class Table {
  /**
   * @param {BusRows} rows
   * @param {object} actions
   * @param {(changes: { where?: string, search?: string, unfolded?: string[], muted?: string[] }) => Promise<unknown>} actions.look
   * @param {(key: string) => void} actions.plot Plots a series.
   * @param {(error: unknown) => void} actions.fail
   */
  constructor(rows, actions) {
    this.rows = rows;
    this.actions = actions;
    /** @type {Line[]} */
    this.lines = [];
    this.version = -1;
    this.sortedAt = 0;
    /** What the first screen says while there is no row. */
    this.welcome = make("div", { class: "welcome" });
    this.muted = make("button", { type: "button", onclick: () => this.#set({ showMuted: !layout.showMuted }) });
    this.fresh = make("button", {
      type: "button",
      title: "Show only rows that changed in a new way since the notch, and new rows",
      onclick: () => this.#set({ onlyNew: !layout.onlyNew }),
    }, "Only new");
    this.clear = make("button", { type: "button", onclick: () => this.#unnotch() }, "Clear notch");
    const scroller = make("div", { class: "table-rows" });
    this.list = new Rows(scroller, {
      label: "Identifiers",
      view: () =>
        new TableRow({
          fold: (line) => this.#toggle("open", line.row.definition.key),
          pin: (line) => this.#toggle("pinned", line.row.definition.key),
          mute: (line) => this.#toggle("muted", line.row.definition.key),
          plot: (line) => this.#plot(line),
          isSilent: (row) => rows.isSilent(row),
          time: () => rows.time,
        }),
      item: (index) => this.lines[index],
      key: (key, index) => this.#key(key, this.lines[index]),
    });
    scroller.addEventListener("dblclick", (event) => {
      const row = /** @type {Element} */ (event.target).closest(".row");
      const line = this.lines[Number(/** @type {HTMLElement | null} */ (row)?.dataset.index)];
      if (line?.kind === "message") this.#toggle("open", line.row.definition.key);
    });
    this.heads = columns.map(([name, text]) =>
      make(
        "span",
        { class: `c-${name}`, role: "columnheader" },
        make("button", { type: "button", onclick: () => this.#sort(name) }, text),
      )
    );
    const section = byId("view-table");
    fill(
      section,
      this.#bar(),
      make("div", { class: "line head", role: "row" }, make("span", { class: "c-fold" }), ...this.heads),
      scroller,
      this.welcome,
    );
    this.#drawBar();
  }

  #bar() {
    const search = make("input", {
      type: "search",
      class: "grow",
      placeholder: "Search names, identifiers, values",
      "aria-label": "Search names, identifiers and values",
      value: layout.search,
      oninput: pause(() => {
        arrange({ search: search.value });
        this.#tell({ search: search.value });
      }),
    });
    search.id = "search";
    const where = expressionField({
      id: "filter",
      value: layout.filter,
      send: (text) => {
        arrange({ filter: text });
        return this.actions.look({ where: text });
      },
    });
    const sort = make(
      "select",
      { class: "narrow", "aria-label": "Sort by", onchange: () => this.#set({ sort: sort.value, descending: false }) },
      ...columns.map(([name, text]) => make("option", { value: name, selected: name === layout.sort }, text)),
    );
    return make(
      "div",
      {},
      make(
        "div",
        { class: "bar" },
        search,
        where.input,
        sort,
        make(
          "button",
          {
            type: "button",
            title:
              "Take all that has changed so far as known: only what changes in a new way is marked from now on (N)",
            onclick: () => this.notch(),
          },
          icon("mute"),
          "Notch",
        ),
        this.fresh,
        this.clear,
        this.muted,
      ),
      where.problem,
    );
  }

  /** Takes all changes so far as known. */
  notch() {
    for (const row of this.rows.rows.values()) row.notch();
    this.#changed();
  }

  #unnotch() {
    for (const row of this.rows.rows.values()) row.unnotch();
    this.#set({ onlyNew: false });
  }

  /** @param {typeof columns[number][0]} name */
  #sort(name) {
    this.#set({ sort: name, descending: layout.sort === name && !layout.descending });
  }

  /** @param {Partial<typeof layout>} changes */
  #set(changes) {
    arrange(changes);
    this.#changed();
  }

  /**
   * Adds a row to a list of the layout, or takes it out.
   *
   * @param {"open" | "pinned" | "muted"} list
   * @param {string} key
   */
  #toggle(list, key) {
    const before = layout[list];
    this.#set({ [list]: before.includes(key) ? before.filter((each) => each !== key) : [...before, key] });
    if (list === "open") this.#tell({ unfolded: layout.open });
    if (list === "muted") this.#tell({ muted: layout.muted });
  }

  /** @param {{ search?: string, unfolded?: string[], muted?: string[] }} changes */
  #tell(changes) {
    this.actions.look(changes).catch(this.actions.fail);
  }

  /** @param {Line} line */
  #plot({ row, index }) {
    const { key, signals } = row.definition;
    this.actions.plot(`signal/${key}/${encodeURIComponent(signals[index].name)}`);
  }

  /** @param {string} key @param {Line | undefined} line */
  #key(key, line) {
    if (line === undefined) return false;
    const row = line.row.definition.key;
    const isOpen = layout.open.includes(row);
    if (key === "Enter" || key === " " || (key === "ArrowRight" && !isOpen) || (key === "ArrowLeft" && isOpen)) {
      this.#toggle("open", row);
      this.list.select(this.lines.findIndex((each) => each.row === line.row));
    } else if (key === "p") this.#toggle("pinned", row);
    else if (key === "m") this.#toggle("muted", row);
    else if (key === "g" && line.kind === "signal") this.#plot(line);
    else return false;
    return true;
  }

  #changed() {
    this.version = -1;
    this.#drawBar();
    this.draw();
  }

  #drawBar() {
    const { muted } = layout;
    this.muted.hidden = muted.length === 0;
    write(this.muted, layout.showMuted ? "Hide muted" : `${count(muted.length)} muted`);
    this.muted.ariaPressed = String(layout.showMuted);
    this.fresh.ariaPressed = String(layout.onlyNew);
    const known = layout.onlyNew || [...this.rows.rows.values()].some((row) => row.known);
    this.fresh.hidden = this.clear.hidden = !known;
    columns.forEach(([name], index) => {
      const state = name === layout.sort ? layout.descending ? "descending" : "ascending" : "none";
      if (this.heads[index].ariaSort !== state) this.heads[index].ariaSort = state;
    });
  }

  /** Draws what has changed. */
  draw() {
    const now = performance.now();
    // A row that shows more bytes than before has more lines.
    if (
      this.version !== this.rows.version || (layout.onlyNew || moving.has(layout.sort)) && now - this.sortedAt > SORTING
    ) {
      this.version = this.rows.version;
      this.sortedAt = now;
      this.lines = lines(this.rows);
      this.list.resize(this.lines.length);
    }
    this.welcome.hidden = this.rows.rows.size > 0;
    this.list.draw();
  }
}
