/**
 * A list of any length, of which only the visible rows exist as elements.
 *
 * @module
 */

import { make } from "./dom.js";

/** The tallest element of which browsers still scroll to every pixel, with some to spare. */
const TALLEST = 8_000_000;

/**
 * @template T
 * @typedef {object} RowView A row on the screen, which shows one item after the other.
 * @property {HTMLElement} element
 * @property {(item: T, index: number) => void} show Writes what differs from what it has shown.
 */

/** @template T */
export class Rows {
  /**
   * @param {HTMLElement} scroller The element that scrolls; it gets the keyboard.
   * @param {object} options
   * @param {string} options.label What the list is, for a screen reader.
   * @param {() => RowView<T>} options.view Makes an empty row.
   * @param {(index: number) => T | undefined} options.item What is at an index; undefined if it is still to come.
   * @param {(key: string, index: number) => boolean} [options.key] A key was pressed on the selected row; true if it meant something.
   * @param {(index: number) => void} [options.select] Another row was selected.
   * @param {() => void} [options.scrolled] The visible part has changed, by the user.
   */
  constructor(scroller, options) {
    this.scroller = scroller;
    this.options = options;
    this.count = 0;
    this.selected = -1;
    /** @type {RowView<T>[]} */
    this.pool = [];
    this.body = make("div", { class: "rows-body", role: "rowgroup" });
    scroller.classList.add("rows");
    scroller.setAttribute("role", "grid");
    scroller.setAttribute("aria-label", options.label);
    scroller.tabIndex = 0;
    scroller.append(this.body);
    scroller.addEventListener("scroll", () => {
      this.draw();
      options.scrolled?.();
    }, { passive: true });
    scroller.addEventListener("keydown", (event) => this.#key(event));
    scroller.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.draw()).observe(scroller);
  }

  /** The height of a row, which the style sheet says. */
  get height() {
    return parseFloat(getComputedStyle(this.scroller).getPropertyValue("--row")) || 26;
  }

  /** The first row that is visible, with the part of it that is not; and how many fit. */
  get visible() {
    const height = this.height;
    const { scrollTop, clientHeight } = this.scroller;
    const fit = clientHeight / height;
    const total = this.count * height;
    const hidden = Math.max(1, Math.min(total, TALLEST) - clientHeight);
    const first = total <= TALLEST ? scrollTop / height : scrollTop / hidden * (this.count - fit);
    return { first, fit, height };
  }

  /** Whether the end of the list is visible. */
  get atEnd() {
    const { first, fit } = this.visible;
    return first + fit >= this.count - 1;
  }

  /** @param {number} count How many rows there are. */
  resize(count) {
    if (count === this.count) return;
    this.count = count;
    this.scroller.setAttribute("aria-rowcount", String(count));
    this.body.style.height = `${Math.min(count * this.height, TALLEST)}px`;
  }

  /** @param {number} index The row to be the first visible one; it may have a fraction. */
  scrollTo(index) {
    const { fit, height } = this.visible;
    const total = this.count * height;
    const hidden = Math.min(total, TALLEST) - this.scroller.clientHeight;
    const top = total <= TALLEST ? index * height : index / Math.max(1, this.count - fit) * hidden;
    this.scroller.scrollTop = Math.max(0, top);
  }

  /** Draws the visible rows. */
  draw() {
    const { first, fit, height } = this.visible;
    if (fit === 0) return;
    const shown = Math.ceil(fit) + 1;
    while (this.pool.length < shown) {
      const view = this.options.view();
      view.element.classList.add("row");
      view.element.setAttribute("role", "row");
      this.pool.push(view);
      this.body.append(view.element);
    }
    const start = Math.floor(Math.max(0, Math.min(first, this.count - fit)));
    const offset = this.scroller.scrollTop - (first - start) * height;
    for (let index = start; index < start + this.pool.length; index++) {
      const { element, show } = this.pool[index % this.pool.length];
      const item = index < this.count && index < start + shown ? this.options.item(index) : undefined;
      element.hidden = item === undefined;
      if (item === undefined) continue;
      const place = `translateY(${Math.round(offset + (index - start) * height)}px)`;
      if (element.style.transform !== place) element.style.transform = place;
      const chosen = String(index === this.selected);
      if (element.ariaSelected !== chosen) element.ariaSelected = chosen;
      element.setAttribute("aria-rowindex", String(index + 1));
      element.dataset.index = String(index);
      show(item, index);
    }
  }

  /** @param {number} index Selects a row and scrolls to it. */
  select(index) {
    this.selected = Math.max(0, Math.min(index, this.count - 1));
    const { first, fit } = this.visible;
    if (this.selected < first) this.scrollTo(this.selected);
    else if (this.selected > first + fit - 1) this.scrollTo(this.selected - fit + 1);
    this.options.select?.(this.selected);
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.target !== this.scroller || event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.visible.fit) - 1);
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.select(this.selected + steps[event.key]);
    else if (this.selected < 0 || !this.options.key?.(event.key, this.selected)) return;
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = /** @type {Element} */ (event.target);
    const row = /** @type {HTMLElement | null} */ (target.closest(".row"));
    if (row === null || target.closest("button") !== null) return;
    this.select(Number(row.dataset.index));
  }
}
