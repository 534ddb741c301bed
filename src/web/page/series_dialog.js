/**
 * The dialog that chooses series.
 *
 * @module
 */

/** @import { SeriesName } from "./series.js" */

import { fill, make, write } from "./dom.js";
import { count } from "./format.js";

/** Rows that are shown at most: the search leads to the others. */
const SHOWN = 200;

/**
 * Lets the user choose. Returns the keys, or null if the dialog was left.
 *
 * @param {readonly SeriesName[]} series
 * @param {readonly string[]} before Those that are chosen.
 * @returns {Promise<string[] | null>}
 */
export function chooseSeries(series, before) {
  const chosen = new Set(before);
  const list = make("ul", { class: "choices" });
  const further = make("p", { class: "dim" });
  const search = make("input", {
    type: "search",
    placeholder: "Search signals, messages, buses",
    "aria-label": "Search series",
    oninput: () => draw(),
  });
  const draw = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const found = series.filter(({ name, group, bus }) => {
      const text = `${name} ${group} ${bus}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    fill(
      list,
      ...found.slice(0, SHOWN).map(({ key, name, group, bus }) => {
        const box = make("input", {
          type: "checkbox",
          checked: chosen.has(key),
          onchange: () => box.checked ? chosen.add(key) : chosen.delete(key),
        });
        return make(
          "li",
          {},
          make(
            "label",
            {},
            box,
            make("span", {}, name),
            make("span", { class: "dim" }, group === bus ? bus : `${group}, ${bus}`),
          ),
        );
      }),
    );
    const rest = found.length - SHOWN;
    write(
      further,
      found.length === 0 ? "There is none of that name." : rest > 0 ? `and ${count(rest)} more: search for them` : "",
    );
  };
  const dialog = make("dialog", { class: "chooser", "aria-label": "Series of the plot" });
  const { promise, resolve } = /** @type {PromiseWithResolvers<string[] | null>} */ (Promise.withResolvers());
  const done = (/** @type {string[] | null} */ result) => {
    dialog.remove();
    resolve(result);
  };
  dialog.addEventListener("close", () => done(null));
  fill(
    dialog,
    make("h2", {}, "Series of the plot"),
    search,
    list,
    further,
    make(
      "div",
      { class: "buttons" },
      make("button", { type: "button", onclick: () => done(null) }, "Cancel"),
      make("button", { type: "button", class: "primary", onclick: () => done([...chosen]) }, "Plot"),
    ),
  );
  draw();
  document.body.append(dialog);
  dialog.showModal();
  search.focus();
  return promise;
}
