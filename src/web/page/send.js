/**
 * Sending frames, by hand or by a database; only if the server lets its clients.
 *
 * @module
 */

/** @import { MessageDefinition, SendRequest, Sent, SignalDefinition, State } from "../protocol.ts" */

import { byId, fill, iconButton, make, write } from "./dom.js";
import { identifier, quantity } from "./format.js";
import { ask } from "./server.js";

/**
 * A field with its label.
 *
 * @param {string} text
 * @param {HTMLElement} control
 * @param {string} [more] A class.
 */
function field(text, control, more = "") {
  return make("label", { class: `field ${more}` }, make("span", { class: "label" }, text), control);
}

/** @param {string} text */
function checkbox(text) {
  const box = make("input", { type: "checkbox" });
  return { box, element: make("label", { class: "check" }, box, text) };
}

export class Send {
  constructor() {
    /** @type {readonly MessageDefinition[]} */
    this.messages = [];
    /** Fields of the message that is chosen, by the names of its signals. @type {Map<string, HTMLInputElement | HTMLSelectElement>} */
    this.values = new Map();
    this.bus = make("select", { onchange: () => void this.#load() });
    this.period = make("input", { type: "number", min: "0.1", step: "any", placeholder: "once", size: 8 });
    this.outcome = make("p", { class: "outcome", role: "status" });
    this.tasks = make("ul", { class: "items" });
    this.id = make("input", { class: "mono", value: "123", size: 10, spellcheck: false });
    this.data = make("input", { class: "mono", placeholder: "11 22 33", size: 40, spellcheck: false });
    this.length = make("input", { type: "number", min: "0", max: "8", value: "0" });
    this.extended = checkbox("Extended");
    this.fd = checkbox("FD");
    this.brs = checkbox("Bitrate switch");
    this.remote = checkbox("Remote");
    this.message = make("select", { onchange: () => this.#choose() });
    this.signals = make("div", { class: "signals" });
    this.kind = make("div", { class: "group", role: "radiogroup", "aria-label": "How the frame is given" });
    this.byHand = make(
      "div",
      { class: "form" },
      field("Identifier (hex)", this.id),
      field("Data (hex)", this.data, "wide"),
      field("Length asked for", this.length, "remote-only"),
      make(
        "div",
        { class: "checks" },
        this.extended.element,
        this.fd.element,
        this.brs.element,
        this.remote.element,
      ),
    );
    this.byDatabase = make(
      "div",
      { class: "form", hidden: true },
      field("Message", this.message, "wide"),
      this.signals,
    );
    this.remote.box.onchange = () => this.byHand.classList.toggle("is-remote", this.remote.box.checked);
    fill(this.kind, this.#kind("By hand", false), this.#kind("By database", true));
    fill(
      byId("view-send"),
      make(
        "form",
        {
          class: "block send",
          onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            void this.#send();
          },
        },
        make("header", {}, make("h2", {}, "Send a frame"), this.kind),
        make("div", { class: "form" }, field("Bus", this.bus), field("Every (ms)", this.period)),
        this.byHand,
        this.byDatabase,
        make("div", { class: "form" }, make("button", { class: "primary", type: "submit" }, "Send"), this.outcome),
      ),
      make(
        "section",
        { class: "block", "aria-label": "Periodic frames" },
        make("h2", {}, "Periodic frames"),
        this.tasks,
      ),
    );
  }

  /** @param {string} text @param {boolean} byDatabase */
  #kind(text, byDatabase) {
    const radio = make("input", {
      type: "radio",
      name: "kind",
      checked: !byDatabase,
      onchange: () => {
        this.byDatabase.hidden = !byDatabase;
        this.byHand.hidden = byDatabase;
      },
    });
    return make("label", { class: "check" }, radio, text);
  }

  /** @param {State} state */
  show(state) {
    const live = state.sources.find(({ kind }) => kind === "live")?.buses ?? [];
    const before = this.bus.value;
    fill(this.bus, ...live.map((bus) => make("option", { value: bus, selected: bus === before }, bus)));
    void this.#load();
    fill(
      this.tasks,
      ...state.tasks.map(({ task, bus, text, period, error }) =>
        make(
          "li",
          { class: "item" },
          make(
            "div",
            { class: "item-head" },
            make("strong", { class: "mono" }, text),
            make("span", { class: "dim" }, `${bus}, every ${quantity(period * 1000)} ms`),
            make("button", {
              type: "button",
              title: "Replace its data by that above",
              onclick: () => void this.#send(task),
            }, "Replace"),
            iconButton("cross", `Stop ${text}`, () => void this.#stop(task)),
          ),
          error !== null && make("p", { class: "problem-text" }, error),
        )
      ),
    );
    if (state.tasks.length === 0) fill(this.tasks, make("li", { class: "dim" }, "None."));
  }

  async #load() {
    if (this.bus.value === "") return;
    this.messages = await ask("GET", "api/messages", { bus: this.bus.value });
    const before = this.message.value;
    fill(
      this.message,
      ...this.messages.map(({ name, id, extended }) =>
        make("option", { value: name, selected: name === before }, `${name} (${identifier(id, extended)})`)
      ),
    );
    if (this.message.value !== before || this.values.size === 0) this.#choose();
  }

  #choose() {
    const message = this.messages.find(({ name }) => name === this.message.value);
    this.values.clear();
    fill(
      this.signals,
      ...(message?.signals ?? []).map((signal) => {
        const control = signalControl(signal);
        this.values.set(signal.name, control);
        return field(signal.unit === "" ? signal.name : `${signal.name} (${signal.unit})`, control);
      }),
    );
    if (message === undefined) {
      fill(this.signals, make("p", { class: "dim" }, "No database of this bus has a message."));
    }
  }

  /** @param {string} [task] One whose data is to be replaced. */
  async #send(task) {
    const period = this.period.value === "" ? undefined : Number(this.period.value) / 1000;
    try {
      /** @type {SendRequest} */
      const request = { bus: this.bus.value, ...this.#frame(), ...task === undefined ? { period } : { task } };
      /** @type {Sent} */
      const { data, task: started } = await ask("POST", "api/send", {}, request);
      const bytes = data.match(/../g)?.join(" ") ?? "no data";
      write(this.outcome, started === null ? `Sent: ${bytes}` : `Sent periodically: ${bytes}`);
      this.outcome.classList.remove("bad");
    } catch (error) {
      write(this.outcome, String(error instanceof Error ? error.message : error));
      this.outcome.classList.add("bad");
    }
  }

  /** @returns {Pick<SendRequest, "frame" | "message">} */
  #frame() {
    if (this.byHand.hidden) {
      const signals = Object.fromEntries(
        [...this.values].flatMap(([name, { value }]) =>
          value === "" ? [] : [[name, value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value]]
        ),
      );
      return { message: { name: this.message.value, signals } };
    }
    const id = this.id.value.trim().replace(/^0x/i, "");
    if (!/^[0-9a-f]{1,8}$/i.test(id)) throw new RangeError(`The identifier "${this.id.value}" is not hexadecimal`);
    const remote = this.remote.box.checked;
    return {
      frame: {
        id: parseInt(id, 16),
        extended: this.extended.box.checked,
        fd: this.fd.box.checked,
        brs: this.brs.box.checked,
        ...remote ? { remote, length: Number(this.length.value) } : { data: this.data.value.replace(/[\s.:_-]/g, "") },
      },
    };
  }

  /** @param {string} task */
  async #stop(task) {
    try {
      await ask("DELETE", "api/send", { task });
    } catch (error) {
      write(this.outcome, String(error instanceof Error ? error.message : error));
    }
  }
}

/** @param {SignalDefinition} signal */
function signalControl({ labels, minimum, maximum, comment }) {
  const title = [comment, minimum !== null && maximum !== null && `${quantity(minimum)} to ${quantity(maximum)}`]
    .filter((part) => part).join(" · ");
  if (labels.length === 0) return make("input", { inputMode: "decimal", placeholder: "0", title });
  return make(
    "select",
    { title },
    make("option", { value: "" }, "–"),
    ...labels.map(([, label]) => make("option", { value: label }, label)),
  );
}
