/**
 * How each bus does.
 *
 * @module
 */

/** @import { BusHealth } from "../protocol.ts" */

import { byId, fill, make, write } from "./dom.js";
import { count, size, timeOfDay } from "./format.js";
import { Sparkline } from "./sparkline.js";

/** Values that are kept for the small lines; two come a second. */
const KEPT = 120;

/** The sign of a bus: colour and shape, and a word beside it. @param {BusHealth} bus @returns {[sign: string, word: string]} */
export function signOf({ up, problem, state }) {
  if (!up) return ["bad", problem === null ? "down" : "not up"];
  if (state === null) return ["good", "up"];
  const word = state.toLowerCase();
  return [word === "error-active" ? "good" : word === "error-warning" ? "warn" : "bad", word];
}

/** @param {number | null} load */
const percent = (load) => load === null ? "–" : `${(100 * load).toFixed(load < 0.0995 ? 1 : 0)} %`;

/** @param {number | null} bits */
function bitrate(bits) {
  if (bits === null) return "unknown";
  return bits >= 1e6 ? `${bits / 1e6} Mbit/s` : `${bits / 1000} kbit/s`;
}

/** The cards of the buses. */
export class Health {
  constructor() {
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    this.container = make("div", { class: "cards" });
    /** @type {Text} */
    this.page = document.createTextNode("");
    fill(byId("view-health"), this.container, make("p", { class: "dim page-note" }, this.page));
  }

  /**
   * @param {readonly BusHealth[]} buses
   * @param {number} skipped Snapshots that this page did not get.
   */
  show(buses, skipped) {
    const names = new Set(buses.map(({ bus }) => bus));
    for (const [bus, card] of this.cards) {
      if (names.has(bus)) continue;
      card.element.remove();
      this.cards.delete(bus);
    }
    for (const bus of buses) {
      let card = this.cards.get(bus.bus);
      if (card === undefined) {
        card = new Card(bus.bus);
        this.cards.set(bus.bus, card);
        this.container.append(card.element);
      }
      card.show(bus);
    }
    write(
      this.page,
      skipped === 0
        ? "On the way to this page nothing was left out."
        : `On the way to this page ${
          count(skipped)
        } snapshots were left out, because it read too slowly. Counts and plots are complete all the same.`,
    );
  }

  clear() {
    for (const { element } of this.cards.values()) element.remove();
    this.cards.clear();
  }
}

/** One bus. */
class Card {
  /** @param {string} name */
  constructor(name) {
    this.sign = make("span", { class: "sign" });
    this.problem = make("p", { class: "problem-text", hidden: true });
    this.meter = make("i");
    this.peak = make("b");
    this.load = make("span", { class: "big" });
    this.peakText = make("span", { class: "dim" });
    this.rates = new Sparkline("card-history");
    /** @type {number[]} */
    this.history = [];
    this.version = 0;
    /** @type {Map<string, [row: HTMLElement, value: HTMLElement]>} */
    this.facts = new Map();
    this.table = make("dl", { class: "facts" });
    this.errors = make("ul", { class: "events", "aria-label": "Latest error frames" });
    this.gaps = make("ul", { class: "events", "aria-label": "Latest losses" });
    this.errorsHead = make("h3", { hidden: true }, "Latest error frames");
    this.gapsHead = make("h3", { hidden: true }, "Latest losses");
    this.drawn = "";
    this.element = make(
      "article",
      { class: "card", "aria-label": name },
      make("header", {}, make("h2", {}, name), this.sign),
      this.problem,
      make(
        "div",
        { class: "load" },
        make("div", {}, make("span", { class: "label" }, "Load "), this.load, " ", this.peakText),
        make("div", { class: "meter", role: "presentation" }, this.meter, this.peak),
      ),
      make(
        "div",
        { class: "rate" },
        make("span", { class: "label" }, "Frames a second, the last minute"),
        this.rates.element,
      ),
      this.table,
      this.errorsHead,
      this.errors,
      this.gapsHead,
      this.gaps,
    );
  }

  /** @param {BusHealth} bus */
  show(bus) {
    const [sign, word] = signOf(bus);
    this.sign.dataset.sign = sign;
    write(this.sign, word);
    this.problem.hidden = bus.problem === null;
    write(this.problem, bus.problem ?? "");
    write(this.load, percent(bus.load));
    write(this.peakText, bus.load === null ? "the bitrate is unknown" : `peak ${percent(bus.peakLoad)}`);
    this.meter.style.transform = `scaleX(${Math.min(1, bus.load ?? 0).toFixed(3)})`;
    this.peak.style.left = `${(100 * Math.min(1, bus.peakLoad ?? 0)).toFixed(1)}%`;
    this.peak.hidden = bus.peakLoad === null;
    this.history.push(bus.rate);
    if (this.history.length > KEPT) this.history.shift();
    this.rates.show(this.history, ++this.version, { most: KEPT, low: 0 });
    const { dropped, errorCounters } = bus;
    this.#fact("Frames a second", `${count(bus.rate)}, peak ${count(bus.peakRate)}`);
    this.#fact("Frames", count(bus.frames));
    this.#fact("Data a second", size(bus.bytes));
    this.#fact(
      "Bitrate",
      bitrate(bus.bitrate) + (bus.dataBitrate === null ? "" : `, data ${bitrate(bus.dataBitrate)}`),
    );
    this.#fact(
      "Error counters",
      errorCounters ? `tx ${errorCounters.tx}, rx ${errorCounters.rx}` : "unknown",
      () => errorCounters !== null && Math.max(errorCounters.tx, errorCounters.rx) >= 96,
    );
    this.#fact("Error frames", count(bus.errorFrames), () => bus.errorFrames > 0);
    this.#fact("Restarts", bus.restarts === null ? "unknown" : count(bus.restarts), () => (bus.restarts ?? 0) > 0);
    this.#fact("Lost in the socket", count(dropped.socket), () => dropped.socket > 0);
    this.#fact(
      "Lost in the interface",
      dropped.interface === null ? "unknown" : count(dropped.interface),
      () => (dropped.interface ?? 0) > 0,
    );
    this.#fact("Times from", bus.clock === null ? "–" : bus.clock === "hardware" ? "the controller" : "the kernel");
    this.#events(bus);
  }

  /** @param {BusHealth} bus */
  #events({ errors, gaps }) {
    const mark = JSON.stringify([errors.at(-1), errors.length, gaps.at(-1), gaps.length]);
    if (mark === this.drawn) return;
    this.drawn = mark;
    this.errorsHead.hidden = errors.length === 0;
    this.gapsHead.hidden = gaps.length === 0;
    const event = (/** @type {number} */ time, /** @type {string} */ text) =>
      make("li", {}, make("span", { class: "mono dim" }, timeOfDay(time)), " ", text);
    fill(this.errors, ...errors.toReversed().map(({ time, text }) => event(time, text)));
    fill(
      this.gaps,
      ...gaps.toReversed().map((gap) =>
        event(gap.time, `${count(gap.count)} frame${gap.count === 1 ? "" : "s"} missing`)
      ),
    );
  }

  /** @param {string} name @param {string} value @param {() => boolean} [isBad] */
  #fact(name, value, isBad = () => false) {
    let entry = this.facts.get(name);
    if (entry === undefined) {
      const text = make("dd");
      const row = make("div", {}, make("dt", {}, name), text);
      entry = [row, text];
      this.facts.set(name, entry);
      this.table.append(row);
    }
    write(entry[1], value);
    entry[0].classList.toggle("bad", isBad());
  }
}
