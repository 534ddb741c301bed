/**
 * What is said in passing, and what the page says before anything has arrived.
 *
 * @module
 */

/** @import { Finding, State } from "../protocol.ts" */

import { byId, fill, iconButton, make } from "./dom.js";

/** Milliseconds for which good news stays; bad news stays until it is taken away. */
const SHOWN = 6000;

/**
 * Shows a notice.
 *
 * @param {string} text
 * @param {boolean} [bad]
 */
export function say(text, bad = false) {
  const shown = [...byId("notices").children].find((each) => each.querySelector("p")?.textContent === text);
  shown?.remove();
  const notice = make("div", { class: bad ? "notice bad" : "notice" }, make("p", {}, text));
  notice.append(iconButton("cross", "Take this notice away", () => notice.remove()));
  byId("notices").append(notice);
  if (!bad) setTimeout(() => notice.remove(), SHOWN);
}

/** Shows an error. @param {unknown} error */
export function fail(error) {
  say(String(error instanceof Error ? error.message : error), true);
}

/**
 * The first screen: nothing has arrived yet, and what to do.
 *
 * @param {HTMLElement} element
 * @param {object} about
 * @param {State | null} about.state
 * @param {boolean} about.filtered Whether a filter or a search is set.
 * @param {boolean} about.recording Whether a recording is shown.
 * @param {readonly Finding[] | null} about.findings
 */
export function welcome(element, { state, filtered, recording, findings }) {
  const buses = state?.sources.find(({ kind }) => kind === "live")?.buses ?? [];
  if (state === null) return fill(element, make("p", { class: "dim" }, "Connecting to the server …"));
  if (filtered) {
    return fill(
      element,
      make("h2", {}, "Nothing passes the filter"),
      make("p", {}, "No row has what is searched for, or no last frame fulfils the expression."),
    );
  }
  if (recording) {
    return fill(
      element,
      make("h2", {}, "Nothing played yet"),
      make("p", {}, "Press play, or choose a place on the time line below."),
    );
  }
  const bus = buses[0] ?? "can0";
  fill(
    element,
    make("h2", {}, buses.length > 0 ? `Listening on ${buses.join(", ")}: no frame yet` : "No bus is open"),
    make(
      "ul",
      { class: "findings" },
      ...(findings ?? []).map(({ level, subject, text, meaning, fix }) =>
        make(
          "li",
          {},
          make("span", { class: "sign", "data-sign": signs[level] }, level),
          make(
            "p",
            {},
            `${subject}: ${text}`,
            meaning && make("span", { class: "remedy" }, meaning),
            fix && make("span", { class: "remedy" }, make("code", {}, fix)),
          ),
        )
      ),
    ),
    make(
      "dl",
      { class: "hints" },
      make("dt", {}, "Nothing on the wire?"),
      make(
        "dd",
        {},
        make("code", {}, `can doctor ${bus}`),
        " finds what is wrong with the bus; ",
        make("code", {}, `can gen ${bus}`),
        " sends frames to try it.",
      ),
      make("dt", {}, "A log at hand?"),
      make("dd", {}, "Drop it on this page, or open it under Files."),
      make("dt", {}, "A database?"),
      make("dd", {}, "Drop a DBC, KCD or SYM file on this page: names and signals appear at once."),
    ),
  );
}

/** The signs of findings. */
const signs = { ok: "good", warning: "warn", problem: "bad" };

/** What the keys do, in a dialog. */
export function help() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("help"));
  /** @type {[string[], string][]} */
  const keys = [
    [["1", "…", "6"], "table, trace, plots, health, files, send"],
    [["/"], "search the table; in the trace and elsewhere, too"],
    [["f"], "filter by an expression"],
    [["↑", "↓", "PgUp", "PgDn", "Home", "End"], "go through the rows"],
    [["Enter", "→", "←"], "unfold and fold a row"],
    [["p", "m", "g"], "pin a row, mute it, plot a signal"],
    [["n"], "notch: take all changes so far as known"],
    [["Space"], "pause and follow, in the trace and the plots"],
    [["←", "→", "+", "−"], "move and zoom the plots"],
    [["k", "b"], "play or pause a recording, set a mark"],
    [["?"], "this help"],
  ];
  const title = make("h2", {}, "Keys");
  title.id = "help-title";
  fill(
    dialog,
    title,
    make(
      "dl",
      { class: "keys" },
      ...keys.flatMap(([names, meaning]) => [
        make(
          "dt",
          {},
          ...names.flatMap((name, index) => index > 0 ? [" ", make("kbd", {}, name)] : [make("kbd", {}, name)]),
        ),
        make("dd", {}, meaning),
      ]),
    ),
    make("div", { class: "buttons" }, make("button", { type: "button", onclick: () => dialog.close() }, "Close")),
  );
  dialog.showModal();
}
