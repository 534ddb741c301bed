/**
 * What keys do to the view, to the table, to the log and to what is known.
 *
 * @module
 */

import type { LiveTable } from "../../live/table.ts";
import type { Row } from "../../live/row.ts";
import type { Message } from "../../message/message.ts";
import { type Action, actionOf } from "./bindings.ts";
import type { BusState } from "./head.ts";
import { edited } from "./edited.ts";
import type { Recorder } from "./recorder.ts";
import { drawScreen, type Size } from "./screen.ts";
import type { Line } from "./line.ts";
import { sortKeys } from "./sort.ts";
import { type Prompt, View } from "./view.ts";

/** What a session needs of the outside. */
export interface SessionOptions {
  readonly table: LiveTable;
  readonly recorder: Recorder;
  /** Makes a filter of an expression; throws if it is wrong. */
  readonly parseFilter: (expression: string) => (message: Message) => boolean;
  readonly readFile: (path: string) => string;
  readonly writeFile: (path: string, text: string) => void;
  /** Called with the key that quits: `q`, or `^C`. */
  readonly quit: (key: string) => void;
}

/** A view of buses that keys control. */
export class Session {
  readonly view: View = new View();
  readonly #options: SessionOptions;
  /** What is shown while it is paused; null if it is not. */
  #frozen: { table: LiveTable; readonly buses: readonly BusState[]; readonly now: number } | null = null;
  /** The number of lines that the keys for pages move by. */
  #page = 20;
  #buses: readonly BusState[] = [];
  #now = 0;
  #knownFile = "known.txt";
  /** Called when the whole screen is to be drawn again. */
  redraw: () => void = () => {};

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The table of all that is received. */
  get table(): LiveTable {
    return this.#options.table;
  }

