/**
 * Zooming and panning of a plot by wheel, mouse and fingers.
 *
 * @module
 */

/** @import { Window } from "./plot_pane.js" */

/**
 * Lets an element be used so: the wheel zooms at the pointer, or pans with Shift; dragging with Shift or one finger pans; two
 * fingers zoom. Dragging without Shift selects a time, which is the chart's own.
 *
 * @param {HTMLElement} element
 * @param {object} plot
 * @param {() => Window} plot.window
 * @param {(window: Window) => void} plot.show
 * @param {(left: number) => number} plot.time The time at a place.
 */
export function plotGestures(element, { window, show, time }) {
  /** Where each finger, or the mouse, is. @type {Map<number, number>} */
  const fingers = new Map();
  const left = (/** @type {MouseEvent} */ event) => event.clientX - element.getBoundingClientRect().left;

  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { from, to } = window();
    const turns = Math.max(-3, Math.min(3, (event.deltaY || event.deltaX) / 100));
    if (event.shiftKey || event.deltaY === 0) {
      const by = turns * (to - from) / 10;
      show({ from: from + by, to: to + by });
    } else show(zoomed(window(), time(left(event)), 1.25 ** turns));
  }, { passive: false });

  // The chart takes the mouse for selecting unless this comes first.
  element.addEventListener("mousedown", (event) => event.shiftKey && event.stopImmediatePropagation(), {
    capture: true,
  });
  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && !event.shiftKey) return;
    fingers.set(event.pointerId, left(event));
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (before === undefined) return;
    const now = left(event);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) {
      const by = time(before) - time(now);
      const { from, to } = window();
      show({ from: from + by, to: to + by });
    } else if (Math.abs(now - other) > 10) show(zoomed(window(), time(other), (before - other) / (now - other)));
    fingers.set(event.pointerId, now);
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    element.addEventListener(name, (event) => fingers.delete(event.pointerId));
  }
}

/**
 * A window made larger by a factor, with a time left at its place.
 *
 * @param {Window} window
 * @param {number} time
 * @param {number} factor
 */
export function zoomed({ from, to }, time, factor) {
  const length = (to - from) * factor;
  if (length < 1e-5 || length > 1e8 || !(factor > 0)) return { from, to };
  return { from: time - (time - from) * factor, to: time + (to - time) * factor };
}
