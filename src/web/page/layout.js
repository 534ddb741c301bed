/**
 * What the user has arranged: kept in the browser for the next visit, and in the address, so that a link shows the same.
 *
 * @module
 */

/** @typedef {{ series: string[], height?: number }} Pane A plot; its series by their names in the protocol. */

/** What a page shows that nobody has arranged. */
const initial = {
  view: "table",
  sort: "id",
  descending: false,
  search: "",
  filter: "",
  times: "clock",
  showMuted: false,
  onlyNew: false,
  /** @type {string[]} */
  muted: [],
  /** @type {string[]} */
  pinned: [],
  /** @type {string[]} */
  open: [],
  /** @type {Pane[]} */
  panes: [],
  span: 60,
  /** Places in recordings: the title, "@", the time. @type {string[]} */
  marks: [],
  source: "",
};

/** @typedef {typeof initial} Layout */

const KEPT = "can.layout";

/** @type {Layout} */
export const layout = { ...initial, ...kept(localStorage.getItem(KEPT) ?? ""), ...kept(location.hash.slice(1)) };

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pending;

/**
 * Changes the layout, and keeps it.
 *
 * @param {Partial<Layout>} changes
 */
export function arrange(changes) {
  Object.assign(layout, changes);
  clearTimeout(pending);
  pending = setTimeout(keep, 200); // browsers allow some hundred changes of the address in half a minute
}

/** The address of this page with its layout. */
export function link() {
  keep();
  return location.href;
}

function keep() {
  const changed = Object.entries(layout).filter(([name, value]) =>
    JSON.stringify(value) !== JSON.stringify(initial[/** @type {keyof Layout} */ (name)])
  );
  const text = JSON.stringify(Object.fromEntries(changed));
  localStorage.setItem(KEPT, text);
  history.replaceState(null, "", changed.length > 0 ? `#${encodeURIComponent(text)}` : location.pathname);
}

/**
 * What a text says of a layout. It may be of any origin, so that only what has the right type is taken.
 *
 * @param {string} text JSON, as it is or as a part of an address.
 * @returns {Partial<Layout>}
 */
function kept(text) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text.startsWith("{") ? text : decodeURIComponent(text) || "{}");
  } catch (error) {
    console.warn("The layout in the address or in the browser cannot be read, and is left out:", error);
  }
  if (typeof value !== "object" || value === null) return {};
  const isText = (/** @type {unknown} */ each) => typeof each === "string";
  const isPane = (/** @type {unknown} */ each) =>
    typeof each === "object" && each !== null && "series" in each && Array.isArray(each.series) &&
    each.series.every(isText);
  return Object.fromEntries(
    Object.entries(initial).flatMap(([name, before]) => {
      const now = /** @type {Record<string, unknown>} */ (value)[name];
      const fits = Array.isArray(before)
        ? Array.isArray(now) && now.every(name === "panes" ? isPane : isText)
        : typeof now === typeof before;
      return fits ? [[name, now]] : [];
    }),
  );
}
