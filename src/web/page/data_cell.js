/**
 * The bytes of a frame, of which each shows the bits that have changed: by colour, which fades, and by marks below its digits.
 *
 * @module
 */

/** @import { BusRow } from "./bus_rows.js" */

import { STEPS } from "./bus_rows.js";
import { make } from "./dom.js";

/**
 * Eight marks in a row, of which those of a mask's bits are drawn; the highest bit is on the left, as in the digits.
 *
 * @type {string[]}
 */
const marks = [];

/** @param {number} mask */
function marksOf(mask) {
  return marks[mask] ??= mask === 0 ? "none" : `linear-gradient(90deg, ${
    Array.from({ length: 8 }, (_, bit) => {
      const colour = mask >> (7 - bit) & 1 ? "currentColor" : "transparent";
      // A thin gap between two bits, so that they can be counted.
      return `transparent ${bit * 12.5}%, ${colour} ${bit * 12.5}%, ${colour} ${bit * 12.5 + 9.5}%, transparent ${
        bit * 12.5 + 9.5
      }%`;
    }).join(", ")
  })`;
}

/** A run of bytes. */
export class DataCell {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    /** @type {{ element: HTMLElement, text: Text, fresh: number, mask: number }[]} */
    this.bytes = [];
    this.shown = 0;
    this.rest = make("span", { class: "rest" });
    this.words = make("span", { class: "words" });
    element.append(this.words, this.rest);
  }

  /**
   * Shows some bytes of a row's last frame.
   *
   * @param {BusRow} row
   * @param {number} from The first byte.
   * @param {number} most How many fit.
   */
  show(row, from, most) {
    const { data, length, text } = /** @type {NonNullable<BusRow["values"]>} */ (row.values).frame;
    const there = data.length / 2;
    const end = Math.min(there, from + most);
    const now = performance.now();
    for (let index = 0; index < Math.max(this.shown, end - from); index++) {
      const byte = from + index;
      const view = this.bytes[index] ??= this.#byte();
      view.element.hidden = byte >= end;
      if (byte >= end) continue;
      const digits = data.slice(2 * byte, 2 * byte + 2);
      if (view.text.data !== digits) view.text.data = digits;
      const fresh = byte < 64 ? row.freshness(byte, now) : 0;
      const mask = fresh > 0 ? row.changed[byte] : 0;
      if (view.fresh !== fresh) {
        view.element.dataset.fresh = String(fresh);
        view.fresh = fresh;
      }
      if (view.mask !== mask) {
        view.element.style.backgroundImage = marksOf(mask);
        view.mask = mask;
      }
    }
    this.shown = Math.max(0, end - from);
    this.#further(row, end, Math.max(there, length), from + most, now);
    const words = text ?? (row.definition.kind === "remote" ? `asks for ${length} byte${length === 1 ? "" : "s"}` : "");
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  /**
   * Says how many bytes do not fit, and whether one of them has changed.
   *
   * @param {BusRow} row
   * @param {number} end
   * @param {number} length
   * @param {number} room
   * @param {number} now
   */
  #further(row, end, length, room, now) {
    const further = row.definition.kind === "remote" || row.definition.kind === "error" ? 0 : length - end;
    const text = further > 0 && end === room ? `+${further}` : "";
    if (this.rest.textContent !== text) this.rest.textContent = text;
    let fresh = 0;
    for (let byte = end; text !== "" && byte < Math.min(length, 64) && fresh < STEPS; byte++) {
      fresh = Math.max(fresh, row.freshness(byte, now));
    }
    if (this.rest.dataset.fresh !== String(fresh)) this.rest.dataset.fresh = String(fresh);
  }

  #byte() {
    const text = document.createTextNode("");
    const element = make("span", { class: "byte" }, text);
    element.dataset.fresh = "0";
    this.rest.before(element);
    return { element, text, fresh: 0, mask: 0 };
  }
}
