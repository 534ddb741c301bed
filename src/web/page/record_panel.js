/**
 * Recording the live buses to a log; only if the server lets its clients.
 *
 * @module
 */

/** @import { RecordRequest, RecordState } from "../protocol.ts" */

import { fill, icon, iconButton, make, write } from "./dom.js";
import { count, duration, size } from "./format.js";
import { ask } from "./server.js";

export class RecordPanel {
  /** @param {(text: string, bad?: boolean) => void} say */
  constructor(say) {
    this.say = say;
    this.text = make("span", { class: "dim record-text" });
    this.button = make("button", { type: "button", class: "record" });
    this.mark = iconButton("mark", "Write a mark into the recording", () => this.#mark());
    this.element = make("span", { class: "group" }, this.text, this.mark, this.button);
    this.name = make("input", {
      placeholder: "drive.blf (its ending is the format)",
      "aria-label": "Name of the file",
    });
    this.dialog = make(
      "dialog",
      { "aria-label": "Record" },
      make("h2", {}, "Record the live buses"),
      make("p", { class: "dim" }, "Without a name it is called by the date and time."),
      this.name,
      make(
        "div",
        { class: "buttons" },
        make("button", { type: "button", onclick: () => this.dialog.close() }, "Cancel"),
        make("button", { type: "button", class: "primary", onclick: () => void this.#start() }, "Record"),
      ),
    );
    this.name.onkeydown = (event) => event.key === "Enter" && void this.#start();
    document.body.append(this.dialog);
    /** @type {string | null} */
    this.error = null;
  }

  /** @param {RecordState} record */
  show({ file, frames, bytes, dropped, since, error }) {
    const isOn = file !== null;
    this.mark.hidden = !isOn;
    if (this.button.ariaPressed !== String(isOn)) {
      this.button.ariaPressed = String(isOn);
      fill(this.button, icon("record"), make("span", {}, isOn ? "Stop" : "Record"));
      this.button.ariaLabel = isOn ? "Stop recording" : "Record";
      this.button.onclick = () => isOn ? void this.#ask({ action: "stop" }) : this.dialog.showModal();
    }
    const lost = dropped > 0 ? `, ${count(dropped)} missing` : "";
    const length = duration(Math.max(0, Date.now() / 1000 - since));
    write(this.text, isOn ? `${length} · ${count(frames)} · ${size(bytes)}${lost}` : "");
    this.text.title = file ?? "";
    if (error !== null && error !== this.error) this.say(`The recording has ended: ${error}`, true);
    this.error = error;
  }

  async #start() {
    const name = this.name.value.trim();
    this.dialog.close();
    await this.#ask({ action: "start", ...name !== "" && { name } });
  }

  #mark() {
    const text = make("input", { placeholder: "What happened", "aria-label": "Text of the mark" });
    const dialog = make("dialog", { "aria-label": "Mark" }, make("h2", {}, "A mark in the recording"), text);
    const done = async () => {
      dialog.close();
      await this.#ask({ action: "mark", text: text.value.trim() || "mark" });
    };
    dialog.append(make(
      "div",
      { class: "buttons" },
      make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      make("button", { type: "button", class: "primary", onclick: done }, "Write"),
    ));
    text.onkeydown = (event) => event.key === "Enter" && void done();
    dialog.onclose = () => dialog.remove();
    document.body.append(dialog);
    dialog.showModal();
  }

  /** @param {RecordRequest} request */
  async #ask(request) {
    try {
      await ask("POST", "api/record", {}, request);
    } catch (error) {
      this.say(String(error instanceof Error ? error.message : error), true);
    }
  }
}
