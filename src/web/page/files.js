/**
 * Recordings and databases: what there is, and bringing in more.
 *
 * @module
 */

/** @import { DatabaseState, SourceState, State } from "../protocol.ts" */

import { byId, fill, iconButton, make } from "./dom.js";
import { count, day, duration, size, timeOfDay } from "./format.js";
import { ask } from "./server.js";

const databaseNames = /\.(dbc|kcd|sym)$/i;

export class Files {
  /**
   * @param {object} actions
   * @param {(source: string) => void} actions.open Looks at a source.
   * @param {() => string} actions.shown The source that is looked at.
   * @param {(text: string, bad?: boolean) => void} actions.say
   */
  constructor(actions) {
    this.actions = actions;
    /** @type {State | null} */
    this.state = null;
    this.recordings = make("ul", { class: "items" });
    this.databases = make("ul", { class: "items" });
    this.limits = make("p", { class: "dim" });
    this.busyText = make("p", { class: "dim", role: "status" });
    this.bus = make("select", { "aria-label": "Bus that the database is for" });
    const recording = this.#picker("Open a recording…", (file) => this.#upload(file));
    const database = this.#picker("Add a database…", (file) => this.#database(file, this.bus.value));
    fill(
      byId("view-files"),
      make(
        "div",
        { class: "columns" },
        make(
          "section",
          { class: "block", "aria-label": "Sources" },
          make("header", {}, make("h2", {}, "What is looked at"), recording),
          make(
            "p",
            { class: "dim" },
            "Live buses, and recordings of every format of the library; drop one anywhere on the page.",
          ),
          this.recordings,
          this.limits,
          this.busyText,
        ),
        make(
          "section",
          { class: "block", "aria-label": "Databases" },
          make("header", {}, make("h2", {}, "Databases"), make("span", { class: "group" }, this.bus, database)),
          make(
            "p",
            { class: "dim" },
            "DBC, KCD and SYM; of two for a bus the later one goes first. Drop one anywhere on the page.",
          ),
          this.databases,
        ),
      ),
    );
    this.#dropping();
  }

