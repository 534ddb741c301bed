/**
 * Making elements. Whatever comes from a bus, a database or a log reaches the page as text nodes only, so that no name in it
 * can be markup.
 *
 * @module
 */

/** @typedef {Node | string | number | null | undefined | false} Child What an element may hold. */

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [settings] Properties as they are; `class`, `role`, `aria-…` and `data-…` are attributes.
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, settings = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name === "class" || name === "role" || name === "for" || name === "list" || name.includes("-")) {
      if (value !== undefined && value !== false) element.setAttribute(name, String(value));
    } else Object.assign(element, { [name]: value });
  }
  element.append(...shown(children));
  return element;
}

/**
 * Replaces what an element holds.
 *
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...shown(children));
}

/** @param {Child[]} children */
function shown(children) {
  return children.flatMap((child) =>
    child === null || child === undefined || child === false ? [] : [typeof child === "number" ? String(child) : child]
  );
}

/**
 * Writes a text, unless it is there already: the browser lays out only what has changed.
 *
 * @param {Node} node
 * @param {string} text
 */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * The element of the page's own markup with an id.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element "${id}"`);
  return /** @type {T} */ (element);
}

/** @type {Record<string, string>} */
const shapes = {
  chevron: "M6 3.5 10.5 8 6 12.5",
  pin: "M5.5 2.5h5l-.7 4 2.2 2.3H4l2.2-2.3zM8 8.8v4.7",
  mute: "M3 6.2v3.6h2.4L8.6 12.6V3.4L5.4 6.2zM11 6l3 4M14 6l-3 4",
  plot: "M2.5 2.5v11h11M4.5 10.5l2.8-3.8 2.4 2 3.3-4.7",
  play: "M5 3.2v9.6L12.5 8z",
  pause: "M5.2 3.2v9.6M10.8 3.2v9.6",
  cross: "M4 4l8 8M12 4l-8 8",
  plus: "M8 3.2v9.6M3.2 8h9.6",
  mark: "M4.2 13.5v-11h7.6L9.6 5.7l2.2 3.2H4.2",
  record: "M8 4.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 1 0 0-7.6z",
  share:
    "M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2.4-2.4a2.6 2.6 0 0 0-3.7-3.7L8 4.3M9.2 6.8a2.6 2.6 0 0 0-3.7 0L3.1 9.2a2.6 2.6 0 0 0 3.7 3.7L8 11.7",
  down: "M8 3v9.5M4 8.7l4 3.8 4-3.8",
};

/**
 * A small drawing, which says nothing to a screen reader.
 *
 * @param {string} name
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", shapes[name]);
  svg.append(path);
  return svg;
}

/**
 * A button with a drawing; its label is its tooltip and what a screen reader says.
 *
 * @param {string} shape
 * @param {string} label
 * @param {(event: MouseEvent) => void} act
 * @param {string} [text] Shown beside the drawing.
 */
export function iconButton(shape, label, act, text) {
  const button = make(
    "button",
    {
      type: "button",
      class: text === undefined ? "bare" : "",
      title: label,
      "aria-label": label,
      onclick: act,
    },
    icon(shape),
    text,
  );
  return button;
}
