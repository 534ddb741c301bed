/**
 * A small line of the latest values.
 *
 * @module
 */

import { make } from "./dom.js";

/** A canvas of the size that the style sheet gives its class. */
export class Sparkline {
  /** @param {string} name A class. */
  constructor(name) {
    this.element = make("canvas", { class: name, "aria-hidden": "true" });
    this.drawn = "";
  }

  /**
   * Draws the values, the newest on the right; NaN is a gap.
   *
   * @param {readonly number[]} values
   * @param {number} version Another one if the values may be others than those drawn before.
   * @param {{ most?: number, low?: number, high?: number }} [options] How many values the width is for; the limits, if they
   *   are given.
   */
  show(values, version, { most = 120, low, high } = {}) {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0) return;
    const scale = devicePixelRatio;
    const mark = `${width} ${scale} ${version}`;
    if (mark === this.drawn) return;
    this.drawn = mark;
    this.element.width = width * scale;
    this.element.height = height * scale;
    const context = this.element.getContext("2d");
    if (context === null) return;
    const there = values.filter((value) => !Number.isNaN(value));
    const least = low ?? Math.min(...there);
    const range = (high ?? Math.max(...there)) - least || 1;
    context.scale(scale, scale);
    context.strokeStyle = getComputedStyle(this.element).color;
    context.lineWidth = 1.25;
    context.beginPath();
    let pen = false;
    values.forEach((value, index) => {
      const x = width - 1 - (values.length - 1 - index) * (width - 2) / (most - 1);
      const y = there.length > 0 && least === Math.max(...there) && low === undefined
        ? height / 2
        : height - 2 - (value - least) / range * (height - 4);
      if (Number.isNaN(value)) pen = false;
      else {
        if (pen) context.lineTo(x, y);
        else context.moveTo(x, y);
        pen = true;
      }
    });
    context.stroke();
  }
}