  /** @param {State} state */
  show(state) {
    this.state = state;
    fill(this.recordings, ...state.sources.map((source) => this.#source(source)));
    fill(this.databases, ...state.databases.map((database) => this.#databaseItem(database)));
    if (state.databases.length === 0) {
      fill(this.databases, make("li", { class: "dim" }, "None: frames are shown as bytes."));
    }
    const buses = [...new Set(state.sources.flatMap(({ buses }) => buses))];
    const chosen = this.bus.value;
    fill(
      this.bus,
      make("option", { value: "" }, "for all buses"),
      ...buses.map((bus) => make("option", { value: bus, selected: bus === chosen }, `for ${bus}`)),
    );
    const { recordingBytes, databaseBytes } = state.allowed;
    fill(this.limits, `At most ${size(recordingBytes)} a recording, ${size(databaseBytes)} a database.`);
  }

  /** @param {string} text @param {(file: File) => void} take */
  #picker(text, take) {
    const input = make("input", {
      type: "file",
      class: "unseen",
      tabIndex: -1,
      "aria-label": text,
      onchange: () => {
        for (const file of input.files ?? []) take(file);
        input.value = "";
      },
    });
    return make("span", {}, input, make("button", { type: "button", onclick: () => input.click() }, text));
  }

  /** @param {SourceState} source */
  #source({ source, kind, title, buses, recording }) {
    const shown = source === this.actions.shown();
    const facts = recording === null ? [buses.join(", ")] : [
      recording.format,
      `${count(recording.frames)} frames`,
      recording.frames > 0 && `${day(recording.start)} ${timeOfDay(recording.start, 0)}`,
      recording.frames > 0 && duration(recording.end - recording.start),
      buses.length > 0 && buses.join(", "),
    ];
    return make(
      "li",
      { class: shown ? "item shown" : "item" },
      make(
        "div",
        { class: "item-head" },
        make("strong", {}, kind === "live" ? "Live buses" : title),
        shown ? make("span", { class: "sign", "data-sign": "good" }, "shown") : make("button", {
          type: "button",
          onclick: () => this.actions.open(source),
        }, kind === "live" ? "Show" : "Open"),
        kind === "recording" && iconButton("cross", `Close ${title}`, () => this.#close("api/recordings", { source })),
      ),
      make("p", { class: "dim" }, facts.filter((fact) => fact).join(" · ")),
      recording !== null && !recording.done && make(
        "p",
        { class: "indexing" },
        make("progress", { max: 1, value: recording.progress, "aria-label": `Reading ${title}` }),
        ` ${Math.floor(100 * recording.progress)} % read; what is there can be looked at already`,
      ),
      recording?.error && make("p", { class: "problem-text" }, recording.error),
      ...diagnostics(recording),
    );
  }

  /** @param {DatabaseState} database */
  #databaseItem(database) {
    const { name, bus, messages } = database;
    return make(
      "li",
      { class: "item" },
      make(
        "div",
        { class: "item-head" },
        make("strong", {}, name),
        iconButton("cross", `Remove ${name}`, () => this.#close("api/databases", { database: database.database })),
      ),
      make("p", { class: "dim" }, `${count(messages)} messages · ${bus === "" ? "for all buses" : `for ${bus}`}`),
      ...diagnostics(database),
    );
  }

  /** @param {string} path @param {Record<string, string>} query */
  async #close(path, query) {
    await this.#report(ask("DELETE", path, query));
  }

  /** @param {Promise<unknown>} work @param {string} [done] */
  async #report(work, done) {
    try {
      await work;
      if (done !== undefined) this.actions.say(done);
    } catch (error) {
      this.actions.say(String(error instanceof Error ? error.message : error), true);
    }
  }

  /** @param {File} file @param {string} bus */
  #database(file, bus) {
    if (!this.#fits(file, this.state?.allowed.databaseBytes)) return;
    const work = ask("POST", "api/databases", { bus, name: file.name }, file).then(
      (/** @type {DatabaseState} */ state) => {
        const skipped = state.skipped > 0 ? `; ${count(state.skipped)} things in it could not be read, see Files` : "";
        this.actions.say(`${state.name}: ${count(state.messages)} messages are decoded${skipped}`);
      },
    );
    void this.#report(work);
  }

  /** @param {File} file */
  async #upload(file) {
    if (!this.#fits(file, this.state?.allowed.recordingBytes)) return;
    fill(this.busyText, `Sending ${file.name} (${size(file.size)}) to the server …`);
    await this.#report(
      ask("POST", "api/recordings", { name: file.name }, file).then((/** @type {SourceState} */ { source }) =>
        this.actions.open(source)
      ),
    );
    fill(this.busyText);
  }

  /** @param {File} file @param {number} [most] */
  #fits(file, most = Infinity) {
    if (file.size <= most) return true;
    this.actions.say(
      `${file.name} has ${size(file.size)}, and the server takes ${
        size(most)
      }: name it when you start the server instead`,
      true,
    );
    return false;
  }

  #dropping() {
    const zone = byId("drop");
    let depth = 0;
    const set = (/** @type {number} */ now) => {
      depth = now;
      zone.hidden = depth === 0;
    };
    const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") === true;
    document.addEventListener("dragenter", (event) => hasFiles(event) && set(depth + 1));
    document.addEventListener("dragleave", (event) => hasFiles(event) && set(Math.max(0, depth - 1)));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      set(0);
      for (const file of event.dataTransfer?.files ?? []) {
        if (databaseNames.test(file.name)) this.#database(file, "");
        else void this.#upload(file);
      }
    });
  }
}

/** @param {{ diagnostics: readonly string[], skipped: number } | null} of */
function diagnostics(of) {
  if (of === null || of.skipped === 0) return [];
  const { diagnostics, skipped } = of;
  return [
    make(
      "details",
      {},
      make("summary", {}, `${count(skipped)} thing${skipped === 1 ? "" : "s"} could not be read`),
      make("ul", { class: "events mono" }, ...diagnostics.map((text) => make("li", {}, text))),
      skipped > diagnostics.length && make("p", { class: "dim" }, `and ${count(skipped - diagnostics.length)} more`),
    ),
  ];
}