  /** The table that is shown. */
  get #table(): LiveTable {
    return this.#frozen?.table ?? this.table;
  }

  /** Whether what is shown stays as it is until a key is pressed. */
  get isPaused(): boolean {
    return this.#frozen !== null;
  }

  /** Draws the screen. */
  draw(buses: readonly BusState[], size: Size, now: number): Line[] {
    this.#page = Math.max(size.rows - 6, 1);
    [this.#buses, this.#now] = [buses, now];
    const shown = this.#frozen ?? { buses, now };
    return drawScreen(
      {
        table: this.#table,
        buses: shown.buses,
        log: this.#options.recorder.log,
        isPaused: this.isPaused,
        now: shown.now,
      },
      this.view,
      size,
    );
  }

  /** Does what a key stands for. */
  async press(key: string): Promise<void> {
    const { view } = this;
    view.notice = null;
    if (view.prompt !== null && key !== "^C") return await this.#edit(view.prompt, key);
    if (view.showHelp && key !== "^C") {
      view.showHelp = false;
      return;
    }
    const action = actionOf(key);
    if (action === "quit") this.#options.quit(key);
    else if (action !== undefined) await this.#attempt(() => this.#actions[action]());
  }

  /** Says something in the last line. */
  say(text: string, isError = false): void {
    this.view.notice = { text, isError };
  }

  /** Sets the filter of an expression; "" for none. Throws if it is wrong. */
  filter(expression: string): void {
    const passes = expression.trim() === "" ? null : this.#options.parseFilter(expression);
    this.view.setFilter(passes && { expression, passes });
  }

  /** Reads what is known from a file, which is also the one that it is written to. Throws if it cannot be read. */
  openKnown(path: string): void {
    this.#knownFile = path;
    const count = this.table.known.addText(this.#options.readFile(path));
    this.say(`${count} lines read from ${path}`);
  }

  /** Writes what a bus received into the log, if there is one. An error ends the log. */
  async record(messages: readonly Message[], channel: string): Promise<void> {
    try {
      await this.#options.recorder.write(messages, channel);
    } catch (error) {
      this.say(`the log has ended: ${(error as Error).message}`, true);
    }
  }

  readonly #actions: Readonly<Record<Exclude<Action, "quit">, () => void | Promise<void>>> = {
    up: () => this.#move(-1),
    down: () => this.#move(1),
    pageUp: () => this.#move(-this.#page),
    pageDown: () => this.#move(this.#page),
    first: () => this.#move(-Infinity),
    last: () => this.#move(Infinity),
    toggle: () => this.#fold((row) => !this.view.isUnfolded(row)),
    unfold: () => this.#fold(() => true),
    fold: () => this.#fold(() => false),
    unfoldAll: () => {
      this.view.allUnfolded = !this.view.allUnfolded;
      this.view.exceptions.clear();
    },
    sort: () => {
      this.view.sort = sortKeys[(sortKeys.indexOf(this.view.sort) + 1) % sortKeys.length];
      this.view.reversed = false;
      this.say(`sorted by ${this.view.sort}`);
    },
    reverse: () => {
      this.view.reversed = !this.view.reversed;
    },
    search: () => {
      const from = this.view.selected;
      this.#ask("search", "", (text) => this.#search(text, 0, from), (text) => this.#search(text, 0, from));
    },
    next: () => this.#search(this.view.search, 1),
    previous: () => this.#search(this.view.search, -1),
    filter: () => this.#ask("filter", this.view.filter?.expression ?? "", (text) => this.filter(text)),
    accept: () => this.#accept(this.#table.rows, "all changes so far are known"),
    acceptRow: () => this.#withRow((row) => this.#accept([row], `the changes of ${row.key} so far are known`)),
    forget: () => {
      this.#table.known.forgetBits();
      this.say("all changes are news again");
    },
    onlyNews: () => {
      this.view.onlyNews = !this.view.onlyNews;
    },
    mute: () => this.#withRow((row) => this.#mute(row)),
    showMuted: () => {
      this.view.showMuted = !this.view.showMuted;
    },
    save: () => this.#ask("write what is known to", this.#knownFile, (path) => this.#save(path)),
    load: () => this.#ask("open what is known from", this.#knownFile, (path) => this.openKnown(path)),
    pause: () => {
      const frozen = { table: this.table.copy(), buses: this.#buses, now: this.#now };
      this.#frozen = this.#frozen === null ? frozen : null;
    },
    reset: () => this.#restart((table) => table.reset()),
    clear: () => this.#restart((table) => table.clear()),
    log: () => this.#log(),
    mark: () => this.#mark(),
    redraw: () => this.redraw(),
    help: () => {
      this.view.showHelp = true;
    },
    leave: () => {
      this.view.selected = null;
    },
  };

  #move(by: number): void {
    const { view } = this;
    const items = view.linesOf(view.rowsOf(this.#table));
    if (items.length === 0) return;
    const at = items.findIndex(({ key }) => key === view.selected);
    // The first key selects the first line that is on the screen.
    const to = at < 0 && Number.isFinite(by) ? view.top : at + by;
    view.selected = items[Math.max(Math.min(to, items.length - 1), 0)].key;
  }

  #fold(unfolds: (row: Row) => boolean): void {
    this.#withRow((row) => {
      const { view } = this;
      if (view.isUnfolded(row) !== unfolds(row)) {
        if (!view.exceptions.delete(row.key)) view.exceptions.add(row.key);
      }
      view.selected = row.key;
    });
  }

  #withRow(act: (row: Row) => void): void {
    const { view } = this;
    const item = view.linesOf(view.rowsOf(this.#table)).find(({ key }) => key === view.selected);
    if (item === undefined) this.say("select a row first, with the arrow keys", true);
    else act(item.row);
  }

  /** Selects the first line from one on that has a text, upwards or downwards; without a step, it may be that line itself. */
  #search(text: string, step: -1 | 0 | 1, from = this.view.selected): void {
    const { view } = this;
    view.search = text;
    if (text === "") return;
    const rows = view.rowsOf(this.#table);
    const start = rows.findIndex(({ key }) => from === key || from?.startsWith(`${key} `));
    for (let i = 0; i < rows.length; i++) {
      const at = (start < 0 ? i : start + (step === 0 ? i : step * (i + 1))) % rows.length;
      const row = rows.at(at)!;
      if (!matches(row, text.toLowerCase())) continue;
      view.selected = row.key;
      return;
    }
    this.say(`nothing has "${text}"`, true);
  }

  #accept(rows: readonly Row[], text: string): void {
    this.#table.accept(rows);
    this.say(text);
  }

  #mute(row: Row): void {
    const { view } = this;
    const items = view.linesOf(view.rowsOf(this.#table)).filter((item) => item.detail === null);
    const at = items.findIndex((item) => item.row === row);
    row.known.muted = !row.known.muted;
    this.say(row.known.muted ? `${row.key} is muted; X shows muted rows` : `${row.key} is shown again`);
    if (row.known.muted && !view.showMuted) view.selected = (items[at + 1] ?? items[at - 1])?.key ?? null;
  }

  #save(path: string): void {
    const text = this.#table.known.toString();
    this.#options.writeFile(path, text);
    this.#knownFile = path;
    this.say(`written to ${path}`);
  }

  #restart(act: (table: LiveTable) => void): void {
    act(this.table);
    if (this.#frozen !== null) this.#frozen.table = this.table.copy();
  }

  async #log(): Promise<void> {
    const { recorder } = this.#options;
    if (recorder.log === null) {
      const now = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "_");
      this.#ask("log to", `view-${now}.log`, (path) => recorder.begin(path));
      return;
    }
    const { path, count } = recorder.log;
    const losses = await recorder.end();
    const lost = losses.map(({ field, count }) => `${count} without ${field}`);
    this.say(`${path} has ${count} frames${lost.length > 0 ? `, ${lost.join(", ")}` : ""}`, lost.length > 0);
  }

  #mark(): void {
    const { recorder } = this.#options;
    if (recorder.log === null) this.say("there is no log: l begins one", true);
    else this.#ask("marker", "", (text) => this.say(`marked: ${recorder.mark(text)}`));
  }

  #ask(label: string, text: string, done: Prompt["done"], changed?: Prompt["changed"]): void {
    this.view.prompt = { label, text, done, ...changed && { changed } };
  }

  /** Takes a key of an answer. */
  async #edit(prompt: Prompt, key: string): Promise<void> {
    const { view } = this;
    if (key === "Esc") view.prompt = null;
    else if (key === "Enter") {
      view.prompt = null;
      await this.#attempt(() => prompt.done(prompt.text), () => {
        view.prompt = prompt; // to be corrected
      });
    } else {
      prompt.text = edited(prompt.text, key);
      prompt.changed?.(prompt.text);
    }
  }

  /** Does something; if it fails, the last line says why. */
  async #attempt(act: () => void | Promise<void>, failed?: () => void): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.say(error.message, true);
      failed?.();
      this.redraw(); // Deno writes on the screen which permission is missing
    }
  }
}

function matches(row: Row, text: string): boolean {
  return [row.key, row.name ?? "", ...row.signals.keys()].some((each) => each.toLowerCase().includes(text));
}
